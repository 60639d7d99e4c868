// Which codec reads or writes an image file.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <optional>
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
#include "engine/image/image_header.h"
#include "engine/image/metadata_in.h"
#include "engine/image/metadata_out.h"
#include "engine/serialize/file.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace fs = std::filesystem;

namespace {

// The name of the file's format, once its size is known to be within reason.
std::string checked_format(const std::string& where, const fs::path& path, const DecodeOptions& options) {
  const std::string format = probe_picture(path);
  if (format.empty())
    fail(where, "is not a picture (its first bytes fit no known format); remove or convert it");
  if (const auto size = claimed_size(format, path))
    check_size(where, size->first, size->second, fs::file_size(path), options.max_pixels);
  return format;
}

Decoded decode(const std::string& where, const fs::path& path, const DecodeOptions& options) {
  const std::string format = checked_format(where, path, options);
  Decoded d = format == "png"    ? decode_png(path, options)
              : format == "jpeg" ? decode_jpeg(path, options)
              : format == "bmp"  ? decode_bmp(path, options)
                                 : codecs().decode(path, format, options);
  add_remark(d.remark, frames_remark(format, path));
  if (format == "heif") return d;
  ReadMetadata read = read_metadata(format, path);
  d.metadata = std::move(read.kept);
  if (read.orientation != 1) d.orientation = read.orientation;
  return d;
}

// Some formats hold no gray with alpha, or none at all.
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

// What the format's header can say. libjpeg, asked for more, ends the process.
void check_sides(const std::string& where, const Samples& s, const std::string& extension, int most) {
  if (most > 0 && std::max(s.width, s.height) > most)
    fail(where, fmt::format("{}x{} pixels are too many: {} holds {} a side; use .png, or a smaller picture "
                            "(--max-size of convert)",
                            s.width, s.height, extension, most));
}

std::string encoded(const fs::path& path, const std::string& extension, const Samples& s, int quality) {
  std::optional<std::string> bytes;
  if (extension == ".png") bytes = encode_png(s);
  if (extension == ".jpg" || extension == ".jpeg") bytes = encode_jpeg(s, quality);
  if (extension == ".bmp" && s.channels == 4)
    bytes = write_bmp(static_cast<const std::uint8_t*>(s.data), s.width, s.height);
  return bytes ? std::move(*bytes) : codecs().encode(path, s, quality);
}

}  // namespace

Decoded decode_picture(const fs::path& path, const DecodeOptions& options) {
  const std::string where = "picture " + path.string();
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
    rgb = repeat_gray(s);
    s.channels += 2;
    s.data = rgb.data();
  }
  write_file_atomically(
      path, with_metadata(extension, encoded(path, extension, s, std::clamp(quality, 1, 100)), s.metadata));
}

}  // namespace sumi::io
