#include <OpenImageIO/filesystem.h>
#include <OpenImageIO/imageio.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/image/codecs_module/library_codecs.h"
#include "engine/image/codecs_module/tiff_out.h"
#include "engine/image/codecs_module/webp.h"
#include "engine/image/image_file.h"
#include "engine/image/image_formats.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace fs = std::filesystem;

namespace {

OIIO::ImageSpec spec_of(const Samples& s, const ImageFormat& format, int quality) {
  OIIO::ImageSpec spec(s.width, s.height, s.channels,
                       s.depth == 16 ? OIIO::TypeDesc::UINT16 : OIIO::TypeDesc::UINT8);
  if (format.quality) spec["Compression"] = fmt::format("{}:{}", format.name, quality);
  if (format.name == "jpeg" && quality >= 90) spec["jpeg:subsampling"] = "4:4:4";
  if (s.channels % 2 == 0) {
    spec.alpha_channel = s.channels - 1;
    spec["oiio:UnassociatedAlpha"] = 1;
  }
  return spec;
}

// Encodes to memory, because OpenImageIO's own file output silently loses data on a full disk.
std::string encode_by_openimageio(const std::string& where, const ImageFormat& format,
                                  const std::string& extension, const Samples& s, int quality) {
  auto output = OIIO::ImageOutput::create(extension.substr(1));
  if (!output) fail(where, one_line(OIIO::geterror()));
  output->threads(1);
  OIIO::Filesystem::IOVecOutput bytes;
  const OIIO::ImageSpec spec = spec_of(s, format, quality);
  output->set_ioproxy(&bytes);
  const bool ok = output->open("picture" + extension, spec) && output->write_image(spec.format, s.data) &&
                  output->close();
  if (!ok) fail(where, fmt::format("cannot be encoded: {}; use .png", one_line(output->geterror())));
  return {reinterpret_cast<const char*>(bytes.buffer().data()), bytes.buffer().size()};
}

}  // namespace

std::string encode_by_library(const fs::path& path, const Samples& s, int quality) {
  const std::string where = "write " + path.string(), extension = extension_of(path);
  const ImageFormat& format = *writable_format(path);  // checked by encode_image
  if (format.name == "tiff") {
    std::string file = write_tiff(s);
    if (file.empty()) fail(where, "libtiff cannot encode it; use .png");
    return file;
  }
  std::string file = format.name == "webp" && s.channels == 4
                         ? write_webp(static_cast<const std::uint8_t*>(s.data), s.width, s.height, quality)
                         : encode_by_openimageio(where, format, extension, s, quality);
  if (file.empty()) fail(where, "libwebp cannot encode it; use .png");
  return format.name == "webp" && !s.metadata.exif.empty() ? webp_with_exif(file, s.metadata.exif) : file;
}

}  // namespace sumi::io
