#include "engine/image/codecs_module/tiff.h"

#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include "engine/image/codecs_module/tiff_samples.h"
#include "engine/image/image_file.h"
#include "engine/image/image_header.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace {

constexpr int kMaxPages = 4096;
constexpr std::uint16_t kMaxSamples = 64;
constexpr tmsize_t kMaxAllocation = tmsize_t{1} << 31;

// libtiff's messages: the first error, and whether data ended early, for which some codecs only
// warn.
struct Messages {
  std::string error;
  bool ended = false;
};

int on_tiff_error(TIFF*, void* data, const char*, const char* format, va_list arguments) {
  auto& messages = *static_cast<Messages*>(data);
  std::array<char, 400> line{};
  std::vsnprintf(line.data(), line.size(), format, arguments);
  if (messages.error.empty()) messages.error = line.data();
  return 1;
}

int on_tiff_warning(TIFF*, void* data, const char*, const char* format, va_list) {
  if (std::string_view(format).find("remature") != std::string_view::npos)
    static_cast<Messages*>(data)->ended = true;
  return 1;
}

struct Close {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using File = std::unique_ptr<TIFF, Close>;

File open_tiff(const std::filesystem::path& path, Messages& messages) {
  const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                             TIFFOpenOptionsFree);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMaxAllocation);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_tiff_error, &messages);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_tiff_warning, &messages);
  return File(TIFFOpenExt(path.c_str(), "rm", options.get()));  // m: not mapped
}

std::uint16_t field(TIFF* tiff, std::uint32_t tag) {
  std::uint16_t value = 0;
  TIFFGetFieldDefaulted(tiff, tag, &value);
  return value;
}

// True for a color filter array or its linear form, which cameras write for raw developers.
bool is_raw_page(TIFF* tiff) {
  constexpr std::uint32_t kDngVersion = 50706;
  std::uint32_t count = 0;
  void* version = nullptr;
  if (TIFFGetField(tiff, kDngVersion, &count, &version) == 1) return true;
  std::uint16_t kind = 0;
  return TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &kind) == 1 &&
         (kind == PHOTOMETRIC_CFA || kind == 34892);  // 34892: LinearRaw
}

struct Pages {
  tdir_t first = 0;  // the first that is not a thumbnail
  int count = 0;
  bool raw = false;
};

Pages look_at_pages(TIFF* tiff) {
  Pages pages;
  for (int i = 0; i < kMaxPages && TIFFSetDirectory(tiff, static_cast<tdir_t>(i)) == 1; ++i) {
    std::uint32_t kind = 0;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SUBFILETYPE, &kind);
    if ((kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) == 0 && pages.count++ == 0)
      pages.first = static_cast<tdir_t>(i);
    std::uint16_t subs = 0;
    std::uint64_t* found = nullptr;
    std::vector<std::uint64_t> offsets;
    if (i < 8 && TIFFGetField(tiff, TIFFTAG_SUBIFD, &subs, &found) == 1)
      offsets.assign(found, found + std::min<int>(subs, 16));
    pages.raw = pages.raw || is_raw_page(tiff);
    for (const std::uint64_t offset : offsets)
      pages.raw = pages.raw || (TIFFSetSubDirectory(tiff, offset) == 1 && is_raw_page(tiff));
    if (pages.raw) return pages;
  }
  return pages;
}

// Determines the meaning of each sample of a pixel: colors first, then extra samples, of which the
// first may be alpha.
void find_alpha(TIFF* tiff, TiffLayout& layout) {
  std::uint16_t count = 0;
  const std::uint16_t* kinds = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds);
  layout.extra = std::min<std::size_t>(count, layout.samples - 1U);
  for (std::size_t i = 0; i < layout.extra && layout.alpha == 0; ++i) {
    if (kinds[i] != EXTRASAMPLE_ASSOCALPHA && kinds[i] != EXTRASAMPLE_UNASSALPHA) continue;
    layout.alpha = layout.samples - layout.extra + i;
    layout.straight = kinds[i] == EXTRASAMPLE_UNASSALPHA;
  }
}

