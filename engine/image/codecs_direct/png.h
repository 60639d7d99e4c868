// PNG by libpng. Private to the image and data libraries.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "engine/image/decode.h"
#include "engine/image/encode.h"

namespace sumi::io {

// The file's samples; its EXIF data are not read. Errors "[picture PATH] ...".
Decoded decode_png(const std::filesystem::path& path, const DecodeOptions& options);

// The bytes of the file: 1 to 4 channels of 8 or 16 bits. Nothing when libpng cannot make it.
std::optional<std::string> encode_png(const Samples& samples);

}  // namespace sumi::io
