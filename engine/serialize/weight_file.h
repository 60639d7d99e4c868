// What a file is that was given as weights and is no safetensors file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace sumi {

// One clause told from the bytes, "is a PyTorch file (a zip archive of pickles); in Python: ...", with the line that makes a
// safetensors file of it where there is one. "" for what is not known. Reads at most the first and last 64 KiB.
std::string foreign_file_text(const std::filesystem::path& path, const std::byte* data, std::size_t size);

}  // namespace sumi
