#include "engine/image/float_levels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/base/check.h"

namespace sumi::io {

std::uint16_t FloatRange::level(double v) {
  constexpr double kSlack = 1.0 / 512;  // overshoot of rounding and resampling
  ++samples_;
  if (!(v >= -kSlack && v <= 1 + kSlack)) ++outside_;
  if (std::isnan(v)) return 0;
  least_ = std::min(least_, v);
  most_ = std::max(most_, v);
  return static_cast<std::uint16_t>(std::lround(std::clamp(v, 0.0, 1.0) * 65535));
}

std::string FloatRange::extent() const {
  return fmt::format("{:.4g} to {:.4g}", least_, most_);
}

void FloatRange::check(const std::string& where) const {
  if (2 * outside_ > samples_)
    fail(where, fmt::format(
                    "has float samples from {}, but 0 is taken for black and 1 for white; scale it to 0 to 1",
                    extent()));
}

std::string FloatRange::remark() const {
  if (100 * outside_ <= samples_) return "";
  return fmt::format("{:.0f} % of its float samples lie outside 0 to 1 and were clipped (they go from {})",
                     100.0 * static_cast<double>(outside_) / static_cast<double>(samples_), extent());
}

}  // namespace sumi::io
