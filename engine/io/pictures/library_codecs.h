// What OpenImageIO, libtiff, libwebp and libheif read and write: the functions behind engine/io/codecs.h. Private to engine/io.
#pragma once

#include <filesystem>
#include <string>

#include "engine/io/decode.h"
#include "engine/io/encode.h"

namespace sumi::io {

// As Codecs::decode and Codecs::encode.
Decoded decode_by_library(const std::filesystem::path& path, const std::string& format,
                          const DecodeOptions& options);
std::string encode_by_library(const std::filesystem::path& path, const Samples& samples, int quality);

}  // namespace sumi::io
