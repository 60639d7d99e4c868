// Selects the codec that reads or writes an image file.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <new>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/image/codecs.h"
#include "engine/image/codecs_direct/bmp.h"
#include "engine/image/codecs_direct/jpeg.h"
#include "engine/image/codecs_direct/jpeg_out.h"
#include "engine/image/codecs_direct/png.h"
#include "engine/image/decode.h"
#include "engine/image/encode.h"
#include "engine/image/frame_count.h"
#include "engine/image/image.h"
#include "engine/image/image_file.h"
#include "engine/image/image_formats.h"
#include "engine/image/image_header.h"
#include "engine/image/metadata_in.h"
#include "engine/image/metadata_out.h"
#include "engine/serialize/file.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace fs = std::filesystem;

namespace {

// The codecs of this library. Every other format is left to the module (engine/image/codecs.h), and
// so are samples for which `encode` returns nothing.
struct DirectCodec {
  std::string_view format;  // ImageFormat::name
  Decoded (*decode)(const fs::path& path, const DecodeOptions& options);
  std::optional<std::string> (*encode)(const Samples& samples, int quality);
};
constexpr std::array<DirectCodec, 3> kDirectCodecs{
    {{"png", &decode_png, [](const Samples& s, int) { return encode_png(s); }},
     {"jpeg", &decode_jpeg, &encode_jpeg},
     {"bmp", &decode_bmp, [](const Samples& s, int) -> std::optional<std::string> {
        if (s.channels != 4) return std::nullopt;
        return write_bmp(static_cast<const std::uint8_t*>(s.data), s.width, s.height);
      }}}};

const DirectCodec* direct_codec(std::string_view format) {
  const auto* found = std::find_if(kDirectCodecs.begin(), kDirectCodecs.end(),
                                   [&](const DirectCodec& codec) { return codec.format == format; });
  return found == kDirectCodecs.end() ? nullptr : found;
}

// Returns the name of the file's format after checking its claimed size.
std::string checked_format(const std::string& where, const fs::path& path, const DecodeOptions& options) {
  const std::string format = probe_image(path);
  if (format.empty())
    fail(where, "is not an image (its first bytes fit no known format); remove or convert it");
  if (const auto size = claimed_size(format, path))
    check_size(where, size->first, size->second, fs::file_size(path), options.max_pixels);
  return format;
}

Decoded decode(const std::string& where, const fs::path& path, const DecodeOptions& options) {
  const std::string format = checked_format(where, path, options);
  const DirectCodec* direct = direct_codec(format);
  Decoded d = direct ? direct->decode(path, options) : codecs().decode(path, format, options);
  add_remark(d.remark, frames_remark(format, path));
  if (format == "heif") return d;
  ReadMetadata read = read_metadata(format, path);
  d.metadata = std::move(read.kept);
  if (read.orientation != 1) d.orientation = read.orientation;
  return d;
}

// Expands gray, with or without alpha, for formats that cannot hold it.
std::vector<std::uint8_t> repeat_gray(const Samples& s) {
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

// Checks the limits of the format's header. libjpeg would end the process beyond them.
void check_sides(const std::string& where, const Samples& s, const ImageFormat& format) {
  if (format.max_side > 0 && std::max(s.width, s.height) > format.max_side)
    fail(where, fmt::format("{}x{} pixels are too many: {} holds {} a side; use .png, or a smaller image "
                            "(--max-size of convert)",
                            s.width, s.height, format.extensions[0], format.max_side));
}

std::string encoded(const fs::path& path, const ImageFormat& format, const Samples& s, int quality) {
  std::optional<std::string> bytes;
  if (const DirectCodec* direct = direct_codec(format.name)) bytes = direct->encode(s, quality);
  return bytes ? std::move(*bytes) : codecs().encode(path, s, quality);
}

}  // namespace

Decoded decode_image(const fs::path& path, const DecodeOptions& options) {
  const std::string where = "image " + path.string();
  try {
    return decode(where, path, options);
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    fail(where, "needs more memory than there is; make it smaller first");
  } catch (const std::exception& error) {  // of a decoder
    fail(where, fmt::format("cannot be decoded: {}; it is damaged: copy it again", one_line(error.what())));
  }
}

std::string encoded_image(const fs::path& path, const Samples& samples, int quality) {
  const std::string where = "write " + path.string();
  const ImageFormat* format = writable_format(path);
  if (format == nullptr)
    fail(where, fmt::format("cannot write an image of type \"{}\"; use .png or another of {}",
                            extension_of(path), writable_names()));
  if (samples.width <= 0 || samples.height <= 0) fail(where, "the image has no pixels");
  check_sides(where, samples, *format);
  Samples s = samples;
  std::vector<std::uint8_t> rgb;
  if (s.depth == 8 && ((s.channels == 1 && !format->gray) || (s.channels == 2 && !format->gray_alpha))) {
    rgb = repeat_gray(s);
    s.channels += 2;
    s.data = rgb.data();
  }
  return with_metadata(*format, encoded(path, *format, s, std::clamp(quality, 1, 100)), s.metadata);
}

void encode_image(const fs::path& path, const Samples& samples, int quality) {
  write_file_atomically(path, encoded_image(path, samples, quality));
}

}  // namespace sumi::io
