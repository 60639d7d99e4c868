#include "engine/image/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>

namespace sumi::io {

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
