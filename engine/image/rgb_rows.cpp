#include "engine/image/rgb_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace sumi::io {
namespace {

std::uint16_t srgb_of_linear(std::uint16_t v) {
  const double x = v / 65535.0;
  return static_cast<std::uint16_t>(
      std::lround(65535 * (x <= 0.0031308 ? 12.92 * x : 1.055 * std::pow(x, 1 / 2.4) - 0.055)));
}

}  // namespace

RgbRows::RgbRows(const Decoded& raw) : raw_(raw) {
  const auto width = static_cast<std::size_t>(raw.width);
  rgb.resize(width * 3);
  alpha.assign(width, kWhite);
  colors_.resize(width * static_cast<std::size_t>(count()));
  if (raw.linear) {
    curve_.resize(kWhite + 1);
    for (unsigned v = 0; v <= kWhite; ++v) curve_[v] = srgb_of_linear(static_cast<std::uint16_t>(v));
  }
  if (raw.profile.empty()) return;
  transform_ = std::make_unique<ProfileTransform>(raw.profile, count());
  if (transform_->objection().empty()) return;
  remark_ = fmt::format("its color profile {} and was not used", transform_->objection());
  transform_.reset();
}

// 1, 3 or 4 (CMYK); for other numbers of colors the first ones are used.
int RgbRows::count() const {
  return raw_.cmyk ? 4 : raw_.colors() >= 3 ? 3 : 1;
}

unsigned RgbRows::sample(std::size_t i) const {
  if (raw_.depth == 8) return raw_.data[i] * 257U;
  std::uint16_t v = 0;
  std::memcpy(&v, raw_.data.get() + 2 * i, 2);
  return v;
}

void RgbRows::load(int y) {
  const auto width = static_cast<std::size_t>(raw_.width), channels = static_cast<std::size_t>(raw_.channels);
  std::size_t at = static_cast<std::size_t>(y) * width * channels;
  auto* to = colors_.data();
  for (std::size_t x = 0; x < width; ++x, at += channels) {
    const unsigned a = raw_.alpha < 0 ? kWhite : sample(at + static_cast<std::size_t>(raw_.alpha));
    for (int c = 0; c < count(); ++c) {
      unsigned v = sample(at + static_cast<std::size_t>(c));
      if (a < kWhite && !raw_.straight) v = a == 0 ? 0 : std::min(kWhite, (v * kWhite + a / 2) / a);
      *to++ = curve_.empty() ? static_cast<std::uint16_t>(v) : curve_[v];
    }
    alpha[x] = static_cast<std::uint16_t>(a);
  }
  if (transform_)
    (*transform_)(colors_.data(), rgb.data(), width);
  else
    plain_rgb();
}

void RgbRows::plain_rgb() {
  const auto n = static_cast<std::size_t>(count());
  auto* to = rgb.data();
  for (std::size_t i = 0; i < colors_.size(); i += n)
    for (std::size_t c = 0; c < 3; ++c) {
      const auto* p = colors_.data() + i;
      *to++ = n == 4 ? static_cast<std::uint16_t>(scaled(kWhite - p[c], kWhite - p[3])) : p[n == 3 ? c : 0];
    }
}

}  // namespace sumi::io
