#include "engine/image/codecs_direct/bmp.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "engine/image/byte_order.h"
#include "engine/image/image_file.h"
#include "engine/image/image_header.h"
#include "engine/serialize/file.h"
#include "kernels/base/check.h"

namespace sumi::io {
namespace {

constexpr std::size_t kFileHeader = 14;

enum Compression : std::uint32_t { kNone, kRuns8, kRuns4, kMasks, kJpeg, kPng, kAlphaMasks };

// The file's bytes; bytes beyond the end are 0.
struct BmpFile {
  std::string bytes;

  std::uint32_t number(std::size_t at, std::size_t count) const { return number_at(bytes, at, count, false); }
  unsigned byte(std::size_t at) const {
    return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
  }
};

struct BmpHeader {
  std::int64_t width = 0, height = 0;
  bool from_top = false;
  unsigned bits = 0;
  std::uint32_t compression = kNone;
  std::size_t pixels = 0;                            // where they start
  std::array<std::uint32_t, 4> masks{};              // red, green, blue, alpha; for 16 and 32 bits
  std::vector<std::array<std::uint8_t, 3>> palette;  // for 1 to 8 bits
  std::size_t profile_at = 0, profile_bytes = 0;

  bool has_runs() const { return compression == kRuns8 || compression == kRuns4; }
  std::size_t row_bytes() const { return (static_cast<std::size_t>(width) * bits + 31) / 32 * 4; }
};

void read_masks(const BmpFile& file, std::uint32_t size, BmpHeader& h) {
  constexpr std::size_t kAt = kFileHeader + 40;
  if (h.bits != 16 && h.bits != 32) return;
  if (h.compression == kNone) {
    h.masks = h.bits == 16 ? std::array<std::uint32_t, 4>{0x7c00, 0x3e0, 0x1f, 0}
                           : std::array<std::uint32_t, 4>{0xff0000, 0xff00, 0xff, 0};
    return;
  }
  const bool alpha = size >= 56 || h.compression == kAlphaMasks;
  for (std::size_t c = 0; c < (alpha ? 4 : 3); ++c) h.masks[c] = file.number(kAt + 4 * c, 4);
  if (h.bits == 16)
    for (std::uint32_t& mask : h.masks) mask &= 0xffff;
}

void read_bmp_palette(const BmpFile& file, std::uint32_t size, std::uint32_t used, BmpHeader& h) {
  const std::size_t entry = size == 12 ? 3 : 4, most = std::size_t{1} << h.bits;
  const bool behind = size == 40 && (h.compression == kMasks || h.compression == kAlphaMasks);
  const std::size_t at = kFileHeader + size + (behind ? (h.compression == kMasks ? 12U : 16U) : 0U);
  if (h.bits <= 8) {
    std::size_t count = used == 0 ? most : std::min<std::size_t>(used, most);
    if (h.pixels > at) count = std::min(count, (h.pixels - at) / entry);
    h.palette.resize(most);
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t c = 0; c < 3; ++c)
        h.palette[i][c] = static_cast<std::uint8_t>(file.byte(at + i * entry + 2 - c));
    if (h.pixels == 0) h.pixels = at + count * entry;
  }
  if (h.pixels == 0) h.pixels = at;
}

BmpHeader read_bmp_header(const BmpFile& file, const std::string& where) {
  BmpHeader h;
  const std::uint32_t size = file.number(14, 4);
  h.pixels = file.number(10, 4);
  std::uint32_t used = 0;
  if (size == 12) {
    h.width = file.number(18, 2);
    h.height = file.number(20, 2);
    h.bits = file.number(24, 2);
  } else if (size >= 16 && size <= 256) {
    h.width = static_cast<std::int32_t>(file.number(18, 4));
    h.height = static_cast<std::int32_t>(file.number(22, 4));
    h.bits = file.number(28, 2);
    if (size >= 40) {
      h.compression = file.number(30, 4);
      used = file.number(46, 4);
    }
  }
  h.from_top = h.height < 0;
  h.height = h.from_top ? -h.height : h.height;
  if (h.width <= 0 || h.height <= 0 || h.width > 1 << 30 || h.height > 1 << 30)
    fail(where,
         fmt::format("has the impossible size {}x{}; it is damaged: copy it again", h.width, h.height));
  constexpr std::array<unsigned, 7> kBits{1, 2, 4, 8, 16, 24, 32};
  const bool os2 = size == 16 || size == 64;  // where compressions 3 and 4 mean something else
  const bool good =
      std::count(kBits.begin(), kBits.end(), h.bits) == 1 &&
      (h.compression == kNone || (h.compression == kRuns8 && h.bits == 8) ||
       (h.compression == kRuns4 && h.bits == 4) ||
       ((h.compression == kMasks || h.compression == kAlphaMasks) && !os2 && (h.bits == 16 || h.bits == 32)));
  if (!good)
    fail(where,
         fmt::format("is a BMP of {} bits with compression {}, which sumi does not read; save it as PNG",
                     h.bits, h.compression));
  read_masks(file, size, h);
  read_bmp_palette(file, size, used, h);
  if (size >= 124 && file.number(kFileHeader + 56, 4) == 0x4d424544) {  // 'MBED'
    h.profile_at = kFileHeader + file.number(kFileHeader + 112, 4);
    h.profile_bytes = file.number(kFileHeader + 116, 4);
  }
  return h;
}

// Indices [height, width] of a run-length encoded image, rows from the bottom. Returns false if it
// ends before its end marker.
bool read_runs(const BmpFile& file, const BmpHeader& h, std::vector<std::uint8_t>& out) {
  const auto width = static_cast<std::size_t>(h.width), height = static_cast<std::size_t>(h.height);
  out.assign(width * height, 0);
  std::size_t x = 0, y = 0, at = h.pixels;
  const auto put = [&](unsigned v) {
    if (x < width && y < height) out[y * width + x] = static_cast<std::uint8_t>(v);
    ++x;
  };
  const bool nibbles = h.compression == kRuns4;
  const auto put_of = [&](unsigned byte, std::size_t i) {
    put(!nibbles ? byte : i % 2 == 0 ? byte >> 4 : byte & 15);
  };
  while (at + 2 <= file.bytes.size()) {
    const unsigned count = file.byte(at), value = file.byte(at + 1);
    at += 2;
    if (count > 0) {
      for (std::size_t i = 0; i < count; ++i) put_of(value, i);
    } else if (value == 0) {
      x = 0;
      ++y;
    } else if (value == 1) {
      return true;
    } else if (value == 2) {
      x += file.byte(at);
      y += file.byte(at + 1);
      at += 2;
    } else {
      for (std::size_t i = 0; i < value; ++i) put_of(file.byte(at + (nibbles ? i / 2 : i)), i);
      at += (nibbles ? (value + 3) / 4 : (value + 1) / 2) * 2;
    }
    if (y >= height && at + 2 > file.bytes.size()) return true;
  }
  return y >= height;
}

unsigned masked(std::uint32_t pixel, std::uint32_t mask) {
  if (mask == 0) return 0;
  const int shift = std::countr_zero(mask);
  const std::uint64_t most = mask >> shift;
  return static_cast<unsigned>(((pixel & mask) >> shift) * std::uint64_t{510} / most + 1) / 2;
}

// Converts one stored row to RGB or RGBA.
void unpack_bmp(const BmpFile& file, const BmpHeader& h, std::size_t at, std::uint8_t* to) {
  const unsigned bits = h.bits, bytes = bits / 8;
  for (std::size_t x = 0; x < static_cast<std::size_t>(h.width); ++x) {
    if (bits <= 8) {
      const std::size_t bit = x * bits;
      const unsigned index = file.byte(at + bit / 8) >> (8 - bits - bit % 8) & ((1U << bits) - 1);
      to = std::copy_n(h.palette[index].begin(), 3, to);
    } else if (bits == 24) {
      for (std::size_t c = 0; c < 3; ++c) *to++ = static_cast<std::uint8_t>(file.byte(at + 3 * x + 2 - c));
    } else {
      const std::uint32_t pixel = file.number(at + x * bytes, bytes);
      for (std::size_t c = 0; c < (h.masks[3] != 0 ? 4 : 3); ++c)
        *to++ = static_cast<std::uint8_t>(masked(pixel, h.masks[c]));
    }
  }
}

// Alpha that is 0 everywhere is not meant: the writing program left the byte unset.
void drop_empty_alpha(Decoded& d) {
  for (std::size_t i = 0; i < d.pixels(); ++i)
    if (d.data[4 * i + 3] != 0) return;
  for (std::size_t i = 0; i < d.pixels(); ++i) d.data[4 * i + 3] = 255;
}

}  // namespace

