// BMP. OpenImageIO 2.4 takes the unused byte of 32-bit pixels for alpha, every 16 bits for 5-5-5, and ignores masks. Private to
// engine/io.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/image/decode.h"

namespace sumi::io {

// Headers of OS/2 1 and 2, Windows 3 to 5; 1, 2, 4, 8, 16, 24 and 32 bits, runs, masks. Alpha is what a mask names, and straight.
// Errors "[picture PATH] ...".
Decoded decode_bmp(const std::filesystem::path& path, const DecodeOptions& options);

// The file of straight RGBA [height, width, 4]: 32 bits with masks and a header of version 4.
std::string write_bmp(const std::uint8_t* rgba, int width, int height);

}  // namespace sumi::io
