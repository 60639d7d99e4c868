// Float samples as levels. Private to the image and data libraries.
#pragma once

#include <cstdint>
#include <string>

namespace sumi::io {

// Takes 0 to 1 for black to white and counts what lies outside.
class FloatRange {
 public:
  // The level of 16 bits, rounded; 0 for NaN.
  std::uint16_t level(double v);
  // Error `[where]` where most samples lie outside: they would all be black or white.
  void check(const std::string& where) const;
  // "12 % of its float samples lie outside 0 to 1 and were clipped (they go from -1 to 7)", or "" for less than 1 %.
  std::string remark() const;

 private:
  std::string extent() const;
  std::uint64_t samples_ = 0, outside_ = 0;
  double least_ = 0, most_ = 0;
};

}  // namespace sumi::io
