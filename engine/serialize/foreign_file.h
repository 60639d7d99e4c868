// Identifies weight files that are not safetensors files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace sumi {

// Describes a file by its bytes in one clause, "is a PyTorch file (a zip archive of pickles); in
// Python: ...", with the command that converts it to safetensors if there is one. "" for unknown
// formats. Reads at most the first and last 64 KiB.
std::string foreign_file_text(const std::filesystem::path& path, const std::byte* data, std::size_t size);

}  // namespace sumi
