#include "engine/serialize/keras_writer.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "engine/serialize/element.h"
#include "engine/serialize/file.h"
#include "kernels/base/check.h"

namespace sumi {
namespace {

using namespace std::string_literals;

constexpr std::uint64_t kDataAlignment = 64, kNoAddress = ~std::uint64_t{0};
constexpr std::size_t kInnerK = 16, kLongestMessage = 60'000;

void align(std::string& out, std::size_t multiple = 8) {
  out.resize((out.size() + multiple - 1) / multiple * multiple, '\0');
}
std::string aligned(std::string text) {
  align(text);
  return text;
}

// --- messages of object headers

std::string float_type(std::size_t size) {
  struct Ieee {
    int sign, exponent_at, exponent, mantissa, bias;
  };
  const Ieee f = size == 2   ? Ieee{15, 10, 5, 10, 15}
                 : size == 4 ? Ieee{31, 23, 8, 23, 127}
                             : Ieee{63, 52, 11, 52, 1023};
  std::string m = "\x11\x20"s;
  append_little(m, static_cast<std::uint64_t>(f.sign), 1);
  append_little(m, 0, 1);
  append_little(m, size, 4);
  append_little(m, 0, 2);
  append_little(m, 8 * size, 2);
  for (const int v : {f.exponent_at, f.exponent, 0, f.mantissa})
    append_little(m, static_cast<std::uint64_t>(v), 1);
  append_little(m, static_cast<std::uint64_t>(f.bias), 4);
  return aligned(m);
}

std::string text_type(std::size_t size) {
  std::string m = "\x13\x01\x00\x00"s;  // aligned with zeros, ASCII
  append_little(m, std::max<std::size_t>(size, 1), 4);
  return m;
}

std::string dataspace(const std::vector<std::int64_t>& shape) {
  std::string m = "\x01"s;
  append_little(m, shape.size(), 1);
  append_little(m, 0, 6);
  for (const std::int64_t size : shape) append_little(m, static_cast<std::uint64_t>(size), 8);
  return m;
}

struct HeaderMessage {
  int type;
  std::string bytes;
};

// Texts of equal length; a scalar for one without `list`.
HeaderMessage text_attribute(const std::string& name, const std::vector<std::string>& texts, bool list) {
  std::size_t longest = 1;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  const std::string type = text_type(longest),
                    space = dataspace(list ? std::vector{static_cast<std::int64_t>(texts.size())}
                                           : std::vector<std::int64_t>());
  std::string m = "\x01\x00"s;
  append_little(m, name.size() + 1, 2);
  append_little(m, type.size(), 2);
  append_little(m, space.size(), 2);
  m += aligned(name + '\0') + aligned(type) + aligned(space);
  for (std::string text : texts) {
    text.resize(longest, '\0');
    m += text;
  }
  if (m.size() > kLongestMessage) fail("export", "the attribute " + name + " is too long for an HDF5 file");
  return {0xC, m};
}

std::string object_header(const std::vector<HeaderMessage>& messages) {
  std::string body;
  for (const HeaderMessage& message : messages) {
    const std::string bytes = aligned(message.bytes);
    append_little(body, static_cast<std::uint64_t>(message.type), 2);
    append_little(body, bytes.size(), 2);
    append_little(body, 0, 4);  // flags
    body += bytes;
  }
  std::string header = "\x01\x00"s;
  append_little(header, messages.size(), 2);
  append_little(header, 1, 4);  // references
  append_little(header, body.size(), 4);
  append_little(header, 0, 4);
  return header + body;
}

// --- the file behind its superblock and data

struct Hdf5Group {
  std::uint64_t header, tree, heap;
};

class Hdf5Metadata {
 public:
  Hdf5Metadata(std::uint64_t begin, std::size_t leaf_k) : begin_(begin), leaf_k_(leaf_k) {}

  std::uint64_t add(const std::string& bytes) {
    align(bytes_);
    const std::uint64_t at = begin_ + bytes_.size();
    bytes_ += bytes;
    return at;
  }
  Hdf5Group add_group(std::vector<std::pair<std::string, std::uint64_t>> members,
                      std::vector<HeaderMessage> attributes);
  std::string& bytes() { return bytes_; }
  std::uint64_t end() const { return begin_ + bytes_.size(); }

