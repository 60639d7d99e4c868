// What file formats and orientations are like, without reading or writing any.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <new>

#include "engine/image/decode.h"
#include "engine/image/encode.h"
#include "engine/image/image.h"

namespace sumi::io {
namespace fs = std::filesystem;

std::string extension_of(const fs::path& path) {
  std::string text = path.extension().string();
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

const WritableFormat* writable_format(const std::string& extension) {
  static constexpr std::array<WritableFormat, 9> kFormats{{{".png", true, true, 0},
                                                           {".jpg", false, false, 65500},
                                                           {".jpeg", false, false, 65500},
                                                           {".webp", true, false, 16383},
                                                           {".tif", true, true, 0},
                                                           {".tiff", true, true, 0},
                                                           {".bmp", true, false, 0},
                                                           {".tga", true, false, 65535},
                                                           {".ppm", false, false, 0}}};
  for (const WritableFormat& format : kFormats)
    if (extension == format.extension) return &format;
  return nullptr;
}

Bytes zeroed(std::size_t bytes) {
  Bytes zeros(static_cast<std::uint8_t*>(std::calloc(std::max<std::size_t>(bytes, 1), 1)));
  if (!zeros) throw std::bad_alloc();
  return zeros;
}

void add_remark(std::string& remarks, const std::string& text) {
  if (!text.empty()) remarks += (remarks.empty() ? "" : "; ") + text;
}

std::string first_of(const std::string& part, std::int64_t count) {
  return fmt::format("holds {} {}s, of which the first was taken", count, part);
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
  return io::writable_format(io::extension_of(path)) != nullptr;
}

bool holds_alpha(const std::filesystem::path& path) {
  const io::WritableFormat* format = io::writable_format(io::extension_of(path));
  return format != nullptr && format->alpha;
}

}  // namespace sumi
