#include "engine/image/photo.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/image/decode.h"
#include "engine/image/encode.h"
#include "engine/image/image_formats.h"
#include "engine/image/rgb_rows.h"
#include "engine/serialize/file.h"
#include "kernels/base/check.h"

namespace sumi {
namespace fs = std::filesystem;

namespace {

using io::kWhite, io::scaled, io::to_8, io::without_white;

void flatten(std::uint16_t* rgb, const std::uint16_t* alpha, std::size_t pixels) {
  for (std::size_t i = 0; i < pixels; ++i)
    for (int c = 0; c < 3; ++c, ++rgb)
      *rgb = static_cast<std::uint16_t>(scaled(*rgb, alpha[i]) + (kWhite - alpha[i]));
}

// [h, w, c] rotated upright.
std::vector<std::uint16_t> turn(const std::vector<std::uint16_t>& in, std::size_t channels,
                                const io::Decoded& raw, int width, int height) {
  std::vector<std::uint16_t> out(in.size());
  auto* to = out.data();
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x, to += channels) {
      const auto [sx, sy] = io::stored_position(raw.orientation, x, y, raw.width, raw.height);
      const auto at =
          static_cast<std::size_t>(sy) * static_cast<std::size_t>(raw.width) + static_cast<std::size_t>(sx);
      std::copy_n(in.data() + at * channels, channels, to);
    }
  return out;
}

}  // namespace

Photo load_photo(const fs::path& path, std::int64_t max_pixels) {
  const io::Decoded raw = io::decode_image(path, {.max_pixels = max_pixels, .deep = true, .profile = true});
  io::RgbRows rows(raw);
  Photo photo{raw.width, raw.height, raw.depth, {}, {}, raw.remark};
  io::add_remark(photo.remark, rows.remark());
  photo.metadata = raw.metadata;
  const auto width = static_cast<std::size_t>(raw.width);
  photo.rgb.resize(photo.pixels() * 3);
  if (raw.alpha >= 0) photo.alpha.resize(photo.pixels());
  for (int y = 0; y < raw.height; ++y) {
    rows.load(y);
    const auto at = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(y) * width);
    if (raw.alpha >= 0) {
      flatten(rows.rgb.data(), rows.alpha.data(), width);
      std::copy(rows.alpha.begin(), rows.alpha.end(), photo.alpha.begin() + at);
    }
    std::copy(rows.rgb.begin(), rows.rgb.end(), photo.rgb.begin() + 3 * at);
  }
  if (raw.orientation < 2 || raw.orientation > 8) return photo;
  if (io::swaps_sides(raw.orientation)) std::swap(photo.width, photo.height);
  photo.rgb = turn(photo.rgb, 3, raw, photo.width, photo.height);
  if (!photo.alpha.empty()) photo.alpha = turn(photo.alpha, 1, raw, photo.width, photo.height);
  return photo;
}

Image16 to_image(const Photo& photo, int channels) {
  Image16 image(photo.width, photo.height, channels);
  if (channels == 3)
    image.data = photo.rgb;
  else if (channels == 4)
    for (std::size_t i = 0; i < photo.pixels(); ++i) {
      std::copy_n(photo.rgb.data() + 3 * i, 3, image.data.data() + 4 * i);
      image.data[4 * i + 3] = photo.alpha.empty() ? kWhite : photo.alpha[i];
    }
  else
    for (std::size_t i = 0; i < image.data.size(); ++i) image.data[i] = luma(photo.rgb.data() + 3 * i);
  return image;
}

std::string encode_photo(const fs::path& path, const Photo& photo, int quality) {
  const ImageFormat* format = writable_format(path);  // encode_image rejects unknown formats
  const bool with_alpha = !photo.alpha.empty() && format != nullptr && format->alpha;
  const bool deep = photo.depth == 16 && format != nullptr && format->deep;
  const std::size_t colors = photo.gray ? 1 : 3, channels = colors + (with_alpha ? 1 : 0);
  std::vector<std::uint16_t> wide;
  std::vector<std::uint8_t> narrow;
  (deep ? wide.resize(photo.pixels() * channels) : narrow.resize(photo.pixels() * channels));
  std::size_t at = 0;
  const auto put = [&](unsigned v) {
    if (deep)
      wide[at++] = static_cast<std::uint16_t>(v);
    else
      narrow[at++] = to_8(v);
  };
  for (std::size_t i = 0; i < photo.pixels(); ++i) {
    // Uses the alpha that is written, so that the color over white is reproduced on reading.
    const unsigned a = !with_alpha ? kWhite : deep ? photo.alpha[i] : to_8(photo.alpha[i]) * 257U;
    for (std::size_t c = 0; c < colors; ++c) put(without_white(photo.rgb[3 * i + c], a));
    if (with_alpha) put(a);
  }
  const void* data = deep ? static_cast<const void*>(wide.data()) : narrow.data();
  return io::encoded_image(
      path, {photo.width, photo.height, static_cast<int>(channels), deep ? 16 : 8, data, photo.metadata},
      quality);
}

void save_photo(const fs::path& path, const Photo& photo, int quality) {
  write_file_atomically(path, encode_photo(path, photo, quality));
}

Photo beside(const Photo& left, const Photo& right) {
  if (left.height != right.height)
    fail("compare", fmt::format("an image of {} rows does not stand beside one of {}; resize one of them",
                                left.height, right.height));
  Photo out{left.width + right.width, left.height, std::max(left.depth, right.depth), {}, {}, "",
            left.gray && right.gray};
  const auto join = [&](std::vector<std::uint16_t> Photo::*plane, int channels) {
    const auto a = static_cast<std::ptrdiff_t>(left.width) * channels,
               b = static_cast<std::ptrdiff_t>(right.width) * channels;
    for (int y = 0; y < out.height; ++y) {
      const auto l = (left.*plane).begin() + y * a, r = (right.*plane).begin() + y * b;
      (out.*plane).insert((out.*plane).end(), l, l + a);
      (out.*plane).insert((out.*plane).end(), r, r + b);
    }
  };
  out.rgb.reserve(out.pixels() * 3);
  join(&Photo::rgb, 3);
  if (!left.alpha.empty() && !right.alpha.empty()) join(&Photo::alpha, 1);
  return out;
}

}  // namespace sumi