 private:
  std::uint64_t begin_;
  std::size_t leaf_k_;
  std::string bytes_;
};

// A heap of names, one table of symbols, and a tree of one node above it.
Hdf5Group Hdf5Metadata::add_group(std::vector<std::pair<std::string, std::uint64_t>> members,
                                  std::vector<HeaderMessage> attributes) {
  std::sort(members.begin(), members.end());
  std::string names(8, '\0'), table = "SNOD\x01\x00"s;
  append_little(table, members.size(), 2);
  std::uint64_t last = 0;
  for (const auto& [name, address] : members) {
    last = names.size();
    append_little(table, last, 8);
    append_little(table, address, 8);
    append_little(table, 0, 8);
    append_little(table, 0, 8);
    append_little(table, 0, 8);
    names += aligned(name + '\0');
  }
  table.resize(8 + 2 * leaf_k_ * 40, '\0');
  Hdf5Group group{};
  const std::uint64_t segment = add(names);
  std::string heap = "HEAP\x00\x00\x00\x00"s;
  append_little(heap, names.size(), 8);
  append_little(heap, 1, 8);  // nothing is free
  append_little(heap, segment, 8);
  group.heap = add(heap);
  std::string tree = "TREE\x00\x00"s;
  append_little(tree, members.empty() ? 0 : 1, 2);
  append_little(tree, kNoAddress, 8);
  append_little(tree, kNoAddress, 8);
  append_little(tree, 0, 8);
  if (!members.empty()) {
    append_little(tree, add(table), 8);
    append_little(tree, last, 8);
  }
  tree.resize(24 + 2 * kInnerK * 8 + (2 * kInnerK + 1) * 8, '\0');
  group.tree = add(tree);
  std::string symbols;
  append_little(symbols, group.tree, 8);
  append_little(symbols, group.heap, 8);
  attributes.insert(attributes.begin(), HeaderMessage{0x11, symbols});
  group.header = add(object_header(attributes));
  return group;
}

// --- Keras

struct KerasVariable {
  std::string name;  // "kernel:0"
  const StateTensor* tensor;
  std::vector<std::int64_t> shape;
  bool reordered = false;
  std::uint64_t address = 0;
};

struct KerasLayer {
  std::string name;
  std::vector<KerasVariable> variables;
};

// Last part of a name, and what is before it.
std::pair<std::string, std::string> split_name(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? std::pair{std::string("network"), name}
                                  : std::pair{name.substr(0, dot), name.substr(dot + 1)};
}

KerasVariable variable_of(const std::string& kind, const StateTensor& t, bool filters) {
  static const std::map<std::string, std::string> statistics{{"running_mean", "moving_mean"},
                                                             {"running_var", "moving_variance"}};
  KerasVariable v{kind, &t, t.shape};
  const std::vector<std::int64_t>& s = t.shape;
  if (kind == "weight") v.name = s.size() > 1 ? "kernel" : "gamma";
  if (kind == "bias") v.name = filters ? "bias" : "beta";
  if (const auto known = statistics.find(kind); known != statistics.end()) v.name = known->second;
  v.reordered = v.name == "kernel" && (s.size() == 2 || s.size() == 4);
  if (v.reordered) v.shape = s.size() == 2 ? std::vector{s[1], s[0]} : std::vector{s[2], s[3], s[1], s[0]};
  v.name += ":0";
  return v;
}

std::vector<KerasLayer> layers_of(const StateDict& tensors) {
  std::vector<KerasLayer> layers;
  std::map<std::string, std::size_t> index;
  std::map<std::string, bool> filters;
  for (const StateTensor& t : tensors)
    if (const auto [layer, kind] = split_name(t.name); kind == "weight") filters[layer] = t.shape.size() > 1;
  for (const StateTensor& t : tensors) {
    const auto [layer, kind] = split_name(t.name);
    if (kind == "num_batches_tracked") continue;
    const auto [at, fresh] = index.emplace(layer, layers.size());
    if (fresh) layers.push_back({layer, {}});
    layers[at->second].variables.push_back(variable_of(kind, t, !filters.count(layer) || filters[layer]));
  }
  return layers;
}

std::size_t element_size(const StateTensor& t) {
  if (t.dtype == "F16") return 2;
  if (t.dtype == "F32") return 4;
  if (t.dtype == "F64") return 8;
  fail("export",
       t.name + " has the type " + t.dtype + ", which HDF5 files of sumi do not hold; use f32 or f16");
}

// [out,in,h,w] to [h,w,in,out], [out,in] to [in,out].
std::string keras_order(const KerasVariable& v) {
  const StateTensor& t = *v.tensor;
  const auto* from = reinterpret_cast<const char*>(t.bytes.data());
  if (!v.reordered) return {from, t.bytes.size()};
  const std::size_t size = element_size(t), first = static_cast<std::size_t>(t.shape[0]),
                    second = static_cast<std::size_t>(t.shape[1]),
                    taps = first * second == 0 ? 0 : t.bytes.size() / size / first / second;
  std::string to(t.bytes.size(), '\0');
  for (std::size_t a = 0; a < first; ++a)
    for (std::size_t b = 0; b < second; ++b)
      for (std::size_t k = 0; k < taps; ++k)
        std::memcpy(to.data() + ((k * second + b) * first + a) * size,
                    from + ((a * second + b) * taps + k) * size, size);
  return to;
}

std::uint64_t add_dataset(Hdf5Metadata& file, const KerasVariable& v) {
  std::string layout = "\x03\x01"s;
  append_little(layout, v.tensor->bytes.empty() ? kNoAddress : v.address, 8);
  append_little(layout, v.tensor->bytes.size(), 8);
  return file.add(object_header({{0x1, dataspace(v.shape)},
                                 {0x3, float_type(element_size(*v.tensor))},
                                 {0x5, "\x02\x02\x02\x00"s},  // no value for what is not written
                                 {0x8, layout}}));
}

Hdf5Group add_layers(Hdf5Metadata& file, const std::vector<KerasLayer>& layers,
                     const std::vector<std::pair<std::string, std::string>>& attributes) {
  std::vector<std::pair<std::string, std::uint64_t>> groups;
  std::vector<std::string> names;
  for (const KerasLayer& layer : layers) {
    std::vector<std::pair<std::string, std::uint64_t>> members;
    std::vector<std::string> variables;
    for (const KerasVariable& v : layer.variables) {
      members.emplace_back(v.name, add_dataset(file, v));
      variables.push_back(v.name);
    }
    groups.emplace_back(layer.name,
                        file.add_group(members, {text_attribute("weight_names", variables, true)}).header);
    names.push_back(layer.name);
  }
  // Without a version Keras takes the file for one of its first version.
  std::vector<HeaderMessage> about{text_attribute("layer_names", names, true),
                                   text_attribute("backend", {"tensorflow"}, false),
                                   text_attribute("keras_version", {"2.15.0"}, false)};
  for (const auto& [name, text] : attributes) about.push_back(text_attribute(name, {text}, false));
  return file.add_group(groups, about);
}

std::string superblock(const Hdf5Group& root, std::size_t leaf_k, std::uint64_t end) {
  std::string s = "\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0"s;
  append_little(s, leaf_k, 2);
  append_little(s, kInnerK, 2);
  append_little(s, 0, 4);
  append_little(s, 0, 8);  // base address
  append_little(s, kNoAddress, 8);
  append_little(s, end, 8);
  append_little(s, kNoAddress, 8);
  append_little(s, 0, 8);  // the root group's entry
  append_little(s, root.header, 8);
  append_little(s, 1, 4);
  append_little(s, 0, 4);
  append_little(s, root.tree, 8);
  append_little(s, root.heap, 8);
  return s;
}

}  // namespace

void write_keras_file(const std::filesystem::path& path, const StateDict& tensors,
                      const std::vector<std::pair<std::string, std::string>>& attributes) {
  std::vector<KerasLayer> layers = layers_of(tensors);
  std::size_t most = layers.size();
  std::uint64_t at = kDataAlignment * 2;  // behind the superblock
  for (KerasLayer& layer : layers) {
    most = std::max(most, layer.variables.size());
    for (KerasVariable& v : layer.variables) {
      (void)element_size(*v.tensor);
      v.address = at;
      at = (at + v.tensor->bytes.size() + kDataAlignment - 1) / kDataAlignment * kDataAlignment;
    }
  }
  const std::size_t leaf_k = std::max<std::size_t>(4, (most + 1) / 2);
  if (leaf_k > 0xFFFF) fail("write " + path.string(), "has too many layers for an HDF5 file");
  Hdf5Metadata metadata(at, leaf_k);
  const Hdf5Group root = add_layers(metadata, layers, attributes);
  write_file_atomically(path, [&](FileWriter& file) {
    const auto fill_to = [&](std::uint64_t offset) {
      file.write(std::string(static_cast<std::size_t>(offset - file.written()), '\0'));
    };
    file.write(superblock(root, leaf_k, metadata.end()));
    for (const KerasLayer& layer : layers)
      for (const KerasVariable& v : layer.variables) {
        fill_to(v.address);
        file.write(keras_order(v));
      }
    fill_to(at);
    file.write(metadata.bytes());
  });
}

}  // namespace sumi
