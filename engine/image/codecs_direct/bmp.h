// BMP codec. OpenImageIO 2.4 reads the unused byte of 32-bit pixels as alpha, all 16-bit pixels as
// 5-5-5, and ignores masks. Private to the image and data libraries.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/image/decode.h"

namespace sumi::io {

// Supports headers of OS/2 1 and 2 and Windows 3 to 5; 1, 2, 4, 8, 16, 24 and 32 bits, run-length
// encoding, and masks. Only a mask defines alpha, which is straight. Throws Error "[image PATH]
// ...".
Decoded decode_bmp(const std::filesystem::path& path, const DecodeOptions& options);

// Encodes straight RGBA [height, width, 4] as 32 bits with masks and a version 4 header.
std::string write_bmp(const std::uint8_t* rgba, int width, int height);

}  // namespace sumi::io
