// JPEG encoder by libjpeg. Private to the image and data libraries.
#pragma once

#include <optional>
#include <string>

#include "engine/image/encode.h"

namespace sumi::io {

// Returns the bytes of the file: 1 or 3 channels of 8 bits, quality 1 to 100 (clamped); from 90 on
// color has full resolution. Returns nothing for other samples, or if libjpeg fails.
std::optional<std::string> encode_jpeg(const Samples& samples, int quality);

}  // namespace sumi::io
