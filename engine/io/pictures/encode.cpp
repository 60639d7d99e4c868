#include "engine/io/encode.h"

#include <OpenImageIO/filesystem.h>
#include <OpenImageIO/imageio.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/file.h"
#include "engine/io/image.h"
#include "engine/io/image_file.h"
#include "engine/io/metadata_out.h"
#include "engine/io/pictures/bmp.h"
#include "engine/io/pictures/tiff_out.h"
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

// What the format's header can say. libjpeg, asked for more, ends the process.
void check_sides(const std::string& where, const Samples& s, const std::string& extension, int most) {
  if (most > 0 && std::max(s.width, s.height) > most)
    fail(where, fmt::format("{}x{} pixels are too many: {} holds {} a side; use .png, or a smaller picture "
                            "(--max-size of convert)",
                            s.width, s.height, extension, most));
}

OIIO::ImageSpec spec_of(const Samples& s, const std::string& extension, int quality) {
  OIIO::ImageSpec spec(s.width, s.height, s.channels,
                       s.depth == 16 ? OIIO::TypeDesc::UINT16 : OIIO::TypeDesc::UINT8);
  const bool webp = extension == ".webp", jpeg = extension == ".jpg" || extension == ".jpeg";
  if (webp || jpeg) spec["Compression"] = fmt::format("{}:{}", webp ? "webp" : "jpeg", quality);
  if (jpeg && quality >= 90) spec["jpeg:subsampling"] = "4:4:4";
  if (s.channels % 2 == 0) {
    spec.alpha_channel = s.channels - 1;
    spec["oiio:UnassociatedAlpha"] = 1;
  }
  return spec;
}

// In memory, because OpenImageIO's own file loses what a full disk does not take and says nothing.
std::string encode_by_openimageio(const std::string& where, const std::string& extension, const Samples& s,
                                  int quality) {
  auto output = OIIO::ImageOutput::create(extension.substr(1));
  if (!output) fail(where, one_line(OIIO::geterror()));
  output->threads(1);
  OIIO::Filesystem::IOVecOutput bytes;
  const OIIO::ImageSpec spec = spec_of(s, extension, quality);
  output->set_ioproxy(&bytes);
  const bool ok = output->open("picture" + extension, spec) && output->write_image(spec.format, s.data) &&
                  output->close();
  if (!ok) fail(where, fmt::format("cannot be encoded: {}; use .png", one_line(output->geterror())));
  return {reinterpret_cast<const char*>(bytes.buffer().data()), bytes.buffer().size()};
}

std::string encoded(const std::string& where, const std::string& extension, const Samples& s, int quality) {
  const auto* const bytes = static_cast<const std::uint8_t*>(s.data);
  if (extension == ".bmp" && s.channels == 4) return write_bmp(bytes, s.width, s.height);
  if (extension == ".tif" || extension == ".tiff") {
    std::string file = write_tiff(s);
    if (file.empty()) fail(where, "libtiff cannot encode it; use .png");
    return file;
  }
  std::string file = extension == ".webp" && s.channels == 4
                         ? write_webp(bytes, s.width, s.height, quality)
                         : encode_by_openimageio(where, extension, s, quality);
  if (file.empty()) fail(where, "libwebp cannot encode it; use .png");
  return extension == ".webp" && !s.metadata.exif.empty() ? webp_with_exif(file, s.metadata.exif) : file;
}

}  // namespace

void encode_picture(const fs::path& path, const Samples& samples, int quality) {
  const std::string where = "write " + path.string();
  const auto extension = extension_of(path);
  const WritableFormat* format = writable_format(extension);
  if (format == nullptr)
    fail(where, fmt::format("cannot write a picture of type \"{}\"; use .png or another of {}", extension,
                            kWritableNames));
  if (samples.width <= 0 || samples.height <= 0) fail(where, "the picture has no pixels");
  check_sides(where, samples, extension, format->most_side);
  Samples s = samples;
  std::vector<std::uint8_t> rgb;
  if (s.channels < 3 && s.depth == 8 &&
      (extension == ".webp" || extension == ".ppm" ||
       (s.channels == 2 && (extension == ".bmp" || extension == ".tga")))) {
    rgb = repeat_grey(s);
    s.channels += 2;
    s.data = rgb.data();
  }
  write_file_atomically(
      path, with_metadata(extension, encoded(where, extension, s, std::clamp(quality, 1, 100)), s.metadata));
}

}  // namespace sumi::io
