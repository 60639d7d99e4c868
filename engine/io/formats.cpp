// What file formats and orientations are like, without reading or writing any.
#include <algorithm>
#include <array>
#include <cctype>

#include "engine/io/decode.h"
#include "engine/io/encode.h"
#include "engine/io/image.h"

namespace sumi::io {
namespace fs = std::filesystem;

std::string extension_of(const fs::path& path) {
  std::string text = path.extension().string();
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool holds_alpha(const std::string& extension) {
  return extension == ".png" || extension == ".webp" || holds_16_bits(extension);
}

bool holds_16_bits(const std::string& extension) {
  return extension == ".png" || extension == ".tif" || extension == ".tiff";
}

std::pair<int, int> stored_position(int orientation, int x, int y, int w, int h) {
  switch (orientation) {
    case 2:
      return {w - 1 - x, y};
    case 3:
      return {w - 1 - x, h - 1 - y};
    case 4:
      return {x, h - 1 - y};
    case 5:
      return {y, x};
    case 6:
      return {y, h - 1 - x};
    case 7:
      return {w - 1 - y, h - 1 - x};
    case 8:
      return {w - 1 - y, x};
    default:
      return {x, y};
  }
}

}  // namespace sumi::io

namespace sumi {

bool has_writable_extension(const std::filesystem::path& path) {
  static constexpr std::array<const char*, 9> known{".png",  ".jpg", ".jpeg", ".webp", ".tif",
                                                    ".tiff", ".bmp", ".tga",  ".ppm"};
  return std::find(known.begin(), known.end(), io::extension_of(path)) != known.end();
}

}  // namespace sumi
