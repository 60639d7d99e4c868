// The tensors in the nested dictionaries of a pickle.
#include <fmt/format.h>

#include <set>
#include <utility>

#include "engine/error.h"
#include "engine/serialize/pickle.h"

namespace sumi {

const PickleValue* Pickle::find(const PickleValue& dictionary, std::string_view key) const {
  for (std::size_t i = 0; i + 1 < dictionary.items.size(); i += 2)
    if (const PickleValue& k = values_[dictionary.items[i]];
        k.kind == PickleValue::Kind::text && k.text == key)
      return &values_[dictionary.items[i + 1]];
  return nullptr;
}

namespace {

constexpr std::size_t kDeepest = 16, kMostVisits = 1'000'000, kMostNameBytes = 64 << 20, kLongestName = 1000;

std::string joined_path(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

// Walks nested dictionaries, lists and tuples. The same value may be reached many times through the
// memo, so visits and bytes of names are limited.
struct TensorWalk {
  const Pickle& pickle;
  const std::vector<PickledTensor>& described;
  const std::string& where;
  std::vector<PickledTensor> found = {};
  std::set<std::pair<std::string, std::string>> names = {};
  std::size_t visits = 0, name_bytes = 0;

  void visit(const PickleValue& value, const std::string& path, const std::string& key, std::size_t depth) {
    if (++visits > kMostVisits) fail(where, "its pickle refers to the same values too often; it is damaged");
    if (value.kind == PickleValue::Kind::tensor) return add(value, path, key);
    const bool dictionary = value.kind == PickleValue::Kind::dictionary;
    if (!dictionary && value.kind != PickleValue::Kind::list && value.kind != PickleValue::Kind::tuple)
      return;
    if (depth > kDeepest) fail(where, fmt::format("its dictionaries are nested deeper than {}", kDeepest));
    const std::string inside = joined_path(path, key);
    count_bytes(inside.size());
    const std::size_t step = dictionary ? 2 : 1;
    for (std::size_t i = 0; i + step <= value.items.size(); i += step)
      visit(pickle.value(value.items[i + step - 1]), inside,
            dictionary ? name_of_key(pickle.value(value.items[i])) : std::to_string(i), depth + 1);
  }
  void count_bytes(std::size_t count) {
    name_bytes += count;
    if (name_bytes > kMostNameBytes) fail(where, "the names of its tensors are too long; it is damaged");
  }
  std::string name_of_key(const PickleValue& key) const {
    if (key.kind == PickleValue::Kind::integer) return std::to_string(key.number);
    return key.kind == PickleValue::Kind::text ? std::string(key.text.substr(0, kLongestName)) : "?";
  }
  void add(const PickleValue& value, const std::string& path, const std::string& key) {
    PickledTensor t = described[static_cast<std::size_t>(value.number)];
    t.dictionary = path;
    t.name = key.empty() ? "tensor" : key;
    count_bytes(path.size() + key.size());
    if (!names.emplace(path, t.name).second)
      fail(where, fmt::format("holds two tensors named {}; it is damaged", joined_path(path, t.name)));
    found.push_back(std::move(t));
  }
};

}  // namespace

std::vector<PickledTensor> Pickle::tensors() const {
  TensorWalk walk{*this, tensors_, where_};
  walk.visit(root(), "", "", 0);
  return std::move(walk.found);
}

}  // namespace sumi
