// WebP with alpha, which OpenImageIO multiplies into the colours, in linear light and 8 bits: dark ones are
// lost. And its colour profile and EXIF data, which OpenImageIO leaves out. Private to engine/io.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace sumi::io {

// Straight RGBA [height, width, 4] of a still picture of this size into `rgba`. False for what is not one.
bool read_webp(const std::filesystem::path& path, int width, int height, std::uint8_t* rgba);
// The content of a chunk of metadata ("ICCP", "EXIF"), or "".
std::string webp_chunk(const std::filesystem::path& path, const char* name);
// The file of straight RGBA [height, width, 4]; "" when it cannot be made.
std::string write_webp(const std::uint8_t* rgba, int width, int height, int quality);

}  // namespace sumi::io
