// Conversion of float samples to levels. Private to the image and data libraries.
#pragma once

#include <cstdint>
#include <string>

namespace sumi::io {

// Maps 0 to 1 to black to white and counts the samples outside.
class FloatRange {
 public:
  // The 16-bit level, rounded; 0 for NaN.
  std::uint16_t level(double v);
  // Throws Error `[where]` if most samples are outside, which would all become black or white.
  void check(const std::string& where) const;
  // Returns "12 % of its float samples lie outside 0 to 1 and were clipped (they go from -1 to 7)",
  // or "" for less than 1 %.
  std::string remark() const;

 private:
  std::string extent() const;
  std::uint64_t samples_ = 0, outside_ = 0;
  double least_ = 0, most_ = 0;
};

}  // namespace sumi::io
