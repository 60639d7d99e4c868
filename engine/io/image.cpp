#include "engine/io/image.h"

#include <OpenImageIO/imageio.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <memory>
#include <mutex>

#include "engine/file.h"
#include "engine/io/image_file.h"
#include "kernels/base/check.h"

namespace sumi {
namespace fs = std::filesystem;

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// OpenImageIO's messages may have several lines.
std::string one_line(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.empty() ? "unknown reason" : text;
}

// OpenEXR alone starts a thread pool when it reads; training's threads are OpenMP's.
void forbid_pools() {
  static std::once_flag once;
  std::call_once(once, [] { OIIO::attribute("exr_threads", -1); });
}

std::unique_ptr<OIIO::ImageInput> open_input(const std::string& where, const fs::path& path) {
  auto format = io::probe_picture(path);
  if (format.empty() && lower(path.extension().string()) == ".tga") format = "targa";  // has no magic number
  if (format.empty())
    fail(where, "is not a picture (its first bytes fit no known format); remove or convert it");
  auto input = OIIO::ImageInput::create(format);
  if (!input) {
    OIIO::geterror();
    fail(where, fmt::format("is {}, which this OpenImageIO cannot read; convert it to PNG", format));
  }
  input->threads(1);
  OIIO::ImageSpec wish, spec;
  wish["oiio:UnassociatedAlpha"] = 1;
  if (!input->open(path.string(), spec, wish))
    fail(where,
         fmt::format("cannot be decoded: {}; it is damaged: copy it again", one_line(input->geterror())));
  return input;
}

// Decoded samples, [h, w, channels], not yet flattened or turned.
struct Raw {
  std::unique_ptr<std::uint8_t[]> data;
  int channels = 0;
  int alpha = -1;         // which channel, or -1
  bool straight = false;  // colour not multiplied by alpha
  bool linear = false;    // linear light, wants the sRGB curve
};

Raw decode(const std::string& where, OIIO::ImageInput& input) {
  const OIIO::ImageSpec& spec = input.spec();
  Raw raw;
  raw.channels = std::min(spec.nchannels, 4);
  raw.alpha = spec.alpha_channel >= 0 && spec.alpha_channel < raw.channels ? spec.alpha_channel : -1;
  raw.straight = spec.get_int_attribute("oiio:UnassociatedAlpha") != 0;
  if (std::strcmp(input.format_name(), "gif") == 0) {  // 2.4 counts its alpha channel wrongly
    raw.alpha = raw.channels == 4 ? 3 : -1;
    raw.straight = true;
  }
  const bool is_float = spec.format.is_floating_point();
  raw.linear = is_float && lower(spec.get_string_attribute("oiio:ColorSpace")) == "linear";
  // Memory is touched as it is decoded: a header that lies about its size costs little.
  raw.data = std::make_unique_for_overwrite<std::uint8_t[]>(static_cast<std::size_t>(spec.width) *
                                                            static_cast<std::size_t>(spec.height) *
                                                            static_cast<std::size_t>(raw.channels));
  const bool ok = input.read_image(0, 0, 0, raw.channels, OIIO::TypeDesc::UINT8, raw.data.get());
  const auto message = input.geterror();
  // Some readers only warn and fill what is missing; of warnings, those of libjpeg about stray bytes are
  // harmless.
  const bool tolerable =
      std::strcmp(input.format_name(), "jpeg") == 0 && message.find("remature end") == std::string::npos;
  if (!ok || !(message.empty() || tolerable))
    fail(where,
         fmt::format("cannot be decoded: {}; it is truncated or damaged: copy it again", one_line(message)));
  return raw;
}

std::uint8_t to_byte(float v) {
  return static_cast<std::uint8_t>(std::clamp(v + 0.5F, 0.0F, 255.0F));
}

std::uint8_t srgb_of_linear(std::uint8_t byte) {
  static const auto table = [] {
    std::array<std::uint8_t, 256> t{};
    for (int i = 0; i < 256; ++i) {
      const double v = i / 255.0;
      t[static_cast<std::size_t>(i)] = to_byte(
          static_cast<float>(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1 / 2.4) - 0.055)));
    }
    return t;
  }();
  return table[byte];
}

// One pixel to RGB over the background.
std::array<float, 3> flatten(const Raw& raw, const std::uint8_t* p, float background) {
  const int colours = raw.alpha < 0 ? raw.channels : raw.alpha;
  std::array<float, 3> rgb{};
  for (int c = 0; c < 3; ++c) {
    const auto value = p[colours >= 3 ? c : 0];
    rgb[static_cast<std::size_t>(c)] = raw.linear ? srgb_of_linear(value) : value;
  }
  if (raw.alpha < 0 || p[raw.alpha] == 255) return rgb;
  const float alpha = static_cast<float>(p[raw.alpha]) / 255.0F;
  for (float& v : rgb) v = v * (raw.straight ? alpha : 1.0F) + background * (1 - alpha);
  return rgb;
}

// EXIF orientation: where the pixel (x, y) of the upright picture lies in the stored one of width w and
// height h.
std::pair<int, int> stored_position(int orientation, int x, int y, int w, int h) {
  switch (orientation) {
    case 2:
      return {w - 1 - x, y};
    case 3:
      return {w - 1 - x, h - 1 - y};
    case 4:
      return {x, h - 1 - y};
    case 5:
      return {y, x};
    case 6:
      return {y, h - 1 - x};
    case 7:
      return {w - 1 - y, h - 1 - x};
    case 8:
      return {w - 1 - y, x};
    default:
      return {x, y};
  }
}

