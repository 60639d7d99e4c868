#include "tools/tensor_summary.h"

#include <algorithm>
#include <unordered_map>

namespace sumi::cli {
namespace {

std::string group_of(const std::string& name, bool ours) {
  if (!ours) return "";
  const std::size_t dots = name.rfind("optim.", 0) == 0 ? 3 : name.rfind("ema.", 0) == 0 ? 2 : 1;
  std::size_t at = 0;
  for (std::size_t i = 0; i < dots && at != std::string::npos; ++i) at = name.find('.', at + (i > 0 ? 1 : 0));
  return at == std::string::npos ? "" : name.substr(0, at);
}

}  // namespace

std::int64_t count_of(const StoredTensor& t) {
  return static_cast<std::int64_t>(t.bytes / safetensors_dtype_size(t.dtype));
}

std::vector<TensorGroup> group_tensors(const SafetensorsFile& file, bool ours) {
  std::vector<TensorGroup> groups;
  std::unordered_map<std::string, std::size_t> place;  // an untrusted file may name one group per tensor
  for (const auto& [name, tensor] : file.tensors()) {
    const std::string key = group_of(name, ours);
    const auto [found, fresh] = place.emplace(key, groups.size());
    if (fresh) groups.push_back({key, {}, 0, 0, 0});
    TensorGroup& group = groups[found->second];
    group.tensors.emplace_back(key.empty() ? name : name.substr(key.size() + 1), &tensor);
    const bool buffer = name.find(".running_") != std::string::npos || name.ends_with("num_batches_tracked");
    (buffer ? group.buffers : group.parameters) += count_of(tensor);
    group.bytes += tensor.bytes;
  }
  // Networks first, then averages, then moments.
  const auto rank = [](const TensorGroup& g) { return std::count(g.name.begin(), g.name.end(), '.'); };
  std::stable_sort(groups.begin(), groups.end(),
                   [&](const TensorGroup& a, const TensorGroup& b) { return rank(a) < rank(b); });
  return groups;
}

}  // namespace sumi::cli
