#include "engine/image/metadata_out.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "engine/image/byte_order.h"

namespace sumi::io {
namespace {

// Dots per meter.
std::uint32_t per_meter(double dpi) {
  return static_cast<std::uint32_t>(std::lround(std::clamp(dpi / 0.0254, 0.0, 1e9)));
}

std::string png_chunk(const std::string& type, const std::string& body) {
  const std::string typed = type + body;
  const auto sum = ::crc32(0, reinterpret_cast<const Bytef*>(typed.data()), static_cast<uInt>(typed.size()));
  return number_bytes(static_cast<std::uint32_t>(body.size()), 4, true) + typed +
         number_bytes(static_cast<std::uint32_t>(sum), 4, true);
}

// After IHDR, which has 25 bytes at offset 8.
void add_to_png(std::string& bytes, const Metadata& metadata) {
  std::string chunks;
  if (metadata.dpi_x > 0)
    chunks += png_chunk("pHYs", number_bytes(per_meter(metadata.dpi_x), 4, true) +
                                    number_bytes(per_meter(metadata.dpi_y), 4, true) + '\1');
  if (!metadata.exif.empty()) chunks += png_chunk("eXIf", metadata.exif);
  if (bytes.size() > 33) bytes.insert(33, chunks);
}

// Into and after the JFIF segment, which comes first.
void add_to_jpeg(std::string& bytes, const Metadata& metadata) {
  if (bytes.size() < 20 || bytes.compare(2, 2, "\xff\xe0") != 0 || bytes.compare(6, 4, "JFIF") != 0) return;
  const auto dots = [](double dpi) {
    return static_cast<std::uint32_t>(std::clamp(std::lround(dpi), 1L, 65535L));
  };
  if (metadata.dpi_x > 0)
    bytes.replace(
        13, 5,
        '\1' + number_bytes(dots(metadata.dpi_x), 2, true) + number_bytes(dots(metadata.dpi_y), 2, true));
  if (metadata.exif.empty()) return;
  const std::string body = std::string("Exif\0\0", 6) + metadata.exif;
  const std::size_t end =
      4 + (static_cast<unsigned char>(bytes[4]) << 8 | static_cast<unsigned char>(bytes[5]));
  bytes.insert(std::min(end, bytes.size()),
               "\xff\xe1" + number_bytes(static_cast<std::uint32_t>(body.size() + 2), 2, true) + body);
}

void add_to_bmp(std::string& bytes, const Metadata& metadata) {
  if (metadata.dpi_x <= 0 || bytes.size() < 54) return;
  for (const auto& [at, dpi] : {std::pair{38, metadata.dpi_x}, {42, metadata.dpi_y}}) {
    bytes.replace(static_cast<std::size_t>(at), 4, number_bytes(per_meter(dpi), 4, false));
  }
}

}  // namespace

std::string with_metadata(const ImageFormat& format, std::string bytes, const Metadata& metadata) {
  if (format.name == "png") add_to_png(bytes, metadata);
  if (format.name == "jpeg") add_to_jpeg(bytes, metadata);
  if (format.name == "bmp") add_to_bmp(bytes, metadata);
  return bytes;
}

}  // namespace sumi::io
