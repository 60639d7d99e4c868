// Conversion of decoded samples to 16-bit sRGB. Private to the image and data libraries.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/image/decode.h"
#include "engine/image/profile.h"

namespace sumi::io {

constexpr unsigned kWhite = 65535;

// value * part / 65535, rounded.
inline unsigned scaled(unsigned value, unsigned part) {
  return static_cast<unsigned>((std::uint64_t{value} * part + kWhite / 2) / kWhite);
}
inline std::uint8_t to_8(unsigned v) {
  return static_cast<std::uint8_t>((v * 255 + kWhite / 2) / kWhite);
}
// The color that gives `over` when blended over white with `alpha`; white if alpha is 0.
inline unsigned without_white(unsigned over, unsigned alpha) {
  const unsigned white = kWhite - alpha;
  if (alpha == 0) return kWhite;
  return over <= white ? 0U : std::min(kWhite, ((over - white) * kWhite + alpha / 2) / alpha);
}

// Converts a decoded file row by row. The profile is applied, and linear light gets the sRGB curve;
// without a usable profile, gray is repeated and CMYK is converted as ideal inks.
class RgbRows {
 public:
  // `raw` must outlive this object.
  explicit RgbRows(const Decoded& raw);

  // Converts row y to rgb and alpha.
  void load(int y);

  std::vector<std::uint16_t> rgb, alpha;  // [width, 3], not multiplied by alpha, and [width]
  // the problem with the profile, in words, or ""
  const std::string& remark() const { return remark_; }

 private:
  int count() const;
  unsigned sample(std::size_t i) const;
  void plain_rgb();

  const Decoded& raw_;
  std::vector<std::uint16_t> colors_, curve_;
  std::unique_ptr<ProfileTransform> transform_;
  std::string remark_;
};

}  // namespace sumi::io