TiffLayout layout_of(TIFF* tiff, const std::string& where, const DecodeOptions& options,
                     std::uint64_t bytes) {
  TiffLayout layout;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout.width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout.height);
  constexpr std::uint32_t kMaxSide = 1U << 30;
  if (layout.width == 0 || layout.height == 0 || std::max(layout.width, layout.height) > kMaxSide)
    fail(where, fmt::format("has the impossible size {}x{}; it is damaged: copy it again", layout.width,
                            layout.height));
  check_size(where, layout.width, layout.height, bytes, options.max_pixels);
  layout.bits = field(tiff, TIFFTAG_BITSPERSAMPLE);
  layout.samples = field(tiff, TIFFTAG_SAMPLESPERPIXEL);
  layout.format = field(tiff, TIFFTAG_SAMPLEFORMAT);
  layout.planes = layout.samples > 1 && field(tiff, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE;
  if (layout.samples == 0 || layout.samples > kMaxSamples)
    fail(where, fmt::format("has {} channels, more than {}; keep color and alpha only", layout.samples,
                            kMaxSamples));
  find_alpha(tiff, layout);
  const std::size_t colors = layout.samples - layout.extra;
  if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &layout.photometric) != 1) {
    const std::uint16_t compression = field(tiff, TIFFTAG_COMPRESSION);
    const bool fax = compression >= COMPRESSION_CCITTRLE && compression <= COMPRESSION_CCITTFAX4;
    layout.photometric = colors >= 3 ? PHOTOMETRIC_RGB
                         : fax       ? PHOTOMETRIC_MINISWHITE
                                     : PHOTOMETRIC_MINISBLACK;
  }
  if (layout.photometric == PHOTOMETRIC_YCBCR && field(tiff, TIFFTAG_COMPRESSION) == COMPRESSION_JPEG &&
      TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB) == 1)
    layout.photometric = PHOTOMETRIC_RGB;
  return layout;
}

// The number of colors of a photometric interpretation; 0 for those that libtiff converts.
std::size_t colors_of(const TiffLayout& layout) {
  switch (layout.photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_PALETTE:
      return 1;
    case PHOTOMETRIC_RGB:
      return 3;
    case PHOTOMETRIC_SEPARATED:
      return 4;
    default:
      return 0;
  }
}

void read_palette(TIFF* tiff, const std::string& where, TiffLayout& layout) {
  std::array<std::uint16_t*, 3> map{};
  if (layout.bits > 16 || layout.format == SAMPLEFORMAT_IEEEFP ||
      TIFFGetField(tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]) != 1)
    fail(where, "has no palette that fits its samples; it is damaged: copy it again");
  const std::size_t entries = std::size_t{1} << layout.bits;
  for (const std::uint16_t* channel : map) layout.map.insert(layout.map.end(), channel, channel + entries);
  // Some writers use 8 bits per entry.
  if (std::all_of(layout.map.begin(), layout.map.end(), [](std::uint16_t v) { return v < 256; }))
    for (std::uint16_t& v : layout.map) v = static_cast<std::uint16_t>(v * 257);
}

void store(Decoded& d, std::size_t pixel, std::size_t channel, unsigned v) {
  const std::size_t at = pixel * static_cast<std::size_t>(d.channels) + channel;
  if (d.depth == 16)
    reinterpret_cast<std::uint16_t*>(d.data.get())[at] = static_cast<std::uint16_t>(v);
  else
    d.data[at] = static_cast<std::uint8_t>((v * 255 + 32767) / 65535);
}

// Stores the `colors` channels of the result, then alpha.
void place(Decoded& d, const TiffLayout& layout, std::size_t colors, const TiffRow& row) {
  const std::uint16_t* v = row.values;
  const std::size_t entries = layout.map.size() / 3;
  std::size_t pixel = std::size_t{row.y} * layout.width + row.x;
  for (std::uint32_t i = 0; i < row.pixels; ++i, ++pixel)
    for (std::size_t s = row.first; s < std::size_t{row.first} + row.samples; ++s, ++v) {
      if (s == layout.alpha && s > 0)
        store(d, pixel, colors, *v);
      else if (s == 0 && entries > 0)
        for (std::size_t c = 0; c < 3; ++c)
          store(d, pixel, c, layout.map[c * entries + std::min<std::size_t>(*v, entries - 1)]);
      else if (s < colors)
        store(d, pixel, s, layout.photometric == PHOTOMETRIC_MINISWHITE ? 65535U - *v : *v);
    }
}

