// Powers with a fixed exponent, for vectorized loops, and the color-space curves built from them.
#pragma once

#include "kernels/cpu/math.h"

namespace sumi::kernels::cpu {

// yes or no, selected bitwise: compilers turn nested selections into branches.
inline float blend(bool mask, float yes, float no) {
  const std::uint32_t a = std::bit_cast<std::uint32_t>(yes), b = std::bit_cast<std::uint32_t>(no);
  return std::bit_cast<float>(b ^ ((a ^ b) & (mask ? ~0U : 0U)));
}

// An exponent and the error of rounding it to f32.
struct Exponent {
  float whole, rest;
  constexpr explicit Exponent(double a)
      : whole(static_cast<float>(a)), rest(static_cast<float>(a - static_cast<double>(whole))) {}
};

// x^a = 2^(a log2 x) for normal positive x, within 1.5 ulp for |a| <= 2/3, 2 for 1.4 and 3 for 2.4
// if the result is above 2^-125; infinite if it is too large. Infinity and NaN are returned
// unchanged; other x give no useful result. x = 2^e (1 + u) with 1 + u between the roots of 1/2 and
// 2; log2(1 + u) = u p(u) within 2^-27. a e is split before a log2(1 + u) is added, so that no
// digits are lost.
inline float power_f32(float x, Exponent a) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x), root = 0x3f3504f3U;
  const std::int32_t exponent = static_cast<std::int32_t>(bits - root) >> 23;
  const float u = std::bit_cast<float>(bits - (static_cast<std::uint32_t>(exponent) << 23)) - 1.0F;
  const float e = static_cast<float>(exponent);
  const float s = u * u, q = s * s;
  const float p0 = std::fma(u, -0.721347153F, 1.4426949F), p1 = std::fma(u, -0.360719055F, 0.480920434F);
  const float p2 = std::fma(u, -0.238570511F, 0.287694812F), p3 = std::fma(u, -0.209954262F, 0.21715793F);
  const float low = std::fma(p1, s, p0), high = std::fma(std::fma(0.125496656F, s, p3), s, p2);
  const float log = u * std::fma(high, q, low);
  // n = round(a log2 x), with an exponent bias one lower, as in reduce_exp, since 2^128 is not a
  // float.
  const float magic = 12582912.0F + 126, about = a.whole * (e + log);
  const float shifted = (about > 128.5F ? 128.5F : about) + magic, n = shifted - magic;
  const float rest = std::fma(a.whole, log, std::fma(a.rest, e, std::fma(a.whole, e, -n)));
  const float scale = std::bit_cast<float>(std::bit_cast<std::uint32_t>(shifted) << 23);
  const float half = std::fma(scale, expm1_core(rest * 0.693147182F), scale), y = half + half;
  return blend(static_cast<std::int32_t>(bits) >= 0x7f800000, x, y);
}

// The curves of kernels/color_space.h.
struct FastCurves {
  static float choose(float x, float bend, float line, float curve) { return blend(x <= bend, line, curve); }

  static float shifted(float v) { return std::fma(v, 1.0F / 1.055F, 0.055F / 1.055F); }
  static float linear_of_srgb(float v) {
    const float u = shifted(v), line = v * (1.0F / 12.92F), curve = u * power_f32(u, Exponent(1.4));
    return choose(v, 0.04045F, line, curve);
  }
  static float linear_of_srgb_slope(float v) {
    const float curve = static_cast<float>(2.4 / 1.055) * power_f32(shifted(v), Exponent(1.4));
    return choose(v, 0.04045F, 1.0F / 12.92F, curve);
  }
  static float srgb_of_linear(float l) {
    const float line = 12.92F * l, curve = std::fma(1.055F, power_f32(l, Exponent(1 / 2.4)), -0.055F);
    return choose(l, 0.0031308F, line, curve);
  }
  static float srgb_of_linear_slope(float l) {
    const float curve = static_cast<float>(1.055 / 2.4) * power_f32(l, Exponent(1 / 2.4 - 1));
    return choose(l, 0.0031308F, 12.92F, curve);
  }
  static constexpr float kink = 216.0F / 24389.0F;
  static float lab_root(float t) {
    const float line = std::fma(841.0F / 108.0F, t, 4.0F / 29.0F), curve = power_f32(t, Exponent(1.0 / 3));
    return choose(t, kink, line, curve);
  }
  static float lab_root_slope(float t) {
    const float curve = (1.0F / 3.0F) * power_f32(t, Exponent(-2.0 / 3));
    return choose(t, kink, 841.0F / 108.0F, curve);
  }
  static float lab_cube(float f) {
    const float line = (108.0F / 841.0F) * (f - 4.0F / 29.0F), curve = f * f * f;
    return choose(f, 6.0F / 29.0F, line, curve);
  }
  static float lab_cube_slope(float f) {
    const float curve = 3.0F * f * f;
    return choose(f, 6.0F / 29.0F, 108.0F / 841.0F, curve);
  }
};

}  // namespace sumi::kernels::cpu
