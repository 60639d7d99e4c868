// Pictures of any size through a network that translates pictures.
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

// What a Converter needs to know of a network.
struct ImageNetwork {
  std::function<Tensor(const Tensor&)> run;  // [1,h,w,c] in [-1,1] to the same shape, recording nothing
  int multiple = 1;                          // of height and width
  int smallest_side = 1;
  int channels = 3;         // 1 or 3
  Degradation degradation;  // what it undoes: says how a picture is prepared for it
  int bits = 8;             // 16: what it draws has them, whatever the picture had
  DType dtype = DType::f32;
  Device device;
};
// The network of a direction ("AtoB"; "" is the model's first). The model must outlive it. Error for a model
// that translates nothing and for a direction that it has not.
ImageNetwork image_network(Model& model, const std::string& direction, bool raw);

// The memory that a picture takes is predicted before it is run:
//
//   bytes(w, h) = 8 MiB + base + (9/8 slope + 64) w' h'    w', h': enlarged, and extended to the network's multiples
//
// base and slope are measured once, on two small pictures (sides near 128 and 256): the most that was in use
// of the pool, and the kernels' scratch. Without gradients a network frees what lies behind it, and under
// TrimOnAllocate the pool holds no more than is in use. For a convolutional network that is a constant (packed
// weights, averages) and a number of bytes per pixel; borders weigh more in small pictures, so the slope errs
// upwards. 9/8: the pool rounds sizes up by as much. 64: the picture itself, in and out, as 16-bit integers
// and as floats. 8 MiB: large pictures may be convolved in another way, which takes bounded scratch memory. (A CycleGAN of 64 channels takes about 1.3 KB a pixel.)
class Converter {
 public:
  // max_memory: bytes that one picture may take; 0: what the network's device has left, which `available` tells (0: it
  // does not tell, and nothing is refused).
  explicit Converter(ImageNetwork network, std::uint64_t max_memory = 0,
                     std::function<std::uint64_t()> available = {});

  // The picture of the same size, depth and alpha that the network draws. Sizes that the network cannot take
  // are extended on the right and at the bottom by reflection (where the picture is too small to be reflected,
  // by its last pixel), and the result is cut. Error "[convert] ..." when it would take too much memory,
  // with the --max-size that fits, and when the network draws NaN or infinity. Other values are clamped.
  //
  // What a network that undoes a damage needs is done here: for superres the picture is first enlarged by the factor, for
  // colorize it is made gray. For inpaint, holes are where `mask`, of the same size, is light (half and above), or
  // without one where the picture is not opaque; outside of them it stays as it was. Error where there is no hole, for a
  // mask of another size, and for a mask that the network does not want.
  Photo operator()(const Photo& photo, const Photo* mask = nullptr);

  std::uint64_t predicted_bytes(int width, int height);

  // From now on images run in tiles if they do not fit in memory, or if options.side is smaller than
  // they are. Without this call such images are refused.
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

// The size of a picture whose long side is at most max_size (0: any).
std::pair<int, int> limited_size(int width, int height, int max_size);

}  // namespace sumi
