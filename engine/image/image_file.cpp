#include "engine/image/image_file.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "engine/image/byte_order.h"
#include "engine/image/image_formats.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace fs = std::filesystem;

namespace {

// Walks over the chunks up to IEND and verifies the checksums of the critical ones: libpng decodes
// files that pass silently. On others it prints to stderr itself, in the middle of a progress bar.
void check_png_is_whole(const fs::path& path, std::ifstream& file, std::uint64_t size) {
  const std::string where = "image " + path.string();
  const auto number = [](const unsigned char* b) {
    return (std::uint32_t{b[0]} << 24) | (std::uint32_t{b[1]} << 16) | (std::uint32_t{b[2]} << 8) | b[3];
  };
  std::uint64_t at = 8;
  std::vector<unsigned char> body;
  while (at + 12 <= size) {
    std::array<unsigned char, 8> head{};
    file.seekg(static_cast<std::streamoff>(at));
    if (!file.read(reinterpret_cast<char*>(head.data()), head.size())) break;
    const std::uint64_t length = number(head.data());
    const bool critical = (head[4] & 0x20) == 0;  // a capital letter
    at += 12 + length;
    if (at > size) break;
    if (std::memcmp(head.data() + 4, "IEND", 4) == 0) return;
    if (!std::all_of(head.begin() + 4, head.end(),
                     [](unsigned char c) { return std::isalpha(c) && c < 128; }))
      fail(where, "is damaged (no PNG chunk where one is due); copy or download it again");
    if (!critical) continue;
    body.resize(length + 4);
    if (!file.read(reinterpret_cast<char*>(body.data()), static_cast<std::streamsize>(body.size()))) break;
    auto crc = crc32(0, head.data() + 4, 4);
    crc = crc32(crc, body.data(), static_cast<uInt>(length));
    if (crc != number(body.data() + length))
      fail(where, "is damaged (a wrong checksum); copy or download it again");
  }
  fail(where, "is truncated (a PNG without its end); copy or download it again");
}

// Walks over the attributes of all headers (OpenEXR's file layout: name, type, size, bytes; an
// empty name ends a header, and in files of several parts an empty header is the last). OpenEXR
// allocates the memory that an attribute claims, up to 2 GiB, before it looks for the bytes.
void check_exr_headers(const fs::path& path, std::ifstream& file, std::uint64_t size) {
  const auto number = [&]() {
    std::array<unsigned char, 4> b{};
    file.read(reinterpret_cast<char*>(b.data()), b.size());
    return b[0] | (std::uint64_t{b[1]} << 8) | (std::uint64_t{b[2]} << 16) | (std::uint64_t{b[3]} << 24);
  };
  file.seekg(4);
  const bool parts = (number() & 0x1000) != 0;
  std::array<char, 257> name{};
  const auto word = [&]() { return static_cast<bool>(file.getline(name.data(), name.size(), '\0')); };
  bool empty_header = true;
  while (word()) {
    if (name[0] == 0) {
      if (!parts || empty_header) return;
      empty_header = true;
      continue;
    }
    empty_header = false;
    if (!word()) return;  // truncated type: OpenEXR reports the error
    const std::uint64_t bytes = number(), at = file ? static_cast<std::uint64_t>(file.tellg()) : size;
    if (bytes > size - std::min(at, size))
      fail("image " + path.string(), "is truncated or damaged (its header); copy or download it again");
    file.seekg(static_cast<std::streamoff>(bytes), std::ios::cur);
  }
}

// Verifies that there are bytes for every pixel (Truevision's specification 2.0: runs of up to 128
// pixels, or raw data). The decoder would fill in missing pixels without an error.
void check_tga_is_whole(const fs::path& path, std::ifstream& file, std::uint64_t size) {
  std::array<unsigned char, 18> h{};
  file.seekg(0);
  file.read(reinterpret_cast<char*>(h.data()), h.size());
  const auto word = [&](std::size_t at) { return std::uint64_t{h[at]} | (std::uint64_t{h[at + 1]} << 8); };
  if ((h[2] & 7) == 3 && h[16] != 8)
    fail("image " + path.string(), "is a TGA of gray with alpha, which sumi does not read; save it as PNG");
  const std::uint64_t pixel = (h[16] + 7U) / 8, pixels = word(12) * word(14);
  std::uint64_t at = 18 + h[0] + (h[1] != 0 ? word(5) * ((h[7] + 7U) / 8) : 0), found = 0;
  const bool runs = (h[2] & 8) != 0;
  if (!runs && pixel > 0 && at < size) found = (size - at) / pixel;
  file.seekg(static_cast<std::streamoff>(at));
  for (int byte = 0; runs && found < pixels && (byte = file.get()) >= 0;) {
    const std::uint64_t count = (byte & 127) + 1U, bytes = (byte & 128) != 0 ? pixel : count * pixel;
    at += 1 + bytes;
    if (at > size) break;
    file.seekg(static_cast<std::streamoff>(at));
    found += count;
  }
  if (found < pixels)
    fail("image " + path.string(), "is truncated or damaged (a TGA of too few pixels); copy it again");
}

}  // namespace