Image8 upright(const Raw& raw, int w, int h, int orientation, const LoadOptions& options) {
  const bool turned = orientation >= 5 && orientation <= 8;
  Image8 image(turned ? h : w, turned ? w : h, options.channels);
  const auto background = static_cast<float>(options.background);
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) {
      const auto [sx, sy] = stored_position(orientation, x, y, w, h);
      const auto* p = raw.data.get() + (static_cast<std::size_t>(sy) * static_cast<std::size_t>(w) +
                                        static_cast<std::size_t>(sx)) *
                                           static_cast<std::size_t>(raw.channels);
      const auto rgb = flatten(raw, p, background);
      auto* q = image.at(x, y);
      if (options.channels == 1) {
        const bool grey = rgb[0] == rgb[1] && rgb[1] == rgb[2];
        q[0] = to_byte(grey ? rgb[0] : 0.299F * rgb[0] + 0.587F * rgb[1] + 0.114F * rgb[2]);
      } else {
        for (std::size_t c = 0; c < 3; ++c) q[c] = to_byte(rgb[c]);
      }
    }
  return image;
}

}  // namespace

Image8::Image8(int w, int h, int c, std::uint8_t value) : width(w), height(h), channels(c) {
  if (w <= 0 || h <= 0 || (c != 1 && c != 3))
    fail("picture",
         fmt::format("cannot be {}x{} with {} channels; sizes are positive, channels 1 or 3", w, h, c));
  data.assign(static_cast<std::size_t>(w) * static_cast<std::size_t>(h) * static_cast<std::size_t>(c), value);
}

Image8 load_image(const fs::path& path, const LoadOptions& options) {
  const std::string where = "picture " + path.string();
  if (options.channels != 1 && options.channels != 3)
    fail(where, fmt::format("cannot be loaded with {} channels; use 1 or 3", options.channels));
  forbid_pools();
  const auto input = open_input(where, path);
  const OIIO::ImageSpec spec = input->spec();
  if (spec.width <= 0 || spec.height <= 0 || spec.nchannels <= 0 || spec.depth > 1)
    fail(where,
         fmt::format("has the impossible size {}x{}; it is damaged: copy it again", spec.width, spec.height));
  if (static_cast<std::int64_t>(spec.width) * spec.height > options.max_pixels)
    fail(where, fmt::format("has {}x{} pixels, more than the limit of {} million; make it smaller first",
                            spec.width, spec.height, options.max_pixels / 1'000'000));
  const Raw raw = decode(where, *input);
  return upright(raw, spec.width, spec.height, spec.get_int_attribute("Orientation", 1), options);
}

bool has_image_extension(const fs::path& path) {
  static constexpr std::array<const char*, 23> known{
      ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".gif",  ".tif",  ".tiff", ".tga", ".ppm",
      ".pgm", ".pnm", ".pbm",  ".exr", ".hdr",  ".psd",  ".jp2", ".heic", ".heif", ".avif", ".ico"};
  const auto extension = lower(path.extension().string());
  return std::find(known.begin(), known.end(), extension) != known.end();
}

void save_image(const fs::path& path, const Image8& image, int quality) {
  const std::string where = "write " + path.string();
  static constexpr std::array<const char*, 9> known{".png",  ".jpg", ".jpeg", ".webp", ".tif",
                                                    ".tiff", ".bmp", ".tga",  ".ppm"};
  const auto extension = lower(path.extension().string());
  if (std::find(known.begin(), known.end(), extension) == known.end())
    fail(where,
         fmt::format("cannot write a picture of type \"{}\"; use .png .jpg .webp .tif .bmp .tga or .ppm",
                     extension));
  if (image.data.empty()) fail(where, "the picture has no pixels");
  AtomicFile file(path, true);
  { FileWriter probe(path, file.temporary()); }  // OpenImageIO's messages do not name the reason; ours does
  auto output = OIIO::ImageOutput::create(lower(extension.substr(1)));
  if (!output) fail(where, one_line(OIIO::geterror()));
  output->threads(1);
  OIIO::ImageSpec spec(image.width, image.height, image.channels, OIIO::TypeDesc::UINT8);
  const bool webp = extension == ".webp", jpeg = extension == ".jpg" || extension == ".jpeg";
  if (webp || jpeg)
    spec["Compression"] = fmt::format("{}:{}", webp ? "webp" : "jpeg", std::clamp(quality, 1, 100));
  if (jpeg && quality >= 90) spec["jpeg:subsampling"] = "4:4:4";
  // Its WebP writer takes only colour, and its PPM writer names grey pictures by another extension.
  Image8 rgb;
  const Image8* pixels = &image;
  if (image.channels == 1 && (webp || extension == ".ppm")) {
    rgb = Image8(image.width, image.height, 3);
    for (std::size_t i = 0; i < image.data.size(); ++i)
      std::fill_n(rgb.data.data() + 3 * i, 3, image.data[i]);
    pixels = &rgb;
    spec = OIIO::ImageSpec(image.width, image.height, 3, OIIO::TypeDesc::UINT8);
    if (webp) spec["Compression"] = fmt::format("webp:{}", std::clamp(quality, 1, 100));
  }
  const bool ok = output->open(file.temporary().string(), spec) &&
                  output->write_image(OIIO::TypeDesc::UINT8, pixels->data.data()) && output->close();
  if (!ok)
    fail(where, fmt::format("{}; free some space or choose another folder", one_line(output->geterror())));
  file.commit();
}

}  // namespace sumi
