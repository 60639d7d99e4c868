// The codecs of builds without image libraries (-DSUMI_PICTURES=OFF): PNG is written, for samples
// and plots; nothing is read, so training takes packed sets: the .pack file that a run of a full
// build left in its --cache folder.
#include <fmt/format.h>
#include <zlib.h>

#include <vector>

#include "engine/image/canvas.h"
#include "engine/image/decode.h"
#include "engine/image/encode.h"
#include "engine/image/image_formats.h"
#include "engine/image/profile.h"
#include "engine/serialize/file.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace {

constexpr const char* kWithout = "this sumi was built without OpenImageIO";

std::string big_endian(std::uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
          static_cast<char>(v)};
}

std::string chunk(const std::string& type, const std::string& body) {
  const std::string typed = type + body;
  const auto sum = ::crc32(0, reinterpret_cast<const Bytef*>(typed.data()), static_cast<uInt>(typed.size()));
  return big_endian(static_cast<std::uint32_t>(body.size())) + typed +
         big_endian(static_cast<std::uint32_t>(sum));
}

std::string deflated(const std::string& text) {
  uLongf size = ::compressBound(text.size());
  std::string out(size, '\0');
  ::compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(text.data()),
              text.size(), 6);
  out.resize(size);
  return out;
}

}  // namespace

Decoded decode_image(const std::filesystem::path& path, const DecodeOptions&) {
  fail("image " + path.string(),
       std::string(kWithout) +
           " and cannot read it; give the .pack file from the --cache folder of a run that could");
}

// PNG (W3C, second edition), rows without filters.
std::string encoded_image(const std::filesystem::path& path, const Samples& s, int) {
  if (extension_of(path) != ".png" || s.depth != 8)
    fail("write " + path.string(), std::string(kWithout) + " and writes 8-bit .png only");
  constexpr char color_type[] = {0, 4, 2, 6};
  const auto row = static_cast<std::size_t>(s.width) * static_cast<std::size_t>(s.channels);
  std::string rows;
  for (int y = 0; y < s.height; ++y) {
    rows += '\0';
    rows.append(static_cast<const char*>(s.data) + static_cast<std::size_t>(y) * row, row);
  }
  const std::string header = big_endian(static_cast<std::uint32_t>(s.width)) +
                             big_endian(static_cast<std::uint32_t>(s.height)) + '\x08' +
                             color_type[s.channels - 1] + std::string(3, '\0');
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("IDAT", deflated(rows)) + chunk("IEND", "");
}

void encode_image(const std::filesystem::path& path, const Samples& samples, int quality) {
  write_file_atomically(path, encoded_image(path, samples, quality));
}

ProfileTransform::ProfileTransform(const std::string&, int) : objection_("needs Little CMS") {}
ProfileTransform::~ProfileTransform() = default;
void ProfileTransform::operator()(const std::uint16_t*, std::uint16_t*, std::size_t) const {}

double Canvas::text_width(const std::string&, int) const {
  return 0;  // plots have no text
}
void Canvas::text(double, double, const std::string&, int, Rgb, Align) {}

}  // namespace sumi::io
