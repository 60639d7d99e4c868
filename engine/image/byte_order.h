// Integers in files, in either byte order. Private to the image and data libraries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sumi::io {

// Reads `count` bytes (up to 4) at `at`; bytes beyond the end are 0.
inline std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t count, bool big_endian) {
  std::uint32_t v = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t k = at + (big_endian ? i : count - 1 - i);
    v = v << 8 | (k < bytes.size() ? static_cast<unsigned char>(bytes[k]) : 0U);
  }
  return v;
}

inline std::string number_bytes(std::uint32_t v, std::size_t count, bool big_endian) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i)
    bytes += static_cast<char>(v >> 8 * (big_endian ? count - 1 - i : i) & 255);
  return bytes;
}

}  // namespace sumi::io