std::string format_of(std::string_view start) {
  const ImageFormat* format = format_of_bytes(start);
  return format == nullptr ? "" : std::string(format->name);
}

std::string one_line(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.empty() ? "unknown reason" : text;
}

TgaAlpha tga_alpha(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const auto bytes = [&](std::streamoff at, std::ios::seekdir from, std::size_t count) {
    std::string text(count, '\0');
    file.clear();
    file.seekg(at, from);
    file.read(text.data(), static_cast<std::streamsize>(count));
    return text;
  };
  if ((number_at(bytes(17, std::ios::beg, 1), 0, 1, false) & 15) == 0) return TgaAlpha::none;
  const std::string footer = bytes(-26, std::ios::end, 26);
  const std::uint32_t extension = number_at(footer, 0, 4, false);
  if (footer.substr(8, 16) != "TRUEVISION-XFILE" || extension == 0) return TgaAlpha::straight;
  constexpr std::streamoff kAttributeType = 494;
  const std::uint32_t type = number_at(bytes(extension + kAttributeType, std::ios::beg, 1), 0, 1, false);
  return type == 3 ? TgaAlpha::straight : type == 4 ? TgaAlpha::multiplied : TgaAlpha::none;
}

void fail_raw(const std::string& where) {
  fail(where,
       "is a camera's raw file, which sumi does not develop; export it as TIFF, PNG or JPEG from a raw "
       "developer");
}

std::string probe_image(const fs::path& path) {
  const std::string where = "image " + path.string();
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) fail(where, "does not exist; check the path");
  if (!fs::is_regular_file(status)) fail(where, "is not a regular file; give the name of an image");
  const auto size = fs::file_size(path, error);
  if (!error && size == 0) fail(where, "is empty (0 bytes); copy or download it again");
  std::ifstream file(path, std::ios::binary);
  std::array<char, 32> head{};
  file.read(head.data(), head.size());
  if (file.gcount() <= 0) fail(where, "cannot be opened; check its permissions");
  const std::string_view start(head.data(), static_cast<std::size_t>(file.gcount()));
  file.clear();
  if (const std::string format = format_of(start); !format.empty()) {
    if (format == "raw") fail_raw(where);
    if (format == "png") check_png_is_whole(path, file, size);
    if (format == "openexr") check_exr_headers(path, file, size);
    if (format == "psd" || format == "ico")
      fail(where, "is of the kind " + format +
                      ", whose decoder takes all that a file claims for true; save it as PNG, TIFF or WebP");
    return format;
  }
  const ImageFormat* format = format_of_extension(path);
  // the only format without a magic number
  if (format == nullptr || format->name != "targa") return "";
  check_tga_is_whole(path, file, size);
  return "targa";
}

}  // namespace sumi::io
