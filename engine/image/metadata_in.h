// Reads metadata of files without a decoder. Private to the image and data libraries.
#pragma once

#include <filesystem>
#include <string>

#include "engine/image/metadata.h"

namespace sumi::io {

struct ReadMetadata {
  Metadata kept;
  int orientation = 1;
};

// Reads JPEG, PNG, WebP, TIFF and BMP; returns nothing for other formats and damaged files.
ReadMetadata read_metadata(const std::string& format, const std::filesystem::path& path);
// Reads an EXIF block, with or without a leading "Exif\0\0".
ReadMetadata metadata_of_exif(std::string block);

}  // namespace sumi::io
