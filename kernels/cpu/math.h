// Exponential functions that compilers can vectorize, and the table of unary functions with their
// derivatives.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/activation.h"

namespace sumi::kernels::cpu {

// Polynomials are minimax fits of the relative error, computed by scripts/minimax.py. Fused
// multiply-adds are explicit, because compilers may not contract (-ffp-contract=off), so the bits
// do not depend on the instruction set. Processors without FMA use the C library's, slowly. Even
// and odd powers are summed separately, which halves the dependency chain. NaN propagates through
// all functions.

// e^r - 1 for |r| <= log(2) / 2, within 2^-28 of e^r before rounding.
inline float expm1_core(float r) {
  const float s = r * r;
  const float low = std::fma(r, 0.166665211F, 0.49999994F), high = std::fma(r, 0.00836868491F, 0.0416682735F);
  return std::fma(std::fma(std::fma(0.00138201076F, s, high), s, low), s, r);
}

struct Reduced {
  float rest;   // x - n log(2)
  float scale;  // 2^(n + shift), or 0 below the smallest exponent
};
// n = round(x / log(2)): adding 1.5 * 2^23 leaves it in the low bits, here together with an
// exponent bias.
template <int shift = 0>
inline Reduced reduce_exp(float x) {
  const float magic = 12582912.0F + 127 + shift;
  const float shifted = std::fma(x, 1.44269502F, magic);
  const float n = shifted - magic;
  const float rest = std::fma(n, 1.90465421e-9F, std::fma(n, -0.693147182F, x));
  return {rest, std::bit_cast<float>(std::bit_cast<std::uint32_t>(shifted) << 23)};
}

// x clamped to [low, high]. The selections are sequential, because nested ones would prevent
// vectorization.
inline float clamp(float x, float low, float high) {
  const float y = x < low ? low : x;
  return y > high ? high : y;
}

// Within 2 ulp; results below 2^-125.5 are 0, those above the largest float infinite. Computes half
// the result, since 2^128 is not a float.
inline float exp_f32(float x) {
  const Reduced e = reduce_exp<-1>(clamp(x, -87.5F, 89.0F));
  const float half = std::fma(e.scale, expm1_core(e.rest), e.scale);
  return half + half;
}

// e^-a for a >= 0, within 2 ulp; results below 2^-126.5 are 0.
inline float exp_minus_f32(float a) {
  const Reduced e = reduce_exp(-(a > 88.0F ? 88.0F : a));
  return std::fma(e.scale, expm1_core(e.rest), e.scale);
}

// e^x - 1, without cancellation near 0.
inline float expm1_f32(float x) {
  const Reduced e = reduce_exp<-1>(clamp(x, -87.5F, 89.0F));
  const float half = std::fma(e.scale, expm1_core(e.rest), e.scale - 0.5F);
  return half + half;
}

// tanh |x| = -t / (t + 2) with t = e^(-2|x|) - 1, which is exact near 0 and cannot overflow. Within
// 3 ulp.
inline float tanh_f32(float x) {
  const float a = -2.0F * std::fabs(x);
  const Reduced e = reduce_exp(a < -40.0F ? -40.0F : a);
  const float t = std::fma(e.scale, expm1_core(e.rest), e.scale - 1.0F);
  return std::copysign(t / (t + 2.0F), x);
}

// 1 / (1 + e^-x) from e^-|x|.
inline float sigmoid_from(float x, float decay) {
  return (x < 0.0F ? decay : 1.0F) / (1.0F + decay);
}
// Within 3 ulp.
inline float sigmoid_f32(float x) {
  return sigmoid_from(x, exp_minus_f32(std::fabs(x)));
}

// log(1 + u) for u in [0, 1], within 2^-27 before rounding, 2 ulp after it.
inline float log1p_unit_f32(float u) {
  const float s = u * u, q = s * s;
  const float a = std::fma(u, 0.333304644F, -0.499999315F), b = std::fma(u, 0.196921214F, -0.249580204F);
  const float c = std::fma(u, 0.106613711F, -0.153449774F), d = std::fma(u, 0.0200884603F, -0.0574604832F);
  const float low = std::fma(b, s, a), high = std::fma(std::fma(-0.00329107419F, s, d), s, c);
  return std::fma(std::fma(high, q, low), s, u);
}

// log(1 + e^x) from e^-|x|.
inline float softplus_from(float x, float decay) {
  return (x > 0.0F ? x : 0.0F) + log1p_unit_f32(decay);
}
// Within 2 ulp.
inline float softplus_f32(float x) {
  return softplus_from(x, exp_minus_f32(std::fabs(x)));
}

// Within 2 ulp: x = 2^e (1 + u) with 1 + u between the roots of 1/2 and 2; log(1 + u) = u - u^2 / 2
// + u^3 p(u).
inline float log_f32(float x) {
  // a subnormal's exponent would be wrong
  const bool small = x < std::numeric_limits<float>::min();
  const float larger = x * 0x1p24F, normal = small ? larger : x;
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(normal), root = 0x3f3504f3U;
  const std::int32_t exponent = static_cast<std::int32_t>(bits - root) >> 23;
  const float u = std::bit_cast<float>(bits - (static_cast<std::uint32_t>(exponent) << 23)) - 1.0F;
  const float e = static_cast<float>(exponent) - (small ? 24.0F : 0.0F);
  const float s = u * u, q = s * s;
  const float a = std::fma(u, -0.250008196F, 0.333333313F), b = std::fma(u, -0.166234091F, 0.200012416F);
  const float c = std::fma(u, -0.131596103F, 0.1420158F), d = std::fma(u, -0.0763643906F, 0.127622172F);
  const float p = std::fma(std::fma(d, s, c), q, std::fma(b, s, a));
  const float rest = std::fma(s * u, p, std::fma(s, -0.5F, e * -1.90465421e-9F));
  float y = std::fma(e, 0.693147182F, rest + u);
  y = x == std::numeric_limits<float>::infinity() ? x : y;
  y = x == 0.0F ? -std::numeric_limits<float>::infinity() : y;
  return x >= 0.0F ? y : std::numeric_limits<float>::quiet_NaN();
}

// Calls use(f) with f(x) the function.
template <class Use>
void with_unary(Unary u, float alpha, Use&& use) {
  switch (u) {
    case Unary::identity:
      return use([](float x) { return x; });
    case Unary::relu:
      return use([](float x) { return x <= 0.0F ? 0.0F : x; });  // NaN propagates
    case Unary::leaky_relu:
      return use([alpha](float x) {
        // outside the selection, which then becomes a blend instead of a branch
        const float scaled = alpha * x;
        return x > 0.0F ? x : scaled;
      });
    case Unary::tanh:
      return use([](float x) { return tanh_f32(x); });
    case Unary::sigmoid:
      return use([](float x) { return sigmoid_f32(x); });
    case Unary::softplus:
      return use([](float x) { return softplus_f32(x); });
    case Unary::exp:
      return use([](float x) { return exp_f32(x); });
    case Unary::log:
      return use([](float x) { return log_f32(x); });
    case Unary::sqrt:
      return use([](float x) { return std::sqrt(x); });
    case Unary::square:
      return use([](float x) { return x * x; });
    case Unary::abs:
      return use([](float x) { return std::fabs(x); });
    case Unary::reciprocal:
      return use([](float x) { return 1.0F / x; });
    case Unary::heaviside:
      return use([](float x) { return x <= 0.0F ? 0.0F : x > 0.0F ? 1.0F : x; });  // NaN propagates
  }
}

// Calls use(d) with d(x, y) the derivative at x, where y = f(x).
template <class Use>
void with_unary_grad(Unary u, float alpha, Use&& use) {
  switch (u) {
    case Unary::identity:
      return use([](float, float) { return 1.0F; });
    case Unary::relu:
      return use([](float x, float) { return x > 0.0F ? 1.0F : 0.0F; });
    case Unary::leaky_relu:
      return use([alpha](float x, float) { return x > 0.0F ? 1.0F : alpha; });
    case Unary::tanh:
      return use([](float, float y) { return 1.0F - y * y; });
    case Unary::sigmoid:
      return use([](float, float y) { return y * (1.0F - y); });
    case Unary::softplus:
      return use([](float x, float) { return sigmoid_f32(x); });
    case Unary::exp:
      return use([](float, float y) { return y; });
    case Unary::log:
      return use([](float x, float) { return 1.0F / x; });
    case Unary::sqrt:
      return use([](float, float y) { return 0.5F / y; });
    case Unary::square:
      return use([](float x, float) { return 2.0F * x; });
    case Unary::abs:
      return use([](float x, float) { return x > 0.0F ? 1.0F : x < 0.0F ? -1.0F : 0.0F; });
    case Unary::reciprocal:
      return use([](float, float y) { return -y * y; });
    case Unary::heaviside:
      return use([](float, float) { return 0.0F; });
  }
}

}  // namespace sumi::kernels::cpu
