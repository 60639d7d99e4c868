// JPEG files by libjpeg. Private to the image and data libraries.
#pragma once

#include <optional>
#include <string>

#include "engine/image/encode.h"

namespace sumi::io {

// The bytes of the file: 1 or 3 channels of 8 bits, quality 1 to 100 (clamped); from 90 on color has full resolution. Nothing for other
// samples, and when libjpeg cannot make it.
std::optional<std::string> encode_jpeg(const Samples& samples, int quality);

}  // namespace sumi::io
