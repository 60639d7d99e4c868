#include "engine/io/direct/exif.h"

#include <cstddef>
#include <cstdint>

namespace sumi::io {
namespace {

constexpr std::size_t kEntryBytes = 12;
constexpr std::uint32_t kOrientationTag = 0x0112, kShort = 3;

// `count` bytes at `at`, which lie within `s`, as an unsigned number.
std::uint32_t number(std::string_view s, std::size_t at, std::size_t count, bool little) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i)
    value = value << 8 | static_cast<unsigned char>(s[little ? at + count - 1 - i : at + i]);
  return value;
}

}  // namespace

std::optional<int> exif_orientation(std::string_view tiff) {
  const bool little = tiff.starts_with("II");
  if (tiff.size() < 8 || (!little && !tiff.starts_with("MM")) || number(tiff, 2, 2, little) != 42) return {};
  const std::size_t directory = number(tiff, 4, 4, little);
  if (directory > tiff.size() || tiff.size() - directory < 2) return {};
  const std::size_t count = number(tiff, directory, 2, little), first = directory + 2;
  if ((tiff.size() - first) / kEntryBytes < count) return {};
  for (std::size_t at = first; at < first + count * kEntryBytes; at += kEntryBytes) {
    if (number(tiff, at, 2, little) != kOrientationTag) continue;
    const std::uint32_t value = number(tiff, at + 8, 2, little);
    if (number(tiff, at + 2, 2, little) != kShort || number(tiff, at + 4, 4, little) != 1 || value < 1 ||
        value > 8)
      return {};
    return static_cast<int>(value);
  }
  return 1;
}

}  // namespace sumi::io
