// TIFF by libtiff: OpenImageIO writes the clock into each. Private to the image and data libraries.
#pragma once

#include <string>

#include "engine/image/encode.h"

namespace sumi::io {

// The file's bytes, the same for the same samples: deflate, alpha not multiplied. "" when libtiff cannot.
std::string write_tiff(const Samples& samples);

}  // namespace sumi::io
