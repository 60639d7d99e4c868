// WebP by libwebp: OpenImageIO multiplies alpha into the colors, in linear light and 8 bits, so that dark ones are lost, and leaves
// out the color profile and EXIF data. Private to the image and data libraries.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/image/decode.h"

namespace sumi::io {

// RGB or straight RGBA; of an animation the first frame, transparent where it does not reach. Errors "[picture PATH] ...".
Decoded decode_webp(const std::filesystem::path& path, const DecodeOptions& options);
// The file with an EXIF chunk; as it is when that cannot be added.
std::string webp_with_exif(const std::string& file, const std::string& exif);
// The file of straight RGBA [height, width, 4]; "" when it cannot be made.
std::string write_webp(const std::uint8_t* rgba, int width, int height, int quality);

}  // namespace sumi::io
