#include <OpenImageIO/filesystem.h>
#include <OpenImageIO/imageio.h>
#include <OpenImageIO/tiffutils.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <mutex>

#include "engine/io/encode.h"
#include "engine/io/image_file.h"
#include "engine/io/picture_size.h"
#include "engine/io/pictures/heif.h"
#include "engine/io/pictures/jpeg.h"
#include "engine/io/pictures/library_codecs.h"
#include "engine/io/pictures/webp.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace fs = std::filesystem;

namespace {

constexpr int kMaxChannels = 64;  // readers take memory for all of them, of which four are used

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// OpenEXR alone starts a thread pool when it reads; training's threads are OpenMP's.
void forbid_pools() {
  static std::once_flag once;
  std::call_once(once, [] { OIIO::attribute("exr_threads", -1); });
}

// A decoder, and the memory that it reads where that is not the file itself.
struct OpenedInput {
  std::vector<char> bytes;
  std::unique_ptr<OIIO::Filesystem::IOMemReader> memory;
  std::unique_ptr<OIIO::ImageInput> input;
};

// The name of the file's format, once its size is known to be within reason.
std::string checked_format(const std::string& where, const fs::path& path, const DecodeOptions& options) {
  const std::string format = probe_picture(path);
  if (format.empty())
    fail(where, "is not a picture (its first bytes fit no known format); remove or convert it");
  if (const auto size = claimed_size(format, path))
    check_size(where, size->first, size->second, fs::file_size(path), options.max_pixels);
  return format;
}

OpenedInput open_input(const std::string& where, const fs::path& path, const std::string& format,
                       bool raw_inks) {
  OpenedInput source;
  source.input = OIIO::ImageInput::create(format);
  auto& input = source.input;
  if (!input) {
    OIIO::geterror();
    fail(where, fmt::format("is {}, which this OpenImageIO cannot read; convert it to PNG", format));
  }
  input->threads(1);
  if (format == "jpeg") source.bytes = without_photoshop(path);
  if (!source.bytes.empty()) {
    source.memory = std::make_unique<OIIO::Filesystem::IOMemReader>(source.bytes.data(), source.bytes.size());
    input->set_ioproxy(source.memory.get());
  }
  OIIO::ImageSpec wish, spec;
  wish["oiio:UnassociatedAlpha"] = 1;
  if (raw_inks) wish["oiio:RawColor"] = 1;
  if (!input->open(path.string(), spec, wish))
    fail(where,
         fmt::format("cannot be decoded: {}; it is damaged: copy it again", one_line(input->geterror())));
  return source;
}

int webp_orientation(const fs::path& path) {
  const std::string exif = webp_chunk(path, "EXIF");
  OIIO::ImageSpec spec;
  OIIO::decode_exif(OIIO::string_view(exif), spec);
  return spec.get_int_attribute("Orientation", 1);
}

// What the header tells, with all that is checked before memory is taken.
Decoded describe(const fs::path& path, const OIIO::ImageInput& input, const DecodeOptions& options) {
  const std::string where = "picture " + path.string();
  const OIIO::ImageSpec& spec = input.spec();
  if (spec.width <= 0 || spec.height <= 0 || spec.nchannels <= 0 || spec.depth > 1)
    fail(where,
         fmt::format("has the impossible size {}x{}; it is damaged: copy it again", spec.width, spec.height));
  check_size(where, spec.width, spec.height, fs::file_size(path), options.max_pixels);
  if (spec.nchannels > kMaxChannels)
    fail(where, fmt::format("has {} channels, more than {}; keep colour and alpha only", spec.nchannels,
                            kMaxChannels));
  Decoded d;
  d.width = spec.width;
  d.height = spec.height;
  d.channels = std::min(spec.nchannels, 4);
  d.alpha = spec.alpha_channel >= 0 && spec.alpha_channel < d.channels ? spec.alpha_channel : -1;
  d.straight = spec.get_int_attribute("oiio:UnassociatedAlpha") != 0;
  d.orientation = spec.get_int_attribute("Orientation", 1);
  if (std::strcmp(input.format_name(), "gif") == 0) {  // 2.4 counts its alpha channel wrongly
    d.alpha = d.channels == 4 ? 3 : -1;
    d.straight = true;
  }
  d.linear =
      spec.format.is_floating_point() && lower(spec.get_string_attribute("oiio:ColorSpace")) == "linear";
  if (std::strcmp(input.format_name(), "webp") == 0) {
    if (options.profile) d.profile = webp_chunk(path, "ICCP");
    d.orientation = webp_orientation(path);
    d.straight = d.channels == 4;  // read_samples sees to it
  }
  if (const auto* p = options.profile ? spec.find_attribute("ICCProfile") : nullptr)
    d.profile.assign(static_cast<const char*>(p->data()), static_cast<std::size_t>(p->datasize()));
  d.depth = (options.deep || !d.profile.empty()) && spec.format.basesize() > 1 ? 16 : 8;
  return d;
}

void read_samples(const fs::path& path, OIIO::ImageInput& input, Decoded& d) {
  const std::string where = "picture " + path.string();
  // Memory is touched as it is decoded: a header that lies about its size costs little.
  d.data = std::make_unique_for_overwrite<std::uint8_t[]>(d.pixels() * static_cast<std::size_t>(d.channels) *
                                                          (d.depth == 16 ? 2 : 1));
  if (std::strcmp(input.format_name(), "webp") == 0 && d.channels == 4) {
    if (read_webp(path, d.width, d.height, d.data.get())) return;
    d.straight = false;  // an animation: OpenImageIO's first frame, near enough
  }
  const auto type = d.depth == 16 ? OIIO::TypeDesc::UINT16 : OIIO::TypeDesc::UINT8;
  const bool ok = input.read_image(0, 0, 0, d.channels, type, d.data.get());
  const auto message = input.geterror();
  // Some readers only warn and fill what is missing; of warnings, those of libjpeg about stray bytes are
  // harmless.
  const bool tolerable =
      std::strcmp(input.format_name(), "jpeg") == 0 && message.find("remature end") == std::string::npos;
  if (!ok || !(message.empty() || tolerable))
    fail(where,
         fmt::format("cannot be decoded: {}; it is truncated or damaged: copy it again", one_line(message)));
}

// A TIFF of inks with a profile, which OpenImageIO would turn to RGB without looking at the profile.
bool is_profiled_cmyk(const OIIO::ImageInput& input, const Decoded& d) {
  return !d.profile.empty() && input.spec().get_string_attribute("tiff:ColorSpace") == "CMYK";
}

}  // namespace

Decoded decode_by_library(const fs::path& path, const DecodeOptions& options) {
  const std::string where = "picture " + path.string();
  forbid_pools();
  const std::string format = checked_format(where, path, options);
  if (format == "heif") return decode_heif(path, options);
  OpenedInput source = open_input(where, path, format, false);
  Decoded d = describe(path, *source.input, options);
  if (is_profiled_cmyk(*source.input, d)) {
    source.input.reset();
    source = open_input(where, path, format, true);
    d = describe(path, *source.input, options);
    d.cmyk = d.channels == 4;
    if (d.cmyk) d.alpha = -1;
  }
  read_samples(path, *source.input, d);
  return d;
}

}  // namespace sumi::io
