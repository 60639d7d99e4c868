// Image-to-image translation of images of any size.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/image/photo.h"
#include "engine/runtime/memory_stats.h"
#include "models/inference/tiled_translation.h"
#include "models/model.h"

namespace sumi {

// The properties of a network that a Converter uses.
struct ImageNetwork {
  // [1,h,w,c] in [-1,1] to the same shape, with height and width times the enlargement. Records
  // nothing.
  std::function<Tensor(const Tensor&)> run;
  int multiple = 1;  // of height and width
  int smallest_side = 1;
  int channels = 3;         // 1 or 3
  int enlargement = 1;      // the result's height and width are this many times the input's
  Degradation degradation;  // the degradation that it reverses, which is applied to the input first
  int bits = 8;             // 16: its output has 16 bits, whatever the input had
  DType dtype = DType::f32;
  Device device;
};
// The network for a direction ("AtoB"; "" is the model's first). The model must outlive it. Throws
// Error for a model without image translation and for an unknown direction.
ImageNetwork image_network(Model& model, const std::string& direction, bool raw);

// Memory use is predicted before an image is converted:
//
//   bytes(w, h) = 8 MiB + base + (9/8 slope + 64) w' h'
//   w', h': size that the network takes, extended to its multiples; the 64 count for the larger of it
//   and the result
//
// base and slope are measured once, on two small images (sides near 128 and 256), as the peak use
// of the pool plus the kernels' scratch memory. Without gradients a network frees its activations
// as it goes, and under TrimOnAllocate the pool holds no more than is in use. For a convolutional
// network the peak is a constant (packed weights, averages) plus a number of bytes per pixel;
// padding has more weight in small images, so the slope errs upwards. 9/8: the pool rounds sizes up
// by as much. 64: input and output as 16-bit integers and as floats. 8 MiB: large images may use
// another convolution algorithm with bounded scratch memory. (A CycleGAN of 64 channels takes about
// 1.3 KB per pixel.)
class Converter {
 public:
  // max_memory: limit in bytes for one image; 0: the memory left on the network's device as
  // reported by `available` (if that returns 0, there is no limit).
  explicit Converter(ImageNetwork network, std::uint64_t max_memory = 0,
                     std::function<std::uint64_t()> available = {});

  // Converts an image; the result has the same size, depth and alpha, or is larger by the network's
  // enlargement. Sizes that the network does
  // not support are extended on the right and at the bottom by reflection (by the last pixel if the
  // image is too small), and the result is cut. Values are clamped. Throws Error "[convert] ..." if
  // the image would take too much memory, with the --max-size that fits, and if the network
  // produces NaN or infinity.
  //
  // Input for restoration tasks is prepared here: superres first enlarges the image by the factor,
  // colorize converts it to gray. For inpaint, holes are where `mask`, of the same size, is light
  // (half and above), or without a mask where the image is not opaque; other pixels are kept.
  // Throws Error if there is no hole, for a mask of another size, and for a mask that the task does
  // not use.
  Photo operator()(const Photo& photo, const Photo* mask = nullptr);

  std::uint64_t predicted_bytes(int width, int height);

  // From now on images run in tiles if they do not fit in memory, or if options.side is smaller
  // than they are. Without this call such images are refused.
  void set_tiles(TileOptions options) { tiles_ = std::move(options); }

 private:
  int scale() const {
    return network_.degradation.task == RestorationTask::superres ? network_.degradation.factor : 1;
  }
  int extended(int side) const;
  std::uint64_t peak_of(int side);
  // Bytes that may be taken; 0: unknown.
  std::uint64_t room() const;
  void check_memory(int width, int height, std::uint64_t need);
  bool takes_tiles(int width, int height, std::uint64_t need);
  void run_whole(const NetworkInput& input, Photo& result);
  // Returns false if no tiles fit in memory.
  bool run_in_tiles(NetworkInput input, Photo& result);

  ImageNetwork network_;
  std::uint64_t max_memory_;
  std::function<std::uint64_t()> available_;
  struct Fit {
    double base, slope;
  };
  std::optional<Fit> fit_;
  double pixels_per_second_ = 0;  // measured with fit_
  std::optional<TileOptions> tiles_;
  std::optional<Program> program_;  // recorded when first needed
  int last_width_ = 0, last_height_ = 0;
};

// Size of an image after limiting its long side to max_size (0: no limit).
std::pair<int, int> limited_size(int width, int height, int max_size);

}  // namespace sumi
