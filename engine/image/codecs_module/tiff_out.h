// TIFF encoder by libtiff: OpenImageIO writes the current time into each file. Private to the image
// and data libraries.
#pragma once

#include <string>

#include "engine/image/encode.h"

namespace sumi::io {

// Returns the file's bytes, equal for equal samples: deflate, unassociated alpha. "" if libtiff
// fails.
std::string write_tiff(const Samples& samples);

}  // namespace sumi::io
