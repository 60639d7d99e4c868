#include "engine/graph/ncnn_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "engine/error.h"
#include "engine/serialize/element.h"

namespace sumi::graph {
namespace {

constexpr std::size_t kMostLayers = 1 << 16, kMostBlobs = 1 << 10, kMostNumbers = 1 << 16;
constexpr std::uint32_t kHalves = 0x01306B47, kBytes = 0x000D4B38, kPlain = 0x0002C056;

std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < line.size();) {
    at = line.find_first_not_of(" \t\r", at);
    if (at == std::string_view::npos) break;
    const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
    words.emplace_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

// The whole text as a number; false if it is none.
bool parse_number(const std::string& text, double& value) {
  char* end = nullptr;
  value = std::strtod(text.c_str(), &end);
  return !text.empty() && end == text.c_str() + text.size() && std::isfinite(value);
}

class LineReader {
 public:
  LineReader(std::string_view line, std::size_t number, const std::string& shown)
      : words_(words_of(line)), number_(number), shown_(shown) {}

  bool empty() const { return words_.empty(); }
  NcnnLayer layer();

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    fail(shown_, fmt::format("line {} {}", number_, what));
  }
  std::string word() {
    if (at_ >= words_.size()) refuse("ends before its layer does");
    return words_[at_++];
  }
  std::size_t count() {
    double value = 0;
    if (!parse_number(word(), value) || value < 0 || value > double(kMostBlobs) || value != std::floor(value))
      refuse("has a number of blobs that is out of range");
    return static_cast<std::size_t>(value);
  }
  void parameter(const std::string& text, NcnnLayer& layer) const;

  std::vector<std::string> words_;
  std::size_t number_, at_ = 0;
  const std::string& shown_;
};

void LineReader::parameter(const std::string& text, NcnnLayer& layer) const {
  const std::size_t equals = text.find('=');
  double key = 0;
  if (equals == std::string::npos || !parse_number(text.substr(0, equals), key) || key != std::floor(key) ||
      key > 1000 || key < -24000)
    refuse("has a parameter that is not ID=VALUE: " + text.substr(0, 40));
  const bool array = key <= -23300;
  std::vector<double> values;
  for (std::size_t at = equals + 1; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    double value = 0;
    if (!parse_number(text.substr(at, end - at), value) || values.size() >= kMostNumbers)
      refuse("has a parameter whose value is no number: " + text.substr(0, 40));
    values.push_back(value);
    at = end + 1;
  }
  if (array) {
    if (values.empty() || values[0] != double(values.size() - 1))
      refuse("has an array of another length than it says: " + text.substr(0, 40));
    values.erase(values.begin());
  } else if (values.size() != 1) {
    refuse("has several values for one parameter: " + text.substr(0, 40));
  }
  const int id = static_cast<int>(array ? -key - 23300 : key);
  if (!layer.parameters.emplace(id, std::move(values)).second)
    refuse("has a parameter twice: " + text.substr(0, 40));
}

NcnnLayer LineReader::layer() {
  NcnnLayer layer;
  layer.shown = shown_;
  layer.type = word();
  layer.name = word();
  const std::size_t inputs = count(), outputs = count();
  for (std::size_t i = 0; i < inputs; ++i) layer.inputs.push_back(word());
  for (std::size_t i = 0; i < outputs; ++i) layer.outputs.push_back(word());
  while (at_ < words_.size()) parameter(word(), layer);
  return layer;
}

}  // namespace

void NcnnLayer::refuse(const std::string& what) const {
  fail(shown, fmt::format("layer '{}': {} {}", name, type, what));
}

double NcnnLayer::number(int id, double fallback) const {
  const auto found = parameters.find(id);
  if (found == parameters.end()) return fallback;
  if (found->second.size() != 1) refuse(fmt::format("has an array as parameter {}", id));
  return found->second[0];
}

std::int64_t NcnnLayer::integer(int id, std::int64_t fallback) const {
  const double value = number(id, double(fallback));
  if (!(std::abs(value) <= 2147483648.0) || value != std::floor(value))
    refuse(fmt::format("has a parameter {} that is no integer", id));
  return static_cast<std::int64_t>(value);
}

std::vector<std::int64_t> NcnnLayer::integers(int id) const {
  std::vector<std::int64_t> result;
  const auto found = parameters.find(id);
  if (found == parameters.end()) return result;
  for (const double value : found->second) {
    if (!(std::abs(value) <= 2147483648.0) || value != std::floor(value))
      refuse(fmt::format("has a parameter {} that holds no integers", id));
    result.push_back(static_cast<std::int64_t>(value));
  }
  return result;
}

std::vector<NcnnLayer> ncnn_layers(std::string_view param, const std::string& shown) {
  (void)next_line(param);  // the magic number
  const std::vector<std::string> counts = words_of(next_line(param));
  double declared = 0;
  if (counts.size() != 2 || !parse_number(counts[0], declared))
    fail(shown, "line 2 does not count layers and blobs; the file is damaged");
  std::vector<NcnnLayer> layers;
  for (std::size_t number = 3; !param.empty(); ++number) {
    LineReader reader(next_line(param), number, shown);
    if (reader.empty()) continue;
    if (layers.size() >= kMostLayers) fail(shown, "it has too many layers");
    layers.push_back(reader.layer());
  }
  if (double(layers.size()) != declared)
    fail(shown, fmt::format("it has {} layers instead of {}; copy it again", layers.size(), counts[0]));
  return layers;
}

std::string_view NcnnWeights::take(const NcnnLayer& layer, std::int64_t count, std::size_t width,
                                   std::size_t align) {
  if (count < 0 || count > (std::int64_t{1} << 31))
    layer.refuse("has a number of weights that is out of range");
  const std::size_t bytes = static_cast<std::size_t>(count) * width,
                    padded = (bytes + align - 1) / align * align;
  if (padded > bytes_.size())
    layer.refuse(
        fmt::format("needs {} bytes of weights, but the .bin file has {} left; it is damaged or of "
                    "another network",
                    padded, bytes_.size()));
  const std::string_view part = bytes_.substr(0, bytes);
  bytes_.remove_prefix(padded);
  return part;
}

std::vector<float> NcnnWeights::plain(const NcnnLayer& layer, std::int64_t count) {
  const std::string_view bytes = take(layer, count, sizeof(float));
  std::vector<float> values(static_cast<std::size_t>(count));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

std::vector<float> NcnnWeights::tagged(const NcnnLayer& layer, std::int64_t count) {
  std::uint32_t tag = 0;
  std::memcpy(&tag, take(layer, 1, sizeof tag).data(), sizeof tag);
  if (tag == 0 || tag == kPlain) return plain(layer, count);
  if (tag == kBytes) layer.refuse("has int8 weights; export the network in f32 or f16");
  if (tag != kHalves)
    layer.refuse(
        fmt::format("has weights of an unknown kind (tag 0x{:08X}), f32 and f16 are supported", tag));
  const std::string_view bytes = take(layer, count, sizeof(Half), 4);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] =
        static_cast<float>(double(load_element<Half>(reinterpret_cast<const std::byte*>(bytes.data()), i)));
  return values;
}

}  // namespace sumi::graph
