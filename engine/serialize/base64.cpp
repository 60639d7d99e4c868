#include "engine/serialize/base64.h"

#include <cstddef>
#include <cstdint>

namespace sumi {

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = i; k < i + 3; ++k)
      group = group << 8 | (k < bytes.size() ? static_cast<unsigned char>(bytes[k]) : 0U);
    for (int shift = 18; shift >= 0; shift -= 6) text += kDigits[group >> shift & 63];
    if (i + 2 >= bytes.size()) text.back() = '=';
    if (i + 1 >= bytes.size()) text[text.size() - 2] = '=';
  }
  return text;
}

}  // namespace sumi
