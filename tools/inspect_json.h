// sumi inspect --json.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/serialize/safetensors.h"
#include "tools/tensor_summary.h"

namespace sumi::cli {

// The text as JSON, or as a string if it is not JSON.
nlohmann::ordered_json parse_or_text(const std::string& text);

// Prints the contents of the file; `ours`: it is a checkpoint of sumi.
void print_json(const std::filesystem::path& path, const std::map<std::string, std::string>& metadata,
                const std::vector<TensorGroup>& groups, bool ours);

}  // namespace sumi::cli
