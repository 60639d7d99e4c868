// Functions of one pixel, written so that loops over them become vectors: no branches, no calls.
// The same bits on every instruction set.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace sumi::stylize {

inline float clamp(float x, float low, float high) {
  const float y = x < low ? low : x;
  return y > high ? high : y;
}

// 0 below `low`, 1 above `high`, a cubic between them.
inline float smoothstep(float low, float high, float x) {
  const float t = clamp((x - low) / (high - low), 0.0F, 1.0F);
  return t * t * (3.0F - 2.0F * t);
}

inline float mix(float a, float b, float t) {
  return a + (b - a) * t;
}

inline float square(float x) {
  return x * x;
}

// 2^x for x in [-126, 126], clamped to it, within 4e-6 of the value: the fraction by a polynomial
// of degree 5 (scripts/minimax.py's kind), the rest as an exponent.
inline float exp2_fast(float x) {
  const float c = clamp(x, -126.0F, 126.0F);
  const float magic = 12582912.0F;  // 1.5 * 2^23: adding it rounds to a whole number
  const float shifted = c + magic;
  const float r = c - (shifted - magic);  // -1/2 to 1/2
  const float p =
      1.0F +
      r * (0.69314718F + r * (0.24022651F + r * (0.055504109F + r * (0.0096181291F + r * 0.0013333558F))));
  const std::uint32_t exponent = std::bit_cast<std::uint32_t>(shifted) << 23;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(p) + exponent);
}

inline float exp_fast(float x) {
  return exp2_fast(x * 1.44269504F);
}

// Within 1e-5.
inline float tanh_fast(float x) {
  const float e = exp2_fast(clamp(x, -15.0F, 15.0F) * 2.88539008F);
  return (e - 1.0F) / (e + 1.0F);
}

// log2(x) for x >= 2^-126, within 3e-6: the mantissa between the roots of 1/2 and 2 by the series
// of the inverse hyperbolic tangent.
inline float log2_fast(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x), root = 0x3f3504f3U;
  const std::int32_t exponent = static_cast<std::int32_t>(bits - root) >> 23;
  const float m = std::bit_cast<float>(bits - (static_cast<std::uint32_t>(exponent) << 23));
  const float t = (m - 1.0F) / (m + 1.0F), s = t * t;
  return static_cast<float>(exponent) +
         t * (2.88539008F + s * (0.961796694F + s * (0.577078016F + s * 0.412198583F)));
}

// x^y for x >= 0.
inline float pow_fast(float x, float y) {
  const float p = exp2_fast(y * log2_fast(x < 1e-30F ? 1e-30F : x));
  return x < 1e-30F ? 0.0F : p;
}

// Cube root of x >= 0 within 2 units of the last place: a guess from the exponent, then two steps
// of Halley.
inline float cbrt_fast(float x) {
  const float safe = x < 1e-30F ? 1e-30F : x;
  const auto third =
      static_cast<std::int32_t>(static_cast<float>(std::bit_cast<std::int32_t>(safe)) * (1.0F / 3.0F));
  float y = std::bit_cast<float>(third + 709921077);
  for (int i = 0; i < 2; ++i) {
    const float c = y * y * y;
    y = y * (c + safe + safe) / (c + c + safe);
  }
  return x < 1e-30F ? 0.0F : y;
}

// The angle of (x, y) in degrees, -180 to 180, within 0.01 degrees; 0 for (0, 0).
inline float atan2_degrees(float y, float x) {
  const float ax = std::fabs(x), ay = std::fabs(y);
  const float large = ax > ay ? ax : ay, small = ax > ay ? ay : ax;
  const float t = small / (large > 1e-20F ? large : 1e-20F), s = t * t;
  // Odd polynomial of atan on [0, 1] (Abramowitz and Stegun 4.4.49), in degrees.
  float r = t * 57.2957795F *
            (0.9998660F + s * (-0.3302995F + s * (0.1801410F + s * (-0.0851330F + s * 0.0208351F))));
  r = ay > ax ? 90.0F - r : r;
  r = x < 0.0F ? 180.0F - r : r;
  return y < 0.0F ? -r : r;
}

// cos(2 pi x), within 1e-5.
inline float cos_turns(float x) {
  const float magic = 12582912.0F;
  const float r = x - ((x + magic) - magic);  // -1/2 to 1/2
  const float q = 0.25F - std::fabs(r);       // cos(2 pi r) = sin(2 pi q)
  const float s = q * q;
  return q * (6.28318531F + s * (-41.3417023F + s * (81.6052492F + s * (-76.7058598F + s * 42.0586940F -
                                                                        s * s * 15.0946426F))));
}

// White noise in 0..1 from an integer hash of the place: the same in any tile and on any machine.
inline float hash01(std::uint32_t x, std::uint32_t y, std::uint32_t seed) {
  std::uint32_t n = x * 374761393U + y * 668265263U + seed * 2246822519U;
  n = (n ^ (n >> 13)) * 1274126177U;
  n ^= n >> 16;
  return static_cast<float>(static_cast<std::int32_t>(n & 0xffffffU)) * (1.0F / 16777215.0F);
}

}  // namespace sumi::stylize
