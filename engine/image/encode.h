// Samples to files. Private to the image and data libraries.
#pragma once

#include <filesystem>
#include <string>

#include "engine/image/metadata.h"

namespace sumi::io {

// Samples [height, width, channels] of 8 or 16 bits (depth); with 2 or 4 channels the last is alpha, the
// colors not multiplied by it.
struct Samples {
  int width = 0, height = 0, channels = 3, depth = 8;
  const void* data = nullptr;
  Metadata metadata = {};  // written where the format holds it
};

// ".png" of a name, in small letters.
std::string extension_of(const std::filesystem::path& path);
// What files of an extension (".png") can hold. Those of the table can be written, others cannot.
struct WritableFormat {
  const char* extension;
  bool alpha, deep;  // deep: 16 bits
  int most_side;     // pixels; 0: any
};
// Null for others.
const WritableFormat* writable_format(const std::string& extension);

// Atomic; the format follows the extension. Errors as save_image's, which see.
void encode_picture(const std::filesystem::path& path, const Samples& samples, int quality);

}  // namespace sumi::io
