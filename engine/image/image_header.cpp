#include "engine/image/image_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string_view>

#include "kernels/base/check.h"

namespace sumi::io {
namespace {

using Size = std::optional<std::pair<std::int64_t, std::int64_t>>;

constexpr std::int64_t kSmall = 16'000'000, kPixelsInByte = 10'000;

// The `count` bytes at `at`; 0 beyond the end.
std::int64_t little(std::string_view s, std::size_t at, int count) {
  std::int64_t v = 0;
  for (int i = count - 1; i >= 0; --i) {
    const std::size_t k = at + static_cast<std::size_t>(i);
    v = v << 8 | (k < s.size() ? static_cast<unsigned char>(s[k]) : 0);
  }
  return v;
}
std::int64_t big(std::string_view s, std::size_t at) {
  std::int64_t v = 0;
  for (std::size_t i = 0; i < 4; ++i) v = v << 8 | little(s, at + i, 1);
  return v;
}

Size webp_size(std::string_view s) {
  const std::string_view kind = s.substr(std::min<std::size_t>(12, s.size()), 4);
  if (kind == "VP8X") return {{little(s, 24, 3) + 1, little(s, 27, 3) + 1}};
  if (kind == "VP8 ") return {{little(s, 26, 2) & 0x3fff, little(s, 28, 2) & 0x3fff}};
  if (kind == "VP8L") return {{(little(s, 21, 4) & 0x3fff) + 1, (little(s, 21, 4) >> 14 & 0x3fff) + 1}};
  return {};
}

double pixels_of(std::int64_t width, std::int64_t height) {
  return static_cast<double>(width) * static_cast<double>(height);
}

// The largest of all sizes that follow `mark`, after `skip` bytes.
Size largest_behind(std::string_view s, std::string_view mark, std::size_t skip) {
  Size largest;
  for (std::size_t at = s.find(mark); at != std::string_view::npos; at = s.find(mark, at + 1)) {
    const std::int64_t a = big(s, at + mark.size() + skip), b = big(s, at + mark.size() + skip + 4);
    if (!largest || pixels_of(a, b) > pixels_of(largest->first, largest->second)) largest = {a, b};
  }
  return largest;
}

}  // namespace

Size claimed_size(const std::string& format, const std::filesystem::path& path) {
  const auto start = [&](std::size_t bytes) {
    std::string text(bytes, '\0');
    std::ifstream file(path, std::ios::binary);
    file.read(text.data(), static_cast<std::streamsize>(bytes));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
  };
  if (format == "webp") return webp_size(start(64));
  if (format == "gif") {
    const std::string head = start(64);
    return {{little(head, 6, 2), little(head, 8, 2)}};
  }
  if (format == "jpeg2000")  // SOC and SIZ: the reference grid, which includes the image's offset
    return largest_behind(start(1 << 20), std::string_view("\xff\x4f\xff\x51", 4), 4);
  if (format == "heif") return largest_behind(start(1 << 20), "ispe", 4);
  return {};
}

void check_size(const std::string& where, std::int64_t width, std::int64_t height, std::uint64_t bytes,
                std::int64_t max_pixels) {
  const double pixels = pixels_of(width, height);
  if (pixels > static_cast<double>(max_pixels))
    fail(where, fmt::format("has {}x{} pixels, more than the limit of {} million; make it smaller first",
                            width, height, max_pixels / 1'000'000));
  if (pixels > static_cast<double>(kSmall) && pixels / kPixelsInByte > static_cast<double>(bytes))
    fail(where,
         fmt::format("claims {}x{} pixels in {} bytes; it is damaged: copy it again", width, height, bytes));
}

}  // namespace sumi::io
