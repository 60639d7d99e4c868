#include "engine/image/image_size.h"

#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <string_view>

#include "engine/image/byte_order.h"
#include "engine/image/image_formats.h"
#include "engine/image/image_header.h"

namespace sumi {
namespace {

using Size = std::optional<std::pair<std::int64_t, std::int64_t>>;
constexpr std::size_t kStart = 1 << 20;

std::string first_bytes(const std::filesystem::path& path) {
  std::string text(kStart, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

// The first frame header, SOF0 to SOF15 without DHT (C4), JPG (C8) and DAC (CC).
Size jpeg_size(std::string_view s) {
  for (std::size_t at = 2; at + 9 < s.size();) {
    if (static_cast<unsigned char>(s[at]) != 0xff) return {};
    const auto marker = static_cast<unsigned char>(s[at + 1]);
    if (marker == 0xff) {  // padding
      ++at;
      continue;
    }
    if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc)
      return {{io::number_at(s, at + 7, 2, true), io::number_at(s, at + 5, 2, true)}};
    const bool bare = marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += 2 + (bare ? 0 : io::number_at(s, at + 2, 2, true));
  }
  return {};
}

// ImageWidth (256) and ImageLength (257) of the first directory.
Size tiff_size(std::string_view s) {
  const bool big = s[0] == 'M';
  if (io::number_at(s, 2, 2, big) != 42) return {};  // BigTIFF
  const std::size_t directory = io::number_at(s, 4, 4, big);
  if (directory + 2 > s.size()) return {};
  std::int64_t width = 0, height = 0;
  const std::uint32_t entries = io::number_at(s, directory, 2, big);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t at = directory + 2 + 12 * i;
    const std::uint32_t tag = io::number_at(s, at, 2, big), type = io::number_at(s, at + 2, 2, big);
    if (tag != 256 && tag != 257) continue;
    (tag == 256 ? width : height) = io::number_at(s, at + 8, type == 3 ? 2 : 4, big);
  }
  return {{width, height}};
}

// "P6 640 480 255", with comments.
Size portable_size(std::string_view s) {
  std::int64_t values[2] = {};
  std::size_t at = 2;
  for (std::int64_t& value : values) {
    while (at < s.size() && (std::isspace(static_cast<unsigned char>(s[at])) || s[at] == '#'))
      at = s[at] == '#' ? std::min(s.find('\n', at), s.size()) : at + 1;
    while (at < s.size() && std::isdigit(static_cast<unsigned char>(s[at])) && value < 1'000'000'000)
      value = 10 * value + (s[at++] - '0');
  }
  return {{values[0], values[1]}};
}

Size size_in(const std::filesystem::path& path) {
  const std::string s = first_bytes(path);
  if (s.size() < 18) return {};
  const ImageFormat* format = format_of_bytes(std::string_view(s).substr(0, 32));
  if (format == nullptr) format = format_of_extension(path);
  if (format == nullptr) return {};
  if (format->name == "png") return {{io::number_at(s, 16, 4, true), io::number_at(s, 20, 4, true)}};
  if (format->name == "jpeg") return jpeg_size(s);
  if (format->name == "bmp")
    return {{io::number_at(s, 18, 4, false),
             std::abs(static_cast<std::int64_t>(static_cast<std::int32_t>(io::number_at(s, 22, 4, false))))}};
  if (format->name == "tiff") return tiff_size(s);
  if (format->name == "targa") return {{io::number_at(s, 12, 2, false), io::number_at(s, 14, 2, false)}};
  if (format->name == "pnm") return portable_size(s);
  return io::claimed_size(std::string(format->name), path);
}

}  // namespace

std::optional<std::pair<std::int64_t, std::int64_t>> claimed_image_size(const std::filesystem::path& path) {
  try {
    const Size size = size_in(path);
    if (size && size->first > 0 && size->second > 0) return size;
  } catch (const std::exception&) {  // a prediction may be missing
  }
  return {};
}

}  // namespace sumi
