// WebP codec by libwebp. OpenImageIO premultiplies alpha in linear light and 8 bits, which loses
// dark colors, and drops the color profile and EXIF data. Private to the image and data libraries.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/image/decode.h"

namespace sumi::io {

// RGB or straight RGBA; of an animation the first frame, transparent where it does not cover the
// canvas. Throws Error "[image PATH] ...".
Decoded decode_webp(const std::filesystem::path& path, const DecodeOptions& options);
// Returns the file with an EXIF chunk, or unchanged if it cannot be added.
std::string webp_with_exif(const std::string& file, const std::string& exif);
// Encodes straight RGBA [height, width, 4]; returns "" on failure.
std::string write_webp(const std::uint8_t* rgba, int width, int height, int quality);

}  // namespace sumi::io
