#include "engine/image/image_formats.h"

#include <algorithm>
#include <cctype>
#include <span>
#include <vector>

namespace sumi {
namespace fs = std::filesystem;
using namespace std::string_view_literals;

namespace {

// The order decides: raw formats begin like TIFF or HEIF, so they come first; writable formats are
// in the order of messages.
constexpr std::array<ImageFormat, 15> kFormats{{
    {.name = "raw",
     .magic = {{{8, "CR\2"sv},  // Canon
                {0, "IIRO"sv},  // Olympus
                {0, "IIRS"sv},
                {0, "MMOR"sv},
                {0, "IIU\0"sv},  // Panasonic
                {0, "FUJIFILMCCD-RAW"sv},
                {4, "ftypcrx "sv},  // Canon
                {0, "FOVb"sv},      // Sigma
                {0, "\0MRM"sv}}}},  // Minolta
    {.name = "png",
     .extensions = {".png"},
     .magic = {{{0, "\x89PNG\r\n\x1a\n"sv}}},
     .written = 1,
     .alpha = true,
     .deep = true,
     .gray_alpha = true,
     .metadata = true},
    {.name = "jpeg",
     .extensions = {".jpg", ".jpeg", ".jpe", ".jfif"},
     .magic = {{{0, "\xff\xd8\xff"sv}}},
     .written = 2,
     .metadata = true,
     .quality = true,
     .max_side = 65500},
    {.name = "webp",
     .extensions = {".webp"},
     .magic = {{{8, "WEBPVP8"sv}}},
     .written = 1,
     .alpha = true,
     .gray = false,
     .metadata = true,
     .quality = true,
     .max_side = 16383},
    {.name = "tiff",
     .extensions = {".tif", ".tiff"},
     .magic = {{{0, "II*\0"sv}, {0, "MM\0*"sv}, {0, "II+\0"sv}, {0, "MM\0+"sv}}},
     .written = 2,
     .alpha = true,
     .deep = true,
     .gray_alpha = true,
     .metadata = true},
    {.name = "bmp", .extensions = {".bmp"}, .magic = {{{0, "BM"sv}}}, .written = 1, .alpha = true},
    {.name = "targa", .extensions = {".tga"}, .written = 1, .alpha = true, .max_side = 65535},
    {.name = "pnm",
     .extensions = {".ppm", ".pgm", ".pnm", ".pbm"},
     .magic = {{{0, "P4"sv}, {0, "P5"sv}, {0, "P6"sv}, {0, "P2"sv}, {0, "P3"sv}}},
     .written = 1,
     .gray = false},
    {.name = "gif", .extensions = {".gif"}, .magic = {{{0, "GIF8"sv}}}},
    {.name = "openexr", .extensions = {".exr"}, .magic = {{{0, "\x76\x2f\x31\x01"sv}}}},
    {.name = "hdr", .extensions = {".hdr"}, .magic = {{{0, "#?R"sv}}}},
    {.name = "jpeg2000", .extensions = {".jp2"}, .magic = {{{4, "jP  \r\n\x87\n"sv}}}},
    {.name = "heif", .extensions = {".heic", ".heif", ".avif"}, .magic = {{{4, "ftyp"sv}}}},
    {.name = "psd", .extensions = {".psd"}, .magic = {{{0, "8BPS"sv}}}},
    {.name = "ico", .extensions = {".ico"}, .magic = {{{0, "\0\0\1\0"sv}}}},
}};

// The format that has `extension` among its first `count` extensions.
template <class Count>
const ImageFormat* find_extension(const std::string& extension, const Count& count) {
  if (extension.empty()) return nullptr;
  for (const ImageFormat& format : kFormats) {
    const auto end = format.extensions.begin() + static_cast<std::ptrdiff_t>(count(format));
    if (std::find(format.extensions.begin(), end, extension) != end) return &format;
  }
  return nullptr;
}

}  // namespace

namespace io {

std::string extension_of(const fs::path& path) {
  std::string text = path.extension().string();
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace io

const ImageFormat* format_of_extension(const fs::path& path) {
  return find_extension(io::extension_of(path), [](const ImageFormat& f) { return f.extensions.size(); });
}

const ImageFormat* writable_format(const fs::path& path) {
  return find_extension(io::extension_of(path), [](const ImageFormat& f) { return f.written; });
}

const ImageFormat* format_of_bytes(std::string_view start) {
  for (const ImageFormat& format : kFormats)
    for (const FormatMagic& magic : format.magic)
      if (!magic.bytes.empty() && start.size() >= magic.offset + magic.bytes.size() &&
          start.substr(magic.offset, magic.bytes.size()) == magic.bytes)
        return &format;
  return nullptr;
}

bool has_image_extension(const fs::path& path) {
  return format_of_extension(path) != nullptr;
}

bool has_writable_extension(const fs::path& path) {
  return writable_format(path) != nullptr;
}

bool holds_alpha(const fs::path& path) {
  const ImageFormat* format = writable_format(path);
  return format != nullptr && format->alpha;
}

std::string writable_names(const char* conjunction, bool ImageFormat::*feature) {
  std::vector<std::string> names;
  for (const ImageFormat& format : kFormats)
    if (format.written > 0 && (feature == nullptr || format.*feature))
      names.emplace_back(format.extensions[0].substr(1));
  std::string text = names.front();
  for (std::size_t i = 1; i < names.size(); ++i)
    text += (i + 1 < names.size() ? ", " : std::string(" ") + conjunction + " ") + names[i];
  return text;
}

}  // namespace sumi
