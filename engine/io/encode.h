// Samples to files. Private to engine/io.
#pragma once

#include <filesystem>
#include <string>

namespace sumi::io {

// Samples [height, width, channels] of 8 or 16 bits (depth); with 2 or 4 channels the last is alpha, the
// colours not multiplied by it.
struct Samples {
  int width = 0, height = 0, channels = 3, depth = 8;
  const void* data = nullptr;
};

// ".png" of a name, in small letters.
std::string extension_of(const std::filesystem::path& path);
// Whether files of this extension (".png") can hold alpha, 16 bits.
bool holds_alpha(const std::string& extension);
bool holds_16_bits(const std::string& extension);

// Atomic; the format follows the extension. Errors as save_image's, which see.
void encode_picture(const std::filesystem::path& path, const Samples& samples, int quality);

}  // namespace sumi::io
