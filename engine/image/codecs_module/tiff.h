// TIFF decoder by libtiff. OpenImageIO 2.4 assumes 8 bits if BitsPerSample is missing and copies
// memory beyond the rows. Private to the image and data libraries.
#pragma once

#include <filesystem>

#include "engine/image/decode.h"

namespace sumi::io {

// Decodes the first page that is not a thumbnail. Throws Error "[image PATH] ...", also for a
// camera's raw file, for signed or complex samples, and for floats mostly outside 0 to 1.
Decoded decode_tiff(const std::filesystem::path& path, const DecodeOptions& options);

}  // namespace sumi::io
