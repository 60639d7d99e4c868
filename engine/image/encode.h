// Encoding of raw samples to image files. Private to the image and data libraries.
#pragma once

#include <filesystem>
#include <string>

#include "engine/image/metadata.h"

namespace sumi::io {

// Samples [height, width, channels] of 8 or 16 bits (depth). With 2 or 4 channels the last is
// straight alpha.
struct Samples {
  int width = 0, height = 0, channels = 3, depth = 8;
  const void* data = nullptr;
  Metadata metadata = {};  // written if the format supports it
};

// The bytes of a file with the name `path`, whose extension selects the format. Throws the errors
// of save_image, except those of writing.
std::string encoded_image(const std::filesystem::path& path, const Samples& samples, int quality);
// Writes them atomically.
void encode_image(const std::filesystem::path& path, const Samples& samples, int quality);

}  // namespace sumi::io
