#include "models/options/image_size.h"

#include <charconv>

namespace sumi {
namespace {

constexpr int kLargestSide = 4096;

bool parse_side(const char* first, const char* last, int& side) {
  const auto [end, error] = std::from_chars(first, last, side);
  return error == std::errc{} && end == last && side >= 1 && side <= kLargestSide;
}

}  // namespace

std::string ImageSize::str() const {
  return is_square() ? std::to_string(width) : std::to_string(width) + "x" + std::to_string(height);
}

bool parse_image_size(const std::string& text, ImageSize& size) {
  const char *first = text.data(), *last = first + text.size();
  const auto cross = text.find('x');
  ImageSize parsed;
  if (cross == std::string::npos) {
    if (!parse_side(first, last, parsed.width)) return false;
    parsed.height = parsed.width;
  } else if (!parse_side(first, first + cross, parsed.width) ||
             !parse_side(first + cross + 1, last, parsed.height)) {
    return false;
  }
  size = parsed;
  return true;
}

}  // namespace sumi
