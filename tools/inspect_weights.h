// sumi inspect of files of other programs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "models/inference/exported.h"

namespace sumi::cli {

// export_info(), but empty for a description that this version cannot read, which is then printed
// as text.
std::optional<ExportInfo> known_export(const std::filesystem::path& path);

// Prints the tensors by dictionary, and what the file was recognized as. `net_key` limits both to
// one part. Returns the exit code.
int inspect_weights(const std::filesystem::path& path, const std::string& net_key, bool as_json);

}  // namespace sumi::cli
