// JPEG decoder by libjpeg, which reports where a truncated file ends and keeps CMYK. OpenImageIO
// 2.4 also trusts lengths in Photoshop segments and reads beyond them. Private to the image and
// data libraries.
#pragma once

#include <filesystem>

#include "engine/image/decode.h"

namespace sumi::io {

// Gray, RGB or CMYK of 8 bits. A file that lacks only its end marker is read, with a remark. Throws
// Error "[image PATH] ..."; for a truncated file it names the missing part.
Decoded decode_jpeg(const std::filesystem::path& path, const DecodeOptions& options);

}  // namespace sumi::io
