// Codecs by OpenImageIO, libtiff, libwebp and libheif: the functions behind engine/image/codecs.h.
// Private to the image and data libraries.
#pragma once

#include <filesystem>
#include <string>

#include "engine/image/decode.h"
#include "engine/image/encode.h"

namespace sumi::io {

// See Codecs::decode and Codecs::encode.
Decoded decode_by_library(const std::filesystem::path& path, const std::string& format,
                          const DecodeOptions& options);
std::string encode_by_library(const std::filesystem::path& path, const Samples& samples, int quality);

}  // namespace sumi::io
