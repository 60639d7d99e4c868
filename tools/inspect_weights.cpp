#include "tools/inspect_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <deque>
#include <map>

#include "engine/error.h"
#include "engine/serialize/weight_file.h"
#include "models/inference/recognize_weights.h"
#include "models/inference/weight_parts.h"
#include "tools/cli/cli.h"
#include "tools/inspect_json.h"
#include "tools/tensor_summary.h"

namespace sumi::cli {
namespace {

// The tensors of the chosen part. `memory` holds what the group points to.
TensorGroup group_of_part(const WeightFile& file, std::deque<StoredTensor>& memory) {
  TensorGroup group{file.chosen(), {}, 0, 0, 0};
  for (const WeightFile::Entry& entry : file.entries()) {
    StoredTensor t{entry.dtype, entry.shape, nullptr, safetensors_dtype_size(entry.dtype)};
    for (const std::int64_t size : entry.shape) t.bytes *= static_cast<std::size_t>(size);
    group.tensors.emplace_back(entry.name, &memory.emplace_back(t));
    (is_statistic(entry.name) ? group.buffers : group.parameters) += count_of(t);
    group.bytes += t.bytes;
  }
  return group;
}

std::string recognized_as(WeightFile& file, const std::filesystem::path& path, const std::string& net_key) {
  try {
    return recognize_weights(file, path.string(), net_key).text;
  } catch (const Error&) {
    return "";
  }
}

}  // namespace

std::optional<ExportInfo> known_export(const std::filesystem::path& path) {
  try {
    return export_info(path);
  } catch (const Error&) {
    return std::nullopt;
  }
}

int inspect_weights(const std::filesystem::path& path, const std::string& net_key, bool as_json) {
  WeightFile file(path);
  std::deque<StoredTensor> memory;
  std::vector<TensorGroup> groups;
  if (!net_key.empty()) {
    choose_part(file, path.string(), net_key, [] { return true; });
    groups.push_back(group_of_part(file, memory));
  } else {
    for (const std::string& dictionary : file.dictionaries()) {
      file.choose(dictionary);
      groups.push_back(group_of_part(file, memory));
    }
  }
  if (as_json) {
    print_json(path, file.metadata(), groups, false);
    return 0;
  }
  fmt::print("{}\n{}, {}\n", path.string(), describe(file.format()),
             bytes_text(std::filesystem::file_size(path)));
  const std::optional<ExportInfo> ours = known_export(path);
  for (const auto& [key, value] : file.metadata())
    if (!ours || key != kExportKey) fmt::print("{}  {}\n", printable(key), printable(value));
  if (ours)
    fmt::print("by sumi export\nmodel     {}\nnetworks  {}\n", ours->options.model,
               fmt::join(ours->networks, ", "));
  const std::string known = ours ? "" : recognized_as(file, path, net_key);
  if (!known.empty()) fmt::print("recognized as {}\n", known);
  for (const TensorGroup& group : groups) print_group(group);
  return 0;
}

}  // namespace sumi::cli
