// Metadata into encoded files. Private to the image and data libraries.
#pragma once

#include <string>

#include "engine/image/metadata.h"

namespace sumi::io {

// The bytes of a JPEG, PNG or BMP (by its extension) with the metadata that the format holds; those of others as they are.
std::string with_metadata(const std::string& extension, std::string bytes, const Metadata& metadata);

}  // namespace sumi::io
