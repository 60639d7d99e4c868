#include "engine/image/codecs_direct/png.h"

#include <fmt/format.h>
#include <png.h>

#include <array>
#include <bit>
#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include "engine/image/image_header.h"
#include "engine/serialize/file.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace {

constexpr std::uint64_t kMostBytes = 1ULL << 31;

// The state of libpng's callbacks. Warnings are harmless and not shown.
struct PngState {
  std::string_view unread;
  std::string written;
  std::array<char, 80> error{};
};

PngState& state_of(png_structp png) {
  return *static_cast<PngState*>(png_get_io_ptr(png));
}
[[noreturn]] void png_failed(png_structp png, png_const_charp what) {
  std::array<char, 80>& error = static_cast<PngState*>(png_get_error_ptr(png))->error;
  std::strncpy(error.data(), what, error.size() - 1);
  png_longjmp(png, 1);
}
void png_warned(png_structp, png_const_charp) {}
void read_bytes(png_structp png, png_bytep to, std::size_t count) {
  std::string_view& unread = state_of(png).unread;
  if (count > unread.size()) png_error(png, "it ends early");
  std::memcpy(to, unread.data(), count);
  unread.remove_prefix(count);
}
void write_bytes(png_structp png, png_bytep from, std::size_t count) {
  bool full = false;
  try {
    state_of(png).written.append(reinterpret_cast<const char*>(from), count);
  } catch (const std::bad_alloc&) {  // must not propagate through libpng, which is C
    full = true;
  }
  if (full) png_error(png, "no memory");
}

// Returns true if `work`, which calls libpng and holds nothing with a destructor, completes.
template <class Work>
bool completes(png_structp png, const Work& work) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  work();
  return true;
}

struct PngReader {
  explicit PngReader(std::string_view file) : state{file, {}, {}} {
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, png_failed, png_warned);
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) throw std::bad_alloc();
    png_set_read_fn(png, &state, read_bytes);
  }
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  PngState state;
  png_structp png = nullptr;
  png_infop info = nullptr;
};

struct PngWriter {
  PngWriter() {
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state, png_failed, png_warned);
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) throw std::bad_alloc();
    png_set_write_fn(png, &state, write_bytes, nullptr);
  }
  ~PngWriter() { png_destroy_write_struct(&png, &info); }
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;

  PngState state;
  png_structp png = nullptr;
  png_infop info = nullptr;
};

std::string profile_of(const PngReader& in) {
  png_charp name = nullptr;
  int compression = 0;
  png_bytep profile = nullptr;
  png_uint_32 bytes = 0;
  if (png_get_iCCP(in.png, in.info, &name, &compression, &profile, &bytes) == 0) return "";
  return {reinterpret_cast<const char*>(profile), bytes};
}

// Palettes and few bits become 8-bit samples; a transparent color becomes alpha.
void set_transforms(const PngReader& in, int depth) {
  png_set_expand(in.png);
  if (depth == 8) png_set_scale_16(in.png);
  if (depth == 16 && std::endian::native == std::endian::little) png_set_swap(in.png);
  png_set_interlace_handling(in.png);
  png_read_update_info(in.png, in.info);
}

std::vector<png_bytep> rows_of(std::uint8_t* data, int height, std::size_t row_bytes) {
  std::vector<png_bytep> rows(static_cast<std::size_t>(height));
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = data + y * row_bytes;
  return rows;
}

}  // namespace

Decoded decode_png(const std::filesystem::path& path, const DecodeOptions& options) {
  const std::string where = "image " + path.string();
  const std::string file = read_file(path, kMostBytes);
  PngReader in(file);
  const auto read = [&](const auto& work) {
    if (!completes(in.png, work))
      fail(where, fmt::format("cannot be decoded: {}; it is truncated or damaged: copy it again",
                              in.state.error.data()));
  };
  read([&] { png_read_info(in.png, in.info); });
  const png_uint_32 width = png_get_image_width(in.png, in.info),
                    height = png_get_image_height(in.png, in.info);
  check_size(where, width, height, file.size(), options.max_pixels);
  Decoded d;
  d.width = static_cast<int>(width);
  d.height = static_cast<int>(height);
  if (options.profile) d.profile = profile_of(in);
  const bool deep = png_get_bit_depth(in.png, in.info) == 16 && (options.deep || !d.profile.empty());
  d.depth = deep ? 16 : 8;
  read([&] { set_transforms(in, d.depth); });
  d.channels = png_get_channels(in.png, in.info);
  d.alpha = d.channels % 2 == 0 ? d.channels - 1 : -1;
  d.straight = d.alpha >= 0;
  const std::size_t row_bytes = png_get_rowbytes(in.png, in.info);
  d.data = zeroed(row_bytes * static_cast<std::size_t>(d.height));
  std::vector<png_bytep> rows = rows_of(d.data.get(), d.height, row_bytes);
  read([&] { png_read_image(in.png, rows.data()); });  // later chunks hold no pixels
  return d;
}

std::optional<std::string> encode_png(const Samples& s) {
  constexpr int kColorTypes[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                 PNG_COLOR_TYPE_RGB_ALPHA};
  PngWriter out;
  const std::size_t row_bytes = static_cast<std::size_t>(s.width) * static_cast<std::size_t>(s.channels) *
                                static_cast<std::size_t>(s.depth / 8);
  // libpng only reads the samples
  auto* data = const_cast<std::uint8_t*>(static_cast<const std::uint8_t*>(s.data));
  std::vector<png_bytep> rows = rows_of(data, s.height, row_bytes);
  const bool done = completes(out.png, [&] {
    png_set_IHDR(out.png, out.info, static_cast<png_uint_32>(s.width), static_cast<png_uint_32>(s.height),
                 s.depth, kColorTypes[s.channels - 1], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(out.png, out.info);
    if (s.depth == 16 && std::endian::native == std::endian::little) png_set_swap(out.png);
    png_write_image(out.png, rows.data());
    png_write_end(out.png, out.info);
  });
  if (!done) return {};
  return std::move(out.state.written);
}

}  // namespace sumi::io
