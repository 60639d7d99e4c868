#include <OpenImageIO/imageio.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <mutex>
#include <vector>

#include "engine/image/codecs_module/heif.h"
#include "engine/image/codecs_module/library_codecs.h"
#include "engine/image/codecs_module/tiff.h"
#include "engine/image/codecs_module/webp.h"
#include "engine/image/float_levels.h"
#include "engine/image/image_file.h"
#include "engine/image/image_header.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace fs = std::filesystem;

namespace {

constexpr int kMaxChannels = 64;  // readers allocate all channels, of which four are used

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// OpenEXR is the only reader that starts a thread pool; training uses OpenMP's threads.
void forbid_pools() {
  static std::once_flag once;
  std::call_once(once, [] { OIIO::attribute("exr_threads", -1); });
}

std::unique_ptr<OIIO::ImageInput> open_input(const std::string& where, const fs::path& path,
                                             const std::string& format) {
  auto input = OIIO::ImageInput::create(format);
  if (!input) {
    OIIO::geterror();
    fail(where, fmt::format("is {}, which this OpenImageIO cannot read; convert it to PNG", format));
  }
  input->threads(1);
  OIIO::ImageSpec wish, spec;
  wish["oiio:UnassociatedAlpha"] = 1;
  if (!input->open(path.string(), spec, wish)) {
    const std::string message = one_line(input->geterror());
    const bool foreign = message.find("support") != std::string::npos;
    fail(where, fmt::format("cannot be decoded: {}; {}", message,
                            foreign ? "save it as PNG" : "it is damaged: copy it again"));
  }
  return input;
}

// Reads the header and performs all checks before memory is allocated.
Decoded describe(const fs::path& path, const OIIO::ImageInput& input, const DecodeOptions& options) {
  const std::string where = "image " + path.string();
  const OIIO::ImageSpec& spec = input.spec();
  if (spec.width <= 0 || spec.height <= 0 || spec.nchannels <= 0 || spec.depth > 1)
    fail(where,
         fmt::format("has the impossible size {}x{}; it is damaged: copy it again", spec.width, spec.height));
  check_size(where, spec.width, spec.height, fs::file_size(path), options.max_pixels);
  if (spec.nchannels > kMaxChannels)
    fail(where, fmt::format("has {} channels, more than {}; keep color and alpha only", spec.nchannels,
                            kMaxChannels));
  Decoded d;
  d.width = spec.width;
  d.height = spec.height;
  d.channels = std::min(spec.nchannels, 4);
  d.alpha = spec.alpha_channel >= 0 && spec.alpha_channel < d.channels ? spec.alpha_channel : -1;
  // For JPEG 2000 it neither premultiplies nor reports so.
  d.straight = spec.get_int_attribute("oiio:UnassociatedAlpha") != 0 ||
               std::strcmp(input.format_name(), "jpeg2000") == 0;
  d.orientation = spec.get_int_attribute("Orientation", 1);
  // OpenImageIO 2.4 reports its alpha channel wrongly
  if (std::strcmp(input.format_name(), "gif") == 0) {
    d.alpha = d.channels == 4 ? 3 : -1;
    d.straight = true;
  }
  if (std::strcmp(input.format_name(), "targa") == 0 && d.alpha >= 0) {
    const TgaAlpha alpha = tga_alpha(path);
    d.straight = alpha == TgaAlpha::straight;
    if (alpha == TgaAlpha::none) d.alpha = -1;  // the fourth channel is ignored
  }
  d.linear =
      spec.format.is_floating_point() && lower(spec.get_string_attribute("oiio:ColorSpace")) == "linear";
  if (const auto* p = options.profile ? spec.find_attribute("ICCProfile") : nullptr)
    d.profile.assign(static_cast<const char*>(p->data()), static_cast<std::size_t>(p->datasize()));
  d.depth = (options.deep || !d.profile.empty()) && spec.format.basesize() > 1 ? 16 : 8;
  return d;
}

// Reads floats, so that values outside 0 to 1 are counted before clipping.
bool read_floats(OIIO::ImageInput& input, Decoded& d, FloatRange& range) {
  const std::size_t count = d.pixels() * static_cast<std::size_t>(d.channels);
  std::vector<float> floats(count);
  if (!input.read_image(0, 0, 0, d.channels, OIIO::TypeDesc::FLOAT, floats.data())) return false;
  auto* const wide = reinterpret_cast<std::uint16_t*>(d.data.get());
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t level = range.level(static_cast<double>(floats[i]));
    if (d.depth == 16)
      wide[i] = level;
    else
      d.data[i] = static_cast<std::uint8_t>((level * 255U + 32767) / 65535);
  }
  return true;
}

void read_samples(const std::string& where, OIIO::ImageInput& input, Decoded& d) {
  d.data = zeroed(d.pixels() * static_cast<std::size_t>(d.channels) * static_cast<std::size_t>(d.depth / 8));
  const auto type = d.depth == 16 ? OIIO::TypeDesc::UINT16 : OIIO::TypeDesc::UINT8;
  FloatRange range;
  const bool ok = input.spec().format.is_floating_point()
                      ? read_floats(input, d, range)
                      : input.read_image(0, 0, 0, d.channels, type, d.data.get());
  const auto message = input.geterror();  // some readers only warn, and fill in missing data
  const bool foreign = message.find("support") != std::string::npos;
  if (!ok || !message.empty())
    fail(where, fmt::format("cannot be decoded: {}; {}", one_line(message),
                            foreign ? "save it as PNG" : "it is truncated or damaged: copy it again"));
  range.check(where);
  add_remark(d.remark, range.remark());
}

Decoded read_by_openimageio(const std::string& where, const fs::path& path, const std::string& format,
                            const DecodeOptions& options) {
  forbid_pools();
  const auto input = open_input(where, path, format);
  Decoded d = describe(path, *input, options);
  read_samples(where, *input, d);
  const int parts = format == "openexr" ? input->spec().get_int_attribute("oiio:subimages", 1) : 1;
  if (parts > 1) add_remark(d.remark, first_of("part", parts));
  return d;
}

}  // namespace

Decoded decode_by_library(const fs::path& path, const std::string& format, const DecodeOptions& options) {
  if (format == "heif") return decode_heif(path, options);
  if (format == "tiff") return decode_tiff(path, options);
  if (format == "webp") return decode_webp(path, options);
  return read_by_openimageio("image " + path.string(), path, format, options);
}

}  // namespace sumi::io
