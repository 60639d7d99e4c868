// Metadata out of files, without a decoder. Private to the image and data libraries.
#pragma once

#include <filesystem>
#include <string>

#include "engine/image/metadata.h"

namespace sumi::io {

struct ReadMetadata {
  Metadata kept;
  int orientation = 1;
};

// Of JPEG, PNG, WebP, TIFF and BMP; nothing of other formats or of what is damaged.
ReadMetadata read_metadata(const std::string& format, const std::filesystem::path& path);
// Of an EXIF block, with or without "Exif\0\0" before it.
ReadMetadata metadata_of_exif(std::string block);

}  // namespace sumi::io
