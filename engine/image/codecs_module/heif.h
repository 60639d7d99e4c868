// HEIF pictures (HEIC, AVIF) by libheif. OpenImageIO 2.4 copies as many bytes as the file says it has and not as many as were
// decoded, and makes eight bits of ten. Private to the image and data libraries.
#pragma once

#include <filesystem>

#include "engine/image/decode.h"

namespace sumi::io {

// The file's primary picture, upright. Errors "[picture PATH] ...".
Decoded decode_heif(const std::filesystem::path& path, const DecodeOptions& options);

}  // namespace sumi::io
