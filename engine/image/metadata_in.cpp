#include "engine/image/metadata_in.h"

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string_view>

#include "engine/image/byte_order.h"
#include "engine/image/exif.h"

namespace sumi::io {
namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t kMostBlock = 1 << 20;
constexpr double kInchesInMeter = 0.0254;

std::string take(std::istream& in, std::size_t count) {
  std::string bytes(count, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(count));
  bytes.resize(in ? count : 0);
  return bytes;
}

ReadMetadata of_stream(std::istream& in) {
  ReadMetadata read;
  const auto exif = read_exif(in);
  if (!exif) return read;
  read.orientation = orientation_of(*exif);
  take_resolution(*exif, read.kept);
  read.kept.exif = kept_exif(*exif);
  return read;
}

void set_dpi(Metadata& metadata, double x, double y) {
  if (x <= 0 || y <= 0 || metadata.dpi_x > 0) return;
  metadata.dpi_x = x;
  metadata.dpi_y = y;
}

// Reads the segments up to the image data. Between segments it skips to the next marker, like
// libjpeg.
ReadMetadata of_jpeg(std::istream& in) {
  ReadMetadata read;
  std::string density;
  in.seekg(2);
  for (;;) {
    int byte = in.get();
    while (in && byte != 0xff) byte = in.get();
    while (in && byte == 0xff) byte = in.get();
    if (!in || byte == 0xda) break;
    if (byte <= 0x01 || (byte >= 0xd0 && byte <= 0xd9)) continue;  // a marker without a segment
    const std::string length = take(in, 2);
    const std::uint32_t size = number_at(length, 0, 2, true);
    if (length.empty() || size < 2) break;
    const std::string body = take(in, size - 2);
    if (byte == 0xe0 && body.starts_with("JFIF\0"sv)) density = body;
    if (byte == 0xe1 && body.starts_with("Exif\0\0"sv) && read.kept.exif.empty())
      read = metadata_of_exif(body);
  }
  const double scale = number_at(density, 7, 1, true) == 1   ? 1
                       : number_at(density, 7, 1, true) == 2 ? 2.54
                                                             : 0;
  set_dpi(read.kept, scale * number_at(density, 8, 2, true), scale * number_at(density, 10, 2, true));
  return read;
}

ReadMetadata of_png(std::istream& in) {
  ReadMetadata read;
  std::string physical;
  in.seekg(8);
  for (std::string head = take(in, 8); head.size() == 8; head = take(in, 8)) {
    const std::uint32_t size = number_at(head, 0, 4, true);
    const std::string type = head.substr(4);
    if (type == "IEND") break;
    if (size <= kMostBlock && (type == "eXIf" || type == "pHYs")) {
      const std::string body = take(in, size);
      if (type == "pHYs")
        physical = body;
      else
        read = metadata_of_exif(body);
    } else {
      in.seekg(static_cast<std::streamoff>(size), std::ios::cur);
    }
    in.seekg(4, std::ios::cur);
  }
  if (number_at(physical, 8, 1, true) == 1)
    set_dpi(read.kept, number_at(physical, 0, 4, true) * kInchesInMeter,
            number_at(physical, 4, 4, true) * kInchesInMeter);
  return read;
}

ReadMetadata of_webp(std::istream& in) {
  in.seekg(12);
  for (std::string head = take(in, 8); head.size() == 8; head = take(in, 8)) {
    const std::uint32_t size = number_at(head, 4, 4, false);
    if (head.starts_with("EXIF"sv) && size <= kMostBlock) return metadata_of_exif(take(in, size));
    in.seekg(static_cast<std::streamoff>(size) + size % 2, std::ios::cur);
  }
  return {};
}

ReadMetadata of_bmp(std::istream& in) {
  ReadMetadata read;
  const std::string head = take(in, 46);
  if (number_at(head, 14, 4, false) < 40) return read;
  const auto dots = [&](std::size_t at) {
    return static_cast<std::int32_t>(number_at(head, at, 4, false)) * kInchesInMeter;
  };
  set_dpi(read.kept, dots(38), dots(42));
  return read;
}

}  // namespace

ReadMetadata metadata_of_exif(std::string block) {
  if (block.starts_with("Exif\0\0"sv)) block.erase(0, 6);
  std::istringstream in(std::move(block));
  return of_stream(in);
}

ReadMetadata read_metadata(const std::string& format, const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (format == "jpeg") return of_jpeg(in);
  if (format == "png") return of_png(in);
  if (format == "webp") return of_webp(in);
  if (format == "tiff") return of_stream(in);
  if (format == "bmp") return of_bmp(in);
  return {};
}

}  // namespace sumi::io
