#include "engine/image/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "engine/image/decode.h"
#include "engine/image/encode.h"
#include "engine/image/image_formats.h"
#include "engine/image/rgb_rows.h"
#include "engine/serialize/file.h"
#include "kernels/base/check.h"

namespace sumi {
namespace fs = std::filesystem;

namespace {

std::uint8_t to_byte(float v) {
  return static_cast<std::uint8_t>(std::clamp(v + 0.5F, 0.0F, 255.0F));
}

std::uint8_t srgb_of_linear(std::uint8_t byte) {
  static const auto table = [] {
    std::array<std::uint8_t, 256> t{};
    for (int i = 0; i < 256; ++i) {
      const double v = i / 255.0;
      t[static_cast<std::size_t>(i)] = to_byte(
          static_cast<float>(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1 / 2.4) - 0.055)));
    }
    return t;
  }();
  return table[byte];
}

// Converts one pixel to RGB over the background.
std::array<float, 3> flatten(const io::Decoded& raw, const std::uint8_t* p, float background) {
  std::array<float, 3> rgb{};
  for (int c = 0; c < 3; ++c) {
    const auto value = p[raw.colors() >= 3 ? c : 0];
    rgb[static_cast<std::size_t>(c)] = raw.linear ? srgb_of_linear(value) : value;
  }
  if (raw.alpha < 0 || p[raw.alpha] == 255) return rgb;
  const float alpha = static_cast<float>(p[raw.alpha]) / 255.0F;
  for (float& v : rgb) v = v * (raw.straight ? alpha : 1.0F) + background * (1 - alpha);
  return rgb;
}

Image8 upright(const io::Decoded& raw, const LoadOptions& options) {
  const int w = raw.width, h = raw.height;
  const bool turned = io::swaps_sides(raw.orientation);
  Image8 image(turned ? h : w, turned ? w : h, options.channels);
  const auto background = static_cast<float>(options.background);
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) {
      const auto [sx, sy] = io::stored_position(raw.orientation, x, y, w, h);
      const auto* p = raw.data.get() + (static_cast<std::size_t>(sy) * static_cast<std::size_t>(w) +
                                        static_cast<std::size_t>(sx)) *
                                           static_cast<std::size_t>(raw.channels);
      const auto rgb = flatten(raw, p, background);
      auto* q = image.at(x, y);
      if (options.channels == 1) {
        const bool gray = rgb[0] == rgb[1] && rgb[1] == rgb[2];
        q[0] = to_byte(gray ? rgb[0] : 0.299F * rgb[0] + 0.587F * rgb[1] + 0.114F * rgb[2]);
      } else {
        for (std::size_t c = 0; c < 3; ++c) q[c] = to_byte(rgb[c]);
        if (options.channels == 4) q[3] = raw.alpha < 0 ? 255 : p[raw.alpha];
      }
    }
  return image;
}

// Applies the profile: returns RGB, or RGB and straight alpha, of 8 bits.
io::Decoded to_srgb(const io::Decoded& raw) {
  io::RgbRows rows(raw);
  io::Decoded out;
  out.width = raw.width;
  out.height = raw.height;
  out.orientation = raw.orientation;
  out.alpha = raw.alpha < 0 ? -1 : 3;
  out.straight = true;
  out.channels = raw.alpha < 0 ? 3 : 4;
  out.data = io::zeroed(out.pixels() * static_cast<std::size_t>(out.channels));
  std::uint8_t* to = out.data.get();
  for (int y = 0; y < raw.height; ++y) {
    rows.load(y);
    for (std::size_t x = 0; x < rows.alpha.size(); ++x) {
      for (std::size_t c = 0; c < 3; ++c) *to++ = io::to_8(rows.rgb[3 * x + c]);
      if (raw.alpha >= 0) *to++ = io::to_8(rows.alpha[x]);
    }
  }
  return out;
}

}  // namespace

template <class Level>
BasicImage<Level>::BasicImage(int w, int h, int c, Level value) : width(w), height(h), channels(c) {
  if (w <= 0 || h <= 0 || (c != 1 && c != 3 && c != 4))
    fail("image",
         fmt::format("cannot be {}x{} with {} channels; sizes are positive, channels 1, 3 or 4", w, h, c));
  data.assign(static_cast<std::size_t>(w) * static_cast<std::size_t>(h) * static_cast<std::size_t>(c), value);
}
template struct BasicImage<std::uint8_t>;
template struct BasicImage<std::uint16_t>;

Image8 load_image(const fs::path& path, const LoadOptions& options, std::string* remark) {
  if (options.channels != 1 && options.channels != 3 && options.channels != 4)
    fail("image " + path.string(),
         fmt::format("cannot be loaded with {} channels; use 1, 3 or 4", options.channels));
  const io::Decoded raw = io::decode_image(path, {.max_pixels = options.max_pixels, .profile = true});
  if (remark) *remark = raw.remark;
  return raw.profile.empty() && !raw.cmyk ? upright(raw, options) : upright(to_srgb(raw), options);
}

std::string encoded_image(const fs::path& path, const Image8& image, int quality) {
  if (image.channels != 4)
    return io::encoded_image(path, {image.width, image.height, image.channels, 8, image.data.data()},
                             quality);
  const int channels = holds_alpha(path) ? 4 : 3;
  std::vector<std::uint8_t> samples;
  for (std::size_t i = 0; i < image.data.size(); i += 4) {
    const unsigned alpha = channels == 4 ? image.data[i + 3] * 257U : io::kWhite;
    for (std::size_t c = 0; c < 3; ++c)
      samples.push_back(io::to_8(io::without_white(image.data[i + c] * 257U, alpha)));
    if (channels == 4) samples.push_back(image.data[i + 3]);
  }
  return io::encoded_image(path, {image.width, image.height, channels, 8, samples.data()}, quality);
}

void save_image(const fs::path& path, const Image8& image, int quality) {
  write_file_atomically(path, encoded_image(path, image, quality));
}

}  // namespace sumi
