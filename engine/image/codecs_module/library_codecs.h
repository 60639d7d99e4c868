// What OpenImageIO, libtiff, libwebp and libheif read and write: the functions behind engine/image/codecs.h. Private to the image and data libraries.
#pragma once

#include <filesystem>
#include <string>

#include "engine/image/decode.h"
#include "engine/image/encode.h"

namespace sumi::io {

// As Codecs::decode and Codecs::encode.
Decoded decode_by_library(const std::filesystem::path& path, const std::string& format,
                          const DecodeOptions& options);
std::string encode_by_library(const std::filesystem::path& path, const Samples& samples, int quality);

}  // namespace sumi::io
