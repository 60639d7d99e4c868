#include "tools/tensor_summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>

#include "tools/cli/cli.h"
#include "tools/cli/option_format.h"
#include "tools/cli/table.h"

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

bool is_statistic(const std::string& name) {
  return name.find(".running_") != std::string::npos || name.ends_with("num_batches_tracked");
}

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
    (is_statistic(name) ? group.buffers : group.parameters) += count_of(tensor);
    group.bytes += tensor.bytes;
  }
  // Networks first, then averages, then moments.
  const auto rank = [](const TensorGroup& g) { return std::count(g.name.begin(), g.name.end(), '.'); };
  std::stable_sort(groups.begin(), groups.end(),
                   [&](const TensorGroup& a, const TensorGroup& b) { return rank(a) < rank(b); });
  return groups;
}

void print_group(const TensorGroup& group) {
  const std::string title = group.name.empty() ? "tensors" : printable(group.name);
  const std::string size =
      fmt::format("{} values, {}", with_commas(group.parameters + group.buffers), bytes_text(group.bytes));
  if (group.name.find('.') != std::string::npos) {  // averages and moments repeat a network
    fmt::print("\n{}: {} tensors, {}\n", title, group.tensors.size(), size);
    return;
  }
  fmt::print("\n{}\n", group.name.empty() ? title : "network " + title);
  Table table({{"name", false, true}, {"shape"}, {"type"}, {"count", true}});
  for (const auto& [name, t] : group.tensors)
    table.add({printable(name), printable(fmt::format("{}", fmt::join(t->shape, "x"))), t->dtype,
               with_commas(count_of(*t))});
  table.rule();
  table.add({"parameters", "", "", with_commas(group.parameters)});
  if (group.buffers > 0) table.add({"running statistics", "", "", with_commas(group.buffers)});
  fmt::print("{}{:<10}{}\n", table.text(terminal_width(100), 2), "  on disk", bytes_text(group.bytes));
}

}  // namespace sumi::cli
