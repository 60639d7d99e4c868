// PNG by libpng. Private to engine/io.
#pragma once

#include <optional>
#include <string>

#include "engine/io/decode.h"
#include "engine/io/encode.h"

namespace sumi::io {

// The samples of a PNG, whose bytes are `file`. Nothing for one that is animated or whose orientation may stand in a text. Error
// "[where] ..." for too many pixels and for damaged data.
std::optional<Decoded> decode_png(const std::string& where, const std::string& file,
                                  const DecodeOptions& options);

// The bytes of the file: 1 to 4 channels of 8 or 16 bits. Nothing when libpng cannot make it.
std::optional<std::string> encode_png(const Samples& samples);

}  // namespace sumi::io
