// JPEG by libjpeg: of a file that ends early it says where, and inks stay inks. OpenImageIO 2.4 also believes lengths in Photoshop's
// segments and reads beyond them. Private to the image and data libraries.
#pragma once

#include <filesystem>

#include "engine/image/decode.h"

namespace sumi::io {

// Gray, RGB or CMYK of 8 bits. A file that lacks no more than its end mark is read, with a remark. Errors "[picture PATH] ...",
// for a truncated file with the part that is missing.
Decoded decode_jpeg(const std::filesystem::path& path, const DecodeOptions& options);

}  // namespace sumi::io
