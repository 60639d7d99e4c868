// JPEG by libjpeg. Private to engine/io.
#pragma once

#include <optional>
#include <string>

#include "engine/io/decode.h"
#include "engine/io/encode.h"

namespace sumi::io {

// The samples of a JPEG of gray or of color, whose bytes are `file`. Nothing for one of inks, for one that libjpeg complains of, and
// where the orientation may stand elsewhere than in one block of EXIF data. Error "[where] ..." for too many pixels.
std::optional<Decoded> decode_jpeg(const std::string& where, const std::string& file,
                                   const DecodeOptions& options);

// The bytes of the file: 1 or 3 channels of 8 bits, quality 1 to 100 (clamped); from 90 on color has full resolution. Nothing for other
// samples, and when libjpeg cannot make it.
std::optional<std::string> encode_jpeg(const Samples& samples, int quality);

}  // namespace sumi::io
