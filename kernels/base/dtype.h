// Element types: f32 and bf16 on every device (accumulated in f32 or wider), f64 on the reference
// device only.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/base/host_device.h"

namespace sumi {

enum class DType : std::uint8_t { f32, bf16, f64 };

// The upper half of an IEEE f32. Conversion from float rounds to nearest even and preserves NaN.
struct bf16 {
  std::uint16_t bits;

  bf16() = default;
  SUMI_HOST_DEVICE explicit bf16(float value) : bits(round(value)) {}
  SUMI_HOST_DEVICE explicit bf16(double value) : bf16(static_cast<float>(value)) {}
  SUMI_HOST_DEVICE operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
  // The bits of the nearest bf16, ties to even; NaN stays NaN. Both cases are computed, so that
  // compilers vectorize loops of it.
  SUMI_HOST_DEVICE static std::uint16_t round(float value) {
    const auto u = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t nearest = (u + 0x7fffU + ((u >> 16) & 1U)) >> 16, quiet_nan = (u >> 16) | 0x40U;
    const bool is_nan = static_cast<std::int32_t>(u & 0x7fffffffU) > 0x7f800000;
    return static_cast<std::uint16_t>(is_nan ? quiet_nan : nearest);
  }
};
static_assert(sizeof(bf16) == 2);

constexpr std::size_t size_of(DType t) {
  return t == DType::f64 ? 8 : t == DType::f32 ? 4 : 2;
}

constexpr const char* name_of(DType t) {
  return t == DType::f64 ? "f64" : t == DType::f32 ? "f32" : "bf16";
}

template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, double>) return DType::f64;
  if constexpr (std::is_same_v<T, bf16>) return DType::bf16;
  static_assert(std::is_same_v<T, double> || std::is_same_v<T, bf16> || std::is_same_v<T, float>);
  return DType::f32;
}

}  // namespace sumi
