#include <OpenImageIO/filesystem.h>
#include <OpenImageIO/imageio.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/io/image_file.h"
#include "engine/io/pictures/library_codecs.h"
#include "engine/io/pictures/webp.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace fs = std::filesystem;

namespace {

// Its WebP writer takes only colour, and its PPM writer names grey pictures by another extension.
std::vector<std::uint8_t> repeat_grey(const Samples& s) {
  const auto* in = static_cast<const std::uint8_t*>(s.data);
  const int out_channels = s.channels + 2;
  const auto pixels = static_cast<std::size_t>(s.width) * static_cast<std::size_t>(s.height);
  std::vector<std::uint8_t> out(pixels * static_cast<std::size_t>(out_channels));
  std::uint8_t* to = out.data();
  for (std::size_t i = 0; i < pixels; ++i, in += s.channels) {
    to = std::fill_n(to, 3, in[0]);
    if (s.channels == 2) *to++ = in[1];
  }
  return out;
}

OIIO::ImageSpec spec_of(const Samples& s, const std::string& extension, int quality) {
  OIIO::ImageSpec spec(s.width, s.height, s.channels,
                       s.depth == 16 ? OIIO::TypeDesc::UINT16 : OIIO::TypeDesc::UINT8);
  const bool webp = extension == ".webp", jpeg = extension == ".jpg" || extension == ".jpeg";
  if (webp || jpeg)
    spec["Compression"] = fmt::format("{}:{}", webp ? "webp" : "jpeg", std::clamp(quality, 1, 100));
  if (jpeg && quality >= 90) spec["jpeg:subsampling"] = "4:4:4";
  if (s.channels % 2 == 0) {
    spec.alpha_channel = s.channels - 1;
    spec["oiio:UnassociatedAlpha"] = 1;
  }
  return spec;
}

}  // namespace

std::string encode_by_library(const fs::path& path, const Samples& samples, int quality) {
  const std::string where = "write " + path.string();
  const auto extension = extension_of(path);
  auto output = OIIO::ImageOutput::create(extension.substr(1));
  if (!output) fail(where, one_line(OIIO::geterror()));
  output->threads(1);
  Samples s = samples;
  std::vector<std::uint8_t> rgb;
  if (s.channels < 3 && s.depth == 8 && (extension == ".webp" || extension == ".ppm")) {
    rgb = repeat_grey(s);
    s.channels += 2;
    s.data = rgb.data();
  }
  if (s.channels == 4 && extension == ".webp") {
    const std::string bytes =
        write_webp(static_cast<const std::uint8_t*>(s.data), s.width, s.height, std::clamp(quality, 1, 100));
    if (bytes.empty()) fail(where, "libwebp cannot encode it; use .png");
    return bytes;
  }
  // In memory, because OpenImageIO's own file loses what a full disk does not take and says nothing.
  OIIO::Filesystem::IOVecOutput bytes;
  const OIIO::ImageSpec spec = spec_of(s, extension, quality);
  output->set_ioproxy(&bytes);
  const bool ok = output->open(path.filename().string(), spec) && output->write_image(spec.format, s.data) &&
                  output->close();
  if (!ok) fail(where, fmt::format("cannot be encoded: {}; use .png", one_line(output->geterror())));
  const auto& encoded = bytes.buffer();
  return {reinterpret_cast<const char*>(encoded.data()), encoded.size()};
}

}  // namespace sumi::io
