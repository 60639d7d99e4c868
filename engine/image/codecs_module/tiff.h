// TIFF by libtiff. OpenImageIO 2.4 takes a picture without BitsPerSample for one of 8 bits and copies what lies behind its
// rows. Private to the image and data libraries.
#pragma once

#include <filesystem>

#include "engine/image/decode.h"

namespace sumi::io {

// The first page that is not a thumbnail. Errors "[picture PATH] ...", also for a camera's raw file, for samples that are
// signed or complex, and for floats of which most lie outside 0 to 1.
Decoded decode_tiff(const std::filesystem::path& path, const DecodeOptions& options);

}  // namespace sumi::io
