// A network from another program as a function of images.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/graph/fuse.h"
#include "engine/graph/lowering.h"

namespace sumi::graph {

enum class Layout : std::uint8_t { automatic, nchw, nhwc };

// Levels of black and white in the network's own numbers.
struct ValueRange {
  double black = -1, white = 1;
  bool operator==(const ValueRange&) const = default;
};

// What a network expects of an image. Members that are not set are told from the graph.
struct ImageFormat {
  Layout layout = Layout::automatic;
  std::optional<ValueRange> range;  // of the input, and of an output without a bounded last op
  std::optional<bool> bgr;          // channels in the order blue, green, red, at both ends
  std::optional<int> multiple;      // of height and width
  std::string output;               // the output's name; "": the first
};

// As ImageFormat, all of it known.
struct ImageTraits {
  std::string family;  // "AnimeGANv3", "": none that sumi knows
  std::string input;   // name
  bool nchw = true, bgr = false;
  ValueRange range, output_range;
  int multiple = 1, smallest_side = 1, channels = 3;
  int enlargement = 1;  // the output's height and width are this many times the input's
  // Pixels that the network loses at each side, as those without padding do: the image is extended
  // by as many copies of its border.
  int margin = 0;
};

// The family by names and ops; "" for others.
std::string family_of(const Graph& graph);

class Network {
 public:
  // `given`: values of inputs other than the image, by name. Tries sizes until the multiple is
  // known. Throws Error "[onnx] ..." for inputs without a value, for unsupported ops and for a
  // graph whose output is not an image.
  Network(std::shared_ptr<const Graph> graph, const ImageFormat& format,
          std::map<std::string, ConstantPtr> given, const Device& device, DType dtype);

  const ImageTraits& traits() const { return traits_; }
  const Graph& graph() const { return *graph_; }
  // Activations between the input and the output; the default is dtype.
  void set_activations(DType activations) { activations_ = activations; }
  // x [1,h,w,c] in [-1,1], RGB, to [1,h,w,c] times the enlargement. Keeps plans of the last sizes.
  Tensor operator()(const Tensor& x);
  // The plan for one size, for inspection.
  const Plan& plan(std::int64_t height, std::int64_t width);

 private:
  Lowered lowered(std::int64_t height, std::int64_t width);
  Dims input_dims(std::int64_t height, std::int64_t width) const;
  void choose_input(Layout wanted);
  void choose_ranges(const ImageFormat& format);
  void choose_sizes(const ImageFormat& format);
  bool keeps_size(std::int64_t height, std::int64_t width, std::string* why);
  bool has_size(std::int64_t height, std::int64_t width, std::string* why, Dims* made);
  bool find_margin(std::int64_t height, std::int64_t width, const Dims& made);
  Tensor colored(const Tensor& x, const ValueRange& range, bool inverse) const;

  std::shared_ptr<const Graph> graph_;
  std::map<std::string, ConstantPtr> given_;
  Device device_;
  DType dtype_;
  std::optional<DType> activations_;
  std::string output_;
  ImageTraits traits_;
  WeightCache weights_;
  std::map<std::string, Dims> declared_;  // of values at the size that the file fixes
  std::map<std::pair<std::int64_t, std::int64_t>, Plan> plans_;
};

}  // namespace sumi::graph
