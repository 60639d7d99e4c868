#include "engine/image/frame_count.h"

#include <array>
#include <cstdint>
#include <fstream>
#include <string_view>

#include "engine/image/byte_order.h"
#include "engine/image/decode.h"

namespace sumi::io {
namespace {

// GIF89a: image descriptors between the blocks.
std::int64_t gif_frames(std::ifstream& file) {
  const auto skip = [&](int bytes) { file.seekg(bytes, std::ios::cur); };
  const auto skip_table = [&](int flags) {
    if ((flags & 0x80) != 0) skip(3 * (2 << (flags & 7)));
  };
  const auto skip_blocks = [&]() {
    for (int size = file.get(); file && size > 0; size = file.get()) skip(size);
  };
  std::int64_t frames = 0;
  file.seekg(10);
  const int flags = file.get();
  skip(2);
  skip_table(flags);
  for (int kind = file.get(); file && kind != 0x3b; kind = file.get()) {
    if (kind == 0x21) {
      skip(1);
    } else if (kind == 0x2c) {
      ++frames;
      skip(8);
      skip_table(file.get());
      skip(1);
    } else {
      break;
    }
    skip_blocks();
  }
  return frames;
}

// The chunk acTL precedes the image data.
std::int64_t png_frames(std::ifstream& file) {
  std::array<char, 12> bytes{};
  const std::string_view head(bytes.data(), bytes.size());
  file.seekg(8);
  while (file.read(bytes.data(), bytes.size())) {
    const std::string_view type = head.substr(4, 4);
    if (type == "acTL") return number_at(head, 8, 4, true);
    if (type == "IDAT" || type == "IEND") break;
    file.seekg(static_cast<std::streamoff>(number_at(head, 0, 4, true)), std::ios::cur);
  }
  return 1;
}

// The samples of the first track: a sequence may also contain a still image.
std::int64_t heif_frames(std::ifstream& file) {
  std::string start(1 << 20, '\0');
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(file.gcount()));
  const std::size_t at = start.find("stsz");
  if (at == std::string::npos || start.find("moov") > at || at + 16 > start.size()) return 1;
  return number_at(start, at + 12, 4, true);
}

}  // namespace

std::string frames_remark(const std::string& format, const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::int64_t frames = format == "gif"    ? gif_frames(file)
                              : format == "png"  ? png_frames(file)
                              : format == "heif" ? heif_frames(file)
                                                 : 1;
  return frames > 1 ? first_of("frame", frames) : "";
}

}  // namespace sumi::io
