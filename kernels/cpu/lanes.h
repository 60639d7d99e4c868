// Values side by side as the bits of floats, for loops that select by comparisons: compilers would
// emit branches instead of vectorizing them. Masks are all ones or 0.
#pragma once

#include <bit>
#include <cstring>

#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {

struct Eight {
  static constexpr i64 lanes = 8;
  using Bits = std::int32_t __attribute__((vector_size(32)));
  using Floats = float __attribute__((vector_size(32)));
  using Halves = std::uint16_t __attribute__((vector_size(16)));

  static void load(const float* from, Bits& to) { std::memcpy(&to, from, sizeof to); }
  static void load(const bf16* from, Bits& to) {
    Halves upper;
    std::memcpy(&upper, from, sizeof upper);
    to = __builtin_convertvector(upper, Bits) << 16;
  }
  static void store(const Bits& from, float* to) { std::memcpy(to, &from, sizeof from); }
  // For values that were bf16: nothing is rounded.
  static void store(const Bits& from, bf16* to) {
    const Halves upper = __builtin_convertvector(from >> 16, Halves);
    std::memcpy(to, &upper, sizeof upper);
  }
  // Where x is larger than y or the first NaN.
  static void beats(const Bits& x, const Bits& y, Bits& mask) {
    const auto a = (Floats)x, b = (Floats)y;
    mask = (a > b) | ((a != a) & (b == b));
  }
  static void equals(const Bits& x, std::int32_t y, Bits& mask) { mask = x == y; }
  static void add(const Bits& x, Floats& sum) { sum += (Floats)x; }
};

// The same for a single value, for the remainder below eight.
struct One {
  static constexpr i64 lanes = 1;
  using Bits = std::int32_t;
  using Floats = float;

  template <class T>
  static void load(const T* from, Bits& to) {
    to = std::bit_cast<Bits>(static_cast<float>(*from));
  }
  static void store(Bits from, float* to) { *to = std::bit_cast<float>(from); }
  static void store(Bits from, bf16* to) { to->bits = static_cast<std::uint16_t>(from >> 16); }
  static void beats(Bits x, Bits y, Bits& mask) {
    const auto a = std::bit_cast<float>(x), b = std::bit_cast<float>(y);
    const int larger = a > b, first = a != a, number = b == b;
    mask = -(larger | (first & number));
  }
  static void equals(Bits x, std::int32_t y, Bits& mask) { mask = -static_cast<int>(x == y); }
  static void add(Bits x, float& sum) { sum += std::bit_cast<float>(x); }
};

// Calls f(Eight or One, i) for the values of [0, count), starting at i.
template <class F>
inline void for_packs(i64 count, const F& f) {
  i64 i = 0;
  for (; i + Eight::lanes <= count; i += Eight::lanes) f(Eight{}, i);
  for (; i < count; ++i) f(One{}, i);
}

template <class Bits>
inline void choose(const Bits& mask, const Bits& yes, Bits& value) {
  value ^= (value ^ yes) & mask;
}

}  // namespace sumi::kernels::cpu
