// Exponential functions that the compiler can vectorise, and the table of unary functions with their
// derivatives.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/activation.h"

namespace sumi::kernels::cpu {

// e^r - 1 for |r| <= log(2) / 2 by its Taylor series, whose first dropped term is below 6e-9.
inline float expm1_core(float r) {
  float t = 1.0F / 5040;
  t = t * r + 1.0F / 720;
  t = t * r + 1.0F / 120;
  t = t * r + 1.0F / 24;
  t = t * r + 1.0F / 6;
  t = t * r + 0.5F;
  return t * r * r + r;
}

struct Reduced {
  float rest;              // x - n log(2)
  std::uint32_t exponent;  // n, as a two's complement number
};
// n = round(x / log(2)): adding 1.5 * 2^23 leaves it in the low bits. log(2) in two parts keeps the rest
// exact.
inline Reduced reduce_exp(float x) {
  const float magic = 12582912.0F;
  const float shifted = x * 1.44269504F + magic;
  const float n = shifted - magic;
  const float rest = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  return {rest, std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(magic)};
}
inline float power_of_two(std::uint32_t n) {
  return std::bit_cast<float>((n + 127U) << 23);
}

// One choice after the other: one inside another would keep loops from being vectorised. NaN stays.
inline float exp_range(float x) {
  const float low = x < -87.0F ? -87.0F : x;
  return low > 88.7F ? 88.7F : low;
}

// Within 2 ulp; results below the smallest normal number are 0.
inline float exp_f32(float x) {
  const Reduced e = reduce_exp(exp_range(x));
  // Two factors, since 2^128 is not a float.
  float y = (expm1_core(e.rest) + 1.0F) * 2.0F * power_of_two(e.exponent - 1U);
  y = x > 88.722835F ? std::numeric_limits<float>::infinity() : y;
  y = x < -87.3365F ? 0.0F : y;
  return x != x ? x : y;
}

// e^x - 1, without the cancellation near 0.
inline float expm1_f32(float x) {
  const Reduced e = reduce_exp(exp_range(x));
  const float half = power_of_two(e.exponent - 1U);  // 2^128 is not a float
  float y = (half * expm1_core(e.rest) + (half - 0.5F)) * 2.0F;
  y = x > 88.722835F ? std::numeric_limits<float>::infinity() : y;
  return x != x ? x : y;
}

// tanh |x| = -t / (t + 2) with t = e^(-2|x|) - 1, which is exact near 0 and cannot overflow.
inline float tanh_f32(float x) {
  const float a = -2.0F * std::fabs(x);
  const Reduced e = reduce_exp(a < -40.0F ? -40.0F : a);
  const float scale = power_of_two(e.exponent);
  const float t = scale * expm1_core(e.rest) + (scale - 1.0F);
  return x != x ? x : std::copysign(-t / (t + 2.0F), x);
}

inline float sigmoid_f32(float x) {
  return 1.0F / (1.0F + exp_f32(-x));
}

// log(1 + u) for u in [0, 1], as 2 atanh(z) with z = u / (2 + u) <= 1/3; the first dropped term is below 2e-9 of the result.
inline float log1p_unit_f32(float u) {
  const float z = u / (2.0F + u), s = z * z;
  float t = 1.0F / 15;
  t = t * s + 1.0F / 13;
  t = t * s + 1.0F / 11;
  t = t * s + 1.0F / 9;
  t = t * s + 1.0F / 7;
  t = t * s + 0.2F;
  t = t * s + 1.0F / 3;
  return 2.0F * (t * s * z + z);
}

inline float softplus_f32(float x) {
  return (x > 0.0F ? x : 0.0F) + log1p_unit_f32(exp_f32(-std::fabs(x)));
}

// Calls use(f) with f(x) the function.
template <class Use>
void with_unary(Unary u, float alpha, Use&& use) {
  switch (u) {
    case Unary::identity:
      return use([](float x) { return x; });
    case Unary::relu:
      return use([](float x) { return x <= 0.0F ? 0.0F : x; });  // NaN stays
    case Unary::leaky_relu:
      return use([alpha](float x) {
        const float scaled = alpha * x;  // outside of the choice, which becomes a blend and not a branch
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
      return use([](float x) { return std::log(x); });
    case Unary::sqrt:
      return use([](float x) { return std::sqrt(x); });
    case Unary::square:
      return use([](float x) { return x * x; });
    case Unary::abs:
      return use([](float x) { return std::fabs(x); });
    case Unary::reciprocal:
      return use([](float x) { return 1.0F / x; });
    case Unary::step:
      return use([](float x) { return x <= 0.0F ? 0.0F : x > 0.0F ? 1.0F : x; });  // NaN stays
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
    case Unary::step:
      return use([](float, float) { return 0.0F; });
  }
}

}  // namespace sumi::kernels::cpu
