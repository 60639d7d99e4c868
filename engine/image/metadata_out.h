// Inserts metadata into encoded files. Private to the image and data libraries.
#pragma once

#include <string>

#include "engine/image/image_formats.h"
#include "engine/image/metadata.h"

namespace sumi::io {

// Returns `bytes`, a JPEG, PNG or BMP file, with the metadata that the format holds. Files of other
// formats are returned unchanged.
std::string with_metadata(const ImageFormat& format, std::string bytes, const Metadata& metadata);

}  // namespace sumi::io
