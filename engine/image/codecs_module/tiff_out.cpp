#include "engine/image/codecs_module/tiff_out.h"

#include <tiffio.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <sstream>

#include "engine/image/byte_order.h"
#include "engine/image/exif.h"

namespace sumi::io {
namespace {

struct Memory {
  std::string bytes;
  std::size_t at = 0;
};

tmsize_t read_memory(thandle_t handle, void* to, tmsize_t count) {
  auto& memory = *static_cast<Memory*>(handle);
  const std::size_t left = memory.bytes.size() - std::min(memory.at, memory.bytes.size());
  const std::size_t taken = std::min(left, static_cast<std::size_t>(count));
  std::memcpy(to, memory.bytes.data() + memory.bytes.size() - left, taken);
  memory.at += taken;
  return static_cast<tmsize_t>(taken);
}

tmsize_t write_memory(thandle_t handle, void* from, tmsize_t count) {
  auto& memory = *static_cast<Memory*>(handle);
  const auto bytes = static_cast<std::size_t>(count);
  if (memory.at + bytes > memory.bytes.size()) memory.bytes.resize(memory.at + bytes);
  std::memcpy(memory.bytes.data() + memory.at, from, bytes);
  memory.at += bytes;
  return count;
}

toff_t seek_memory(thandle_t handle, toff_t offset, int whence) {
  auto& memory = *static_cast<Memory*>(handle);
  memory.at = static_cast<std::size_t>(offset) + (whence == SEEK_CUR   ? memory.at
                                                  : whence == SEEK_END ? memory.bytes.size()
                                                                       : 0);
  return memory.at;
}

int close_memory(thandle_t) {
  return 0;
}
toff_t size_of_memory(thandle_t handle) {
  return static_cast<Memory*>(handle)->bytes.size();
}

// Sets the text fields that libtiff knows by these names.
void set_texts(TIFF* tiff, const Exif& exif) {
  for (const ExifField& field : exif.main) {
    constexpr std::uint16_t kText = 2;
    if (field.type == kText && field.bytes.find('\0') != std::string::npos)
      TIFFSetField(tiff, field.tag, field.bytes.c_str());
  }
}

void set_fields(TIFF* tiff, const Samples& s) {
  const std::uint16_t unassociated = EXTRASAMPLE_UNASSALPHA;
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(s.width));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(s.height));
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, s.depth);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, s.channels);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, s.channels < 3 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
  TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, std::uint32_t{64});
  if (s.channels % 2 == 0) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &unassociated);
  if (s.metadata.dpi_x <= 0) return;
  TIFFSetField(tiff, TIFFTAG_XRESOLUTION, s.metadata.dpi_x);
  TIFFSetField(tiff, TIFFTAG_YRESOLUTION, s.metadata.dpi_y);
  TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
}

// Appends a directory that a tag refers to: the entry of `tag` in the first directory receives its
// offset.
void append_directory(std::string& bytes, std::uint16_t tag, const std::vector<ExifField>& fields,
                      bool big_endian) {
  bytes.resize(bytes.size() + bytes.size() % 2);
  const std::size_t directory = number_at(bytes, 4, 4, big_endian), offset = bytes.size();
  for (std::size_t i = 0, at = directory + 2; i < number_at(bytes, directory, 2, big_endian); ++i, at += 12)
    if (number_at(bytes, at, 2, big_endian) == tag)
      bytes.replace(at + 8, 4, number_bytes(static_cast<std::uint32_t>(offset), 4, big_endian));
  bytes += directory_bytes(fields, static_cast<std::uint32_t>(offset), big_endian);
}

}  // namespace

std::string write_tiff(const Samples& s) {
  std::istringstream block(s.metadata.exif);
  const Exif exif = read_exif(block).value_or(Exif{});
  const std::size_t row =
      static_cast<std::size_t>(s.width) * static_cast<std::size_t>(s.channels * s.depth / 8);
  constexpr std::size_t kMostClassic = std::size_t{4'000'000'000};
  const bool small = row * static_cast<std::size_t>(s.height) < kMostClassic;  // else BigTIFF
  const std::string mode = std::string(exif.big_endian ? "wb" : "wl") + (small ? "" : "8");
  Memory memory;
  const auto quiet = [](TIFF*, void*, const char*, const char*, va_list) { return 1; };
  const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                             TIFFOpenOptionsFree);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), quiet, nullptr);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), quiet, nullptr);
  std::unique_ptr<TIFF, void (*)(TIFF*)> tiff(
      TIFFClientOpenExt("", mode.c_str(), &memory, read_memory, write_memory, seek_memory, close_memory,
                        size_of_memory, nullptr, nullptr, options.get()),
      TIFFClose);
  if (!tiff) return "";
  set_fields(tiff.get(), s);
  set_texts(tiff.get(), exif);
  if (small && !exif.camera.empty()) TIFFSetField(tiff.get(), TIFFTAG_EXIFIFD, toff_t{0});
  if (small && !exif.place.empty()) TIFFSetField(tiff.get(), TIFFTAG_GPSIFD, toff_t{0});
  std::string line(row, '\0');  // overwritten by the predictor
  for (int y = 0; y < s.height; ++y) {
    std::memcpy(line.data(), static_cast<const char*>(s.data) + static_cast<std::size_t>(y) * row, row);
    if (TIFFWriteScanline(tiff.get(), line.data(), static_cast<std::uint32_t>(y), 0) != 1) return "";
  }
  if (TIFFFlush(tiff.get()) != 1) return "";
  tiff.reset();
  if (small && !exif.camera.empty())
    append_directory(memory.bytes, TIFFTAG_EXIFIFD, exif.camera, exif.big_endian);
  if (small && !exif.place.empty())
    append_directory(memory.bytes, TIFFTAG_GPSIFD, exif.place, exif.big_endian);
  return std::move(memory.bytes);
}

}  // namespace sumi::io
