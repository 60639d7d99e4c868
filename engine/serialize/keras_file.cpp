// Weights that Keras saves as HDF5 (model.save_weights("x.h5"), and model.save("x.h5")), under
// PyTorch's names and in its layouts: filters [h,w,in,out] become views [out,in,h,w].
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "engine/error.h"
#include "engine/serialize/hdf5_file.h"
#include "engine/serialize/safetensors.h"
#include "engine/serialize/stored_weights.h"

namespace sumi {
namespace {

constexpr int kDeepestPath = 16;
constexpr std::size_t kMostKerasLayers = 100'000, kLongestTensorName = 1000;

// "conv2d/kernel:0" to its parts, without the number of the variable.
std::vector<std::string> path_parts(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (end > at) parts.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  if (!parts.empty() && parts.back().find(':') != std::string::npos)
    parts.back().resize(parts.back().find(':'));
  return parts;
}

std::string torch_suffix(const std::string& name) {
  static const std::vector<std::pair<std::string, std::string>> names{
      {"kernel", "weight"}, {"depthwise_kernel", "weight"},  {"gamma", "weight"},
      {"beta", "bias"},     {"moving_mean", "running_mean"}, {"moving_variance", "running_var"}};
  for (const auto& [keras, torch] : names)
    if (name == keras) return torch;
  return name;
}

class KerasReader {
 public:
  KerasReader(std::string_view bytes, std::string where) : where_(std::move(where)), file_(bytes, where_) {}
  StoredWeights read();

 private:
  void read_layer(const std::string& layer, const Hdf5Object& group);
  void add(const std::string& layer, const std::string& path, const Hdf5Object& dataset);
  // The object at a path below a group; nothing if a part of it is absent.
  std::optional<Hdf5Object> find(const Hdf5Object& group, const std::string& path);
  // Attributes beyond 64 KiB are cut into NAME0, NAME1 ...
  static std::vector<std::string> list(const Hdf5Object& object, const std::string& name);

  std::string where_;
  Hdf5File file_;
  StoredWeights weights_;
  std::set<std::string> names_;
};

std::vector<std::string> KerasReader::list(const Hdf5Object& object, const std::string& name) {
  std::vector<std::string> all;
  if (const auto whole = object.attributes.find(name); whole != object.attributes.end()) all = whole->second;
  for (int i = 0;; ++i) {
    const auto part = object.attributes.find(name + std::to_string(i));
    if (part == object.attributes.end()) return all;
    all.insert(all.end(), part->second.begin(), part->second.end());
  }
}

std::optional<Hdf5Object> KerasReader::find(const Hdf5Object& group, const std::string& path) {
  std::optional<Hdf5Object> found;
  int depth = 0;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (end > at) {
      const std::uint64_t address = (found ? *found : group).member(path.substr(at, end - at));
      if (address == 0 || ++depth > kDeepestPath) return std::nullopt;
      found = file_.object(address);
    }
    at = end + 1;
  }
  return found;
}

void KerasReader::add(const std::string& layer, const std::string& path, const Hdf5Object& dataset) {
  if (dataset.dtype.empty()) return;  // counters
  std::vector<std::string> parts = path_parts(path);
  if (parts.empty()) return;
  const std::string kind = parts.back();
  parts.pop_back();
  std::string name = layer;
  std::replace(name.begin(), name.end(), '/', '.');
  const std::size_t own = !parts.empty() && parts[0] == layer ? 1 : 0;
  for (std::size_t i = own; i < parts.size(); ++i) name += "." + parts[i];
  name += "." + torch_suffix(kind);
  if (name.size() > kLongestTensorName || !names_.insert(name).second)
    fail(where_, fmt::format("holds two tensors named {}, or a name that is too long; it is damaged",
                             name.substr(0, 100)));
  StoredWeights::Tensor t{
      "", name, dataset.dtype, dataset.shape, {}, reinterpret_cast<const std::byte*>(dataset.data.data())};
  const std::vector<std::int64_t>& s = dataset.shape;
  if (kind == "kernel" && s.size() == 4) {
    // [h,w,in,out], of a transposed convolution [h,w,out,in]: PyTorch's first axis is last in both.
    t.shape = {s[3], s[2], s[0], s[1]};
    t.strides = {1, s[3], s[1] * s[2] * s[3], s[2] * s[3]};
  } else if (kind == "depthwise_kernel" && s.size() == 4) {
    if (s[3] != 1) fail(where_, name + " has several filters for a channel, which sumi does not read");
    t.shape = {s[2], 1, s[0], s[1]};
    t.strides = {1, 1, s[1] * s[2], s[2]};
  } else if (kind == "kernel" && s.size() == 2) {
    t.shape = {s[1], s[0]};
    t.strides = {1, s[1]};
  }
  if (std::find(s.begin(), s.end(), 0) != s.end()) t.strides.clear();
  weights_.tensors.push_back(std::move(t));
}

void KerasReader::read_layer(const std::string& layer, const Hdf5Object& group) {
  const std::vector<std::string> names = list(group, "weight_names");
  for (const std::string& path : names) {
    const std::optional<Hdf5Object> dataset = find(group, path);
    if (!dataset)
      fail(where_, fmt::format("lacks the weights {} of {}; copy it again", path.substr(0, 100), layer));
    add(layer, path, *dataset);
  }
}

StoredWeights KerasReader::read() {
  Hdf5Object root = file_.object(file_.root());
  for (const auto& [name, texts] : root.attributes)
    if (texts.size() == 1 && name.starts_with("sumi.")) weights_.metadata[name] = texts[0];
  std::vector<std::string> layers = list(root, "layer_names");
  if (layers.empty()) {
    if (const std::uint64_t inner = root.member("model_weights"); inner != 0) {  // of a whole model
      root = file_.object(inner);
      layers = list(root, "layer_names");
    }
  }
  if (layers.empty())
    fail(where_,
         "is an HDF5 file without the layer_names of Keras; save the weights as \"x.h5\", not as "
         "\"x.weights.h5\"");
  if (layers.size() > kMostKerasLayers) fail(where_, "has too many layers");
  for (const std::string& layer : layers) {
    const std::optional<Hdf5Object> group = find(root, layer);
    if (!group) fail(where_, fmt::format("lacks the layer {}; copy it again", layer.substr(0, 100)));
    read_layer(layer, *group);
  }
  return std::move(weights_);
}

}  // namespace

StoredWeights read_keras(std::string_view bytes, const std::string& where) {
  return KerasReader(bytes, where).read();
}

}  // namespace sumi