Decoded decode_bmp(const std::filesystem::path& path, const DecodeOptions& options) {
  const std::string where = "image " + path.string();
  const BmpFile file{read_file(path, kMaxImageBytes)};
  const BmpHeader h = read_bmp_header(file, where);
  check_size(where, h.width, h.height, file.bytes.size(), options.max_pixels);
  Decoded d;
  d.width = static_cast<int>(h.width);
  d.height = static_cast<int>(h.height);
  d.channels = h.masks[3] != 0 ? 4 : 3;
  d.alpha = h.masks[3] != 0 ? 3 : -1;
  d.straight = true;
  d.data = zeroed(d.pixels() * static_cast<std::size_t>(d.channels));
  const auto width = static_cast<std::size_t>(d.width), height = static_cast<std::size_t>(d.height);
  const auto row_of = [&](std::size_t y) {
    return d.data.get() + (h.from_top ? y : height - 1 - y) * width * static_cast<std::size_t>(d.channels);
  };
  const char* const cut = "is truncated or damaged (a BMP of too few pixels); copy it again";
  if (h.has_runs()) {
    std::vector<std::uint8_t> indices;
    if (!read_runs(file, h, indices)) fail(where, cut);
    for (std::size_t y = 0; y < height; ++y)
      for (std::size_t x = 0; x < width; ++x)
        std::copy_n(h.palette[indices[y * width + x]].begin(), 3, row_of(y) + 3 * x);
  } else {
    // Padding after the last row may be missing.
    const std::size_t needed = h.row_bytes() * (height - 1) + (width * h.bits + 7) / 8;
    if (h.pixels > file.bytes.size() || needed > file.bytes.size() - h.pixels) fail(where, cut);
    for (std::size_t y = 0; y < height; ++y) unpack_bmp(file, h, h.pixels + y * h.row_bytes(), row_of(y));
  }
  if (d.alpha >= 0) drop_empty_alpha(d);
  if (options.profile && h.profile_at < file.bytes.size())
    d.profile = file.bytes.substr(h.profile_at, h.profile_bytes);
  return d;
}

