// PNG codec by libpng. Private to the image and data libraries.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "engine/image/decode.h"
#include "engine/image/encode.h"

namespace sumi::io {

// Decodes the samples; EXIF data are not read. Throws Error "[image PATH] ...".
Decoded decode_png(const std::filesystem::path& path, const DecodeOptions& options);

// Returns the bytes of the file: 1 to 4 channels of 8 or 16 bits. Returns nothing if libpng fails.
std::optional<std::string> encode_png(const Samples& samples);

}  // namespace sumi::io
