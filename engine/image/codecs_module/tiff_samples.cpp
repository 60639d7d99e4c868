#include "engine/image/codecs_module/tiff_samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace sumi::io {
namespace {

template <class T>
T load(const std::uint8_t* at) {
  T v{};
  std::memcpy(&v, at, sizeof v);
  return v;
}

// `bits` up to 16, starting at bit `at`, most significant first.
std::uint32_t bits_at(const std::uint8_t* row, std::size_t at, unsigned bits) {
  std::uint32_t v = 0;
  for (unsigned done = 0; done < bits;) {
    const std::size_t bit = (at + done) % 8;
    const unsigned take = std::min<unsigned>(bits - done, static_cast<unsigned>(8 - bit));
    const unsigned part = row[(at + done) / 8] >> (8 - bit - take) & ((1U << take) - 1);
    v = v << take | part;
    done += take;
  }
  return v;
}

// IEEE 754 binary16.
double half_at(const std::uint8_t* at) {
  const unsigned v = load<std::uint16_t>(at), exponent = v >> 10 & 31, fraction = v & 1023;
  const double sign = (v & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) return fraction != 0 ? NAN : sign * HUGE_VAL;
  return sign * (exponent == 0 ? std::ldexp(fraction, -24)
                               : std::ldexp(fraction + 1024, static_cast<int>(exponent) - 25));
}

double float_at(const std::uint8_t* at, unsigned bits) {
  if (bits == 16) return half_at(at);
  return bits == 32 ? static_cast<double>(load<float>(at)) : load<double>(at);
}

// libtiff has converted samples of whole bytes to native byte order.
void unpack(const std::uint8_t* row, const TiffLayout& layout, FloatRange& range,
            std::vector<std::uint16_t>& values) {
  const unsigned bits = layout.bits;
  const bool index = layout.photometric == PHOTOMETRIC_PALETTE;
  const std::uint32_t most = bits < 16 ? (1U << bits) - 1 : 65535;
  const std::size_t bytes = bits / 8;
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint32_t v = 0;
    if (layout.format == SAMPLEFORMAT_IEEEFP)
      v = range.level(float_at(row + i * bytes, bits));
    else if (bits == 8)
      v = index ? row[i] : row[i] * 257U;
    else if (bits == 16)
      v = load<std::uint16_t>(row + 2 * i);
    else if (bits == 32)
      v = load<std::uint32_t>(row + 4 * i) >> 16;
    else if (bits == 24)
      v = row[3 * i + 1] | std::uint32_t{row[3 * i + 2]} << 8;
    else
      v = index ? bits_at(row, i * bits, bits) : (bits_at(row, i * bits, bits) * 65535U + most / 2) / most;
    values[i] = static_cast<std::uint16_t>(v);
  }
}

// One strip or tile: `columns` stored pixels per row, of which `row.pixels` belong to the image.
struct Block {
  std::uint32_t columns, rows;
  std::size_t row_bytes;
};

void hand_over(const std::uint8_t* data, const Block& block, const TiffLayout& layout, TiffRow row,
               FloatRange& range, const std::function<void(const TiffRow&)>& take) {
  std::vector<std::uint16_t> values(std::size_t{row.pixels} * row.samples);
  row.values = values.data();
  for (std::uint32_t y = 0; y < block.rows && row.y < layout.height; ++y, ++row.y) {
    unpack(data + y * block.row_bytes, layout, range, values);
    take(row);
  }
}

std::size_t bytes_of_row(const TiffLayout& layout, std::uint32_t columns, std::uint16_t samples) {
  return (std::size_t{columns} * samples * layout.bits + 7) / 8;
}

// libtiff guesses the location of a strip or tile that the file does not specify, and reads
// unrelated data.
bool has_place(TIFF* tiff, std::uint32_t block) {
  return TIFFGetStrileOffset(tiff, block) != 0 && TIFFGetStrileByteCount(tiff, block) != 0;
}

bool read_strips(TIFF* tiff, const TiffLayout& layout, std::uint16_t samples, FloatRange& range,
                 const std::function<void(const TiffRow&)>& take) {
  std::uint32_t rows = 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &rows);
  rows = std::min(rows, layout.height);
  if (rows == 0) return false;
  const Block block{layout.width, rows, bytes_of_row(layout, layout.width, samples)};
  std::vector<std::uint8_t> data(block.row_bytes * rows);
  std::uint32_t strip = 0;
  for (std::uint16_t first = 0; first < layout.samples; first = static_cast<std::uint16_t>(first + samples))
    for (std::uint32_t y = 0; y < layout.height; y += rows, ++strip) {
      const std::size_t bytes = block.row_bytes * std::min(rows, layout.height - y);
      if (!has_place(tiff, strip)) return false;
      const tmsize_t got = TIFFReadEncodedStrip(tiff, strip, data.data(), static_cast<tmsize_t>(bytes));
      if (got != static_cast<tmsize_t>(bytes)) return false;
      hand_over(data.data(), block, layout, {0, y, layout.width, first, samples, nullptr}, range, take);
    }
  return true;
}

bool read_tiles(TIFF* tiff, const TiffLayout& layout, std::uint16_t samples, FloatRange& range,
                const std::function<void(const TiffRow&)>& take) {
  std::uint32_t width = 0, height = 0;
  TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height);
  constexpr std::uint32_t kMost = 1 << 15;
  if (width == 0 || height == 0 || width > kMost || height > kMost) return false;
  const Block block{width, height, bytes_of_row(layout, width, samples)};
  const std::size_t bytes = block.row_bytes * height;
  if (TIFFTileSize64(tiff) != bytes) return false;
  std::vector<std::uint8_t> data(bytes);
  std::uint32_t tile = 0;
  for (std::uint16_t first = 0; first < layout.samples; first = static_cast<std::uint16_t>(first + samples))
    for (std::uint32_t y = 0; y < layout.height; y += height)
      for (std::uint32_t x = 0; x < layout.width; x += width, ++tile) {
        if (!has_place(tiff, tile)) return false;
        const tmsize_t got = TIFFReadEncodedTile(tiff, tile, data.data(), static_cast<tmsize_t>(bytes));
        if (got != static_cast<tmsize_t>(bytes)) return false;
        hand_over(data.data(), block, layout,
                  {x, y, std::min(width, layout.width - x), first, samples, nullptr}, range, take);
      }
  return true;
}

}  // namespace

std::string tiff_objection(const TiffLayout& layout) {
  const unsigned bits = layout.bits;
  if (layout.format == SAMPLEFORMAT_INT) return "has signed samples; save it with unsigned ones";
  if (layout.format == SAMPLEFORMAT_IEEEFP)
    return bits == 16 || bits == 32 || bits == 64
               ? ""
               : fmt::format("has float samples of {} bits; save it with 32", bits);
  if (layout.format != SAMPLEFORMAT_UINT && layout.format != SAMPLEFORMAT_VOID)
    return "has complex samples, which are no colors; save its magnitude";
  if (!(bits >= 1 && bits <= 16) && bits != 24 && bits != 32)
    return fmt::format("has samples of {} bits; save it with 8 or 16", bits);
  return "";
}

bool read_tiff_rows(TIFF* tiff, const TiffLayout& layout, FloatRange& range,
                    const std::function<void(const TiffRow&)>& take) {
  const std::uint16_t samples = layout.planes ? 1 : layout.samples;
  return TIFFIsTiled(tiff) ? read_tiles(tiff, layout, samples, range, take)
                           : read_strips(tiff, layout, samples, range, take);
}

}  // namespace sumi::io
