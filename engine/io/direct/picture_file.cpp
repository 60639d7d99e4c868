// Which codec reads or writes an image file.
#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <optional>

#include "engine/file.h"
#include "engine/io/codecs.h"
#include "engine/io/decode.h"
#include "engine/io/direct/jpeg_file.h"
#include "engine/io/direct/png_file.h"
#include "engine/io/encode.h"
#include "engine/io/image.h"
#include "engine/io/image_file.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMostBytes = 1ULL << 30;  // of a file that is read whole

// PNG and JPEG by their own libraries. Nothing for other formats, for what is unusual and for a JPEG that libjpeg complains of:
// those are the module's.
std::optional<Decoded> decode_directly(const std::string& where, const std::string& format,
                                       const fs::path& path, const DecodeOptions& options) {
  if ((format != "png" && format != "jpeg") || fs::file_size(path) > kMostBytes) return {};
  const std::string file = read_file(path, kMostBytes);
  return format == "png" ? decode_png(where, file, options) : decode_jpeg(where, file, options);
}

bool is_jpeg(const std::string& extension) {
  return extension == ".jpg" || extension == ".jpeg";
}

// What the format's header can say. libjpeg, asked for more, ends the process.
void check_sides(const std::string& where, const Samples& s, const std::string& extension) {
  const int most = is_jpeg(extension)     ? 65500
                   : extension == ".tga"  ? 65535
                   : extension == ".webp" ? 16383
                                          : 0;
  if (most > 0 && std::max(s.width, s.height) > most)
    fail(where, fmt::format("{}x{} pixels are too many: {} holds {} a side; use .png, or a smaller picture "
                            "(--max-size of convert)",
                            s.width, s.height, extension, most));
}

}  // namespace

Decoded decode_picture(const fs::path& path, const DecodeOptions& options) {
  const std::string where = "picture " + path.string();
  try {
    const std::string format = probe_picture(path);
    if (auto decoded = decode_directly(where, format, path, options)) return std::move(*decoded);
    return codecs().decode(path, options);
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
  if (!has_writable_extension(path))
    fail(where,
         fmt::format("cannot write a picture of type \"{}\"; use .png .jpg .webp .tif .bmp .tga or .ppm",
                     extension));
  if (samples.width <= 0 || samples.height <= 0) fail(where, "the picture has no pixels");
  check_sides(where, samples, extension);
  std::optional<std::string> bytes;
  if (extension == ".png") bytes = encode_png(samples);
  if (is_jpeg(extension)) bytes = encode_jpeg(samples, quality);
  if (!bytes) bytes = codecs().encode(path, samples, quality);
  write_file_atomically(path, *bytes);
}

}  // namespace sumi::io
