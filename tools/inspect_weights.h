// sumi inspect of files of other programs.
#pragma once

#include <filesystem>
#include <string>

namespace sumi::cli {

// Prints the tensors by dictionary, and what the file was recognized as. `net_key` limits both to
// one part. Returns the exit code.
int inspect_weights(const std::filesystem::path& path, const std::string& net_key, bool as_json);

}  // namespace sumi::cli