// Formats that libtiff converts: YCbCr without JPEG, CIE L*a*b*, LogLuv. 8 bits, premultiplied
// alpha.
void read_by_libtiff(TIFF* tiff, const std::string& where, Decoded& d) {
  std::array<char, 1024> why{};
  TIFFRGBAImage image;
  if (TIFFRGBAImageOK(tiff, why.data()) != 1 || TIFFRGBAImageBegin(&image, tiff, 1, why.data()) != 1)
    fail(where, fmt::format("is a TIFF that cannot be read: {}; save it as 8-bit or 16-bit RGB",
                            one_line(why.data())));
  image.req_orientation = image.orientation;  // stored_position applies it
  d.depth = 8;
  d.channels = 4;
  d.alpha = 3;
  d.straight = false;
  d.data = zeroed(d.pixels() * 4);
  const auto raster = zeroed(d.pixels() * 4);
  auto* const pixels = reinterpret_cast<std::uint32_t*>(raster.get());
  const int good = TIFFRGBAImageGet(&image, pixels, static_cast<std::uint32_t>(d.width),
                                    static_cast<std::uint32_t>(d.height));
  TIFFRGBAImageEnd(&image);
  if (good != 1) return d.data.reset();
  for (std::size_t i = 0; i < d.pixels(); ++i)
    for (unsigned c = 0; c < 4; ++c) d.data[4 * i + c] = static_cast<std::uint8_t>(pixels[i] >> (8 * c));
}

void read_pixels(TIFF* tiff, const std::string& where, TiffLayout& layout, Decoded& d, bool deep) {
  const std::size_t colors = colors_of(layout);
  if (colors == 0) return read_by_libtiff(tiff, where, d);
  if (const std::string problem = tiff_objection(layout); !problem.empty()) fail(where, problem);
  if (layout.samples - layout.extra < colors)
    fail(where, fmt::format("has {} channels where its colors need {}; it is damaged: copy it again",
                            layout.samples, colors));
  if (colors == 4 && field(tiff, TIFFTAG_INKSET) == INKSET_MULTIINK)
    fail(where, "has inks that are not cyan, magenta, yellow and black; save it as RGB");
  if (layout.photometric == PHOTOMETRIC_PALETTE) read_palette(tiff, where, layout);
  const std::size_t stored = layout.map.empty() ? colors : 3;
  d.cmyk = colors == 4;
  d.channels = static_cast<int>(stored + (layout.alpha > 0 ? 1 : 0));
  d.alpha = layout.alpha > 0 ? static_cast<int>(stored) : -1;
  d.straight = layout.straight;
  d.depth = deep && layout.bits > 8 ? 16 : 8;
  d.data = zeroed(d.pixels() * static_cast<std::size_t>(d.channels) * static_cast<std::size_t>(d.depth / 8));
  FloatRange range;
  if (!read_tiff_rows(tiff, layout, range, [&](const TiffRow& row) { place(d, layout, stored, row); }))
    return d.data.reset();
  range.check(where);
  add_remark(d.remark, range.remark());
}

}  // namespace

Decoded decode_tiff(const std::filesystem::path& path, const DecodeOptions& options) {
  const std::string where = "image " + path.string();
  Messages messages;
  const File tiff = open_tiff(path, messages);
  const auto give_up = [&]() {
    fail(where, fmt::format("cannot be decoded: {}; it is truncated or damaged: copy it again",
                            one_line(messages.error)));
  };
  if (!tiff) give_up();
  const Pages pages = look_at_pages(tiff.get());
  if (pages.raw) fail_raw(where);
  messages = {};
  if (TIFFSetDirectory(tiff.get(), pages.first) != 1) give_up();
  TiffLayout layout = layout_of(tiff.get(), where, options, std::filesystem::file_size(path));

  Decoded d;
  d.width = static_cast<int>(layout.width);
  d.height = static_cast<int>(layout.height);
  d.orientation = field(tiff.get(), TIFFTAG_ORIENTATION);
  std::uint32_t size = 0;
  const void* profile = nullptr;
  if (options.profile && TIFFGetField(tiff.get(), TIFFTAG_ICCPROFILE, &size, &profile) == 1)
    d.profile.assign(static_cast<const char*>(profile), size);
  read_pixels(tiff.get(), where, layout, d, options.deep || !d.profile.empty());
  if (!d.data || messages.ended) give_up();
  if (pages.count > 1) add_remark(d.remark, first_of("page", pages.count));
  return d;
}

}  // namespace sumi::io
