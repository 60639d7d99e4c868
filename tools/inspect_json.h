// sumi inspect --json.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/serialize/safetensors.h"
#include "tools/tensor_summary.h"

namespace sumi::cli {

// The text as JSON, or as a string where it is none.
nlohmann::ordered_json parse_or_text(const std::string& text);

// Prints what the file holds; `ours`: it is a checkpoint of sumi.
void print_json(const SafetensorsFile& file, const std::vector<TensorGroup>& groups, bool ours);

}  // namespace sumi::cli
