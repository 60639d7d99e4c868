#include <OpenImageIO/filesystem.h>
#include <OpenImageIO/imageio.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/image/codecs_module/library_codecs.h"
#include "engine/image/codecs_module/tiff_out.h"
#include "engine/image/codecs_module/webp.h"
#include "engine/image/image_file.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace fs = std::filesystem;

namespace {

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

}  // namespace

std::string encode_by_library(const fs::path& path, const Samples& s, int quality) {
  const std::string where = "write " + path.string(), extension = extension_of(path);
  if (extension == ".tif" || extension == ".tiff") {
    std::string file = write_tiff(s);
    if (file.empty()) fail(where, "libtiff cannot encode it; use .png");
    return file;
  }
  std::string file = extension == ".webp" && s.channels == 4
                         ? write_webp(static_cast<const std::uint8_t*>(s.data), s.width, s.height, quality)
                         : encode_by_openimageio(where, extension, s, quality);
  if (file.empty()) fail(where, "libwebp cannot encode it; use .png");
  return extension == ".webp" && !s.metadata.exif.empty() ? webp_with_exif(file, s.metadata.exif) : file;
}

}  // namespace sumi::io