std::string write_bmp(const std::uint8_t* rgba, int width, int height) {
  constexpr std::uint32_t kHeader = 108;
  const auto w = static_cast<std::uint32_t>(width), h = static_cast<std::uint32_t>(height);
  const auto pixels = std::size_t{w} * h;
  std::string file = "BM";
  const auto put = [&](std::uint32_t v, std::size_t bytes) { file += number_bytes(v, bytes, false); };
  for (const std::uint32_t v : {static_cast<std::uint32_t>(kFileHeader + kHeader + 4 * pixels), 0U,
                                static_cast<std::uint32_t>(kFileHeader) + kHeader, kHeader, w, h})
    put(v, 4);
  put(1, 2);
  put(32, 2);
  for (const std::uint32_t v :
       {std::uint32_t{kMasks}, static_cast<std::uint32_t>(4 * pixels), 2835U, 2835U, 0U, 0U, 0xff0000U,
        0xff00U, 0xffU, 0xff000000U, 0x73524742U})  // 72 dpi; 'sRGB'
    put(v, 4);
  file.resize(kFileHeader + kHeader);
  file.reserve(file.size() + 4 * pixels);
  for (std::uint32_t y = h; y-- > 0;)
    for (std::uint32_t x = 0; x < w; ++x) {
      const std::uint8_t* p = rgba + 4 * (std::size_t{y} * w + x);
      for (const std::size_t c : {2U, 1U, 0U, 3U}) file += static_cast<char>(p[c]);
    }
  return file;
}

}  // namespace sumi::io
