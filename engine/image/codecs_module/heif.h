// HEIF decoder (HEIC, AVIF) by libheif. OpenImageIO 2.4 copies the number of bytes that the file
// claims instead of the number decoded, and converts ten bits to eight. Private to the image and
// data libraries.
#pragma once

#include <filesystem>

#include "engine/image/decode.h"

namespace sumi::io {

// Decodes the file's primary image, upright. Throws Error "[image PATH] ...".
Decoded decode_heif(const std::filesystem::path& path, const DecodeOptions& options);

}  // namespace sumi::io
