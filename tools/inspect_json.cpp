#include "tools/inspect_json.h"

#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "engine/error.h"
#include "models/options/json_text.h"

namespace sumi::cli {

using Json = nlohmann::ordered_json;

Json parse_or_text(const std::string& text) {
  try {
    return parse_json(text, "", "");
  } catch (const Error&) {
    return text;
  }
}

void print_json(const std::filesystem::path& path, const std::map<std::string, std::string>& metadata,
                const std::vector<TensorGroup>& groups, bool ours) {
  const std::set<std::string> known{"sumi.format", "sumi.kind", "sumi.model", "sumi.options", "sumi.state"};
  Json json;
  json["file"] = path.string();
  json["bytes"] = std::filesystem::file_size(path);
  for (const auto& [key, value] : metadata) {
    if (ours && known.contains(key))  // only these names: others could collide with keys of this object
      json[key.substr(5)] = parse_or_text(value);
    else
      append_member(json["metadata"], key, value);
  }
  for (const TensorGroup& group : groups) {
    Json& entry = group.name.empty() ? json : append_member(json["groups"], group.name, Json::object());
    entry["parameters"] = group.parameters;
    entry["buffer_values"] = group.buffers;
    entry["tensor_bytes"] = group.bytes;
    for (const auto& [name, t] : group.tensors)
      entry["tensors"].push_back(
          {{"name", name}, {"shape", t->shape}, {"dtype", t->dtype}, {"count", count_of(*t)}});
  }
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));  // paths may not be UTF-8
}

}  // namespace sumi::cli
