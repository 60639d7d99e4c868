// Elements of stored tensors, as they lie in a file: little-endian, at any address.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "kernels/base/dtype.h"

namespace sumi {

// IEEE 754 binary16, in which other programs store weights.
struct Half {
  std::uint16_t bits;
  explicit operator double() const {
    const std::uint32_t exponent = (bits >> 10) & 31U, fraction = bits & 1023U;
    const std::uint32_t shifted = fraction << 13;
    const float value = exponent == 31  ? std::bit_cast<float>(0x7f800000U | shifted)  // infinity and NaN
                        : exponent == 0 ? static_cast<float>(fraction) * 0x1p-24F
                                        : std::bit_cast<float>(((exponent + 112) << 23) | shifted);
    return (bits & 0x8000U) != 0 ? -value : value;
  }
};

// Calls f<T>() with the C++ type of a stored floating-point dtype ("F16"). Returns false for any
// other dtype.
template <class F>
bool with_stored_type(const std::string& dtype, F&& f) {
  if (dtype == "F32") return f.template operator()<float>(), true;
  if (dtype == "F64") return f.template operator()<double>(), true;
  if (dtype == "BF16") return f.template operator()<bf16>(), true;
  if (dtype == "F16") return f.template operator()<Half>(), true;
  return false;
}

// Appends the lowest `bytes` bytes of a number, the lowest first.
inline void append_little(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

// Element i of an array that may be unaligned.
template <class T>
T load_element(const std::byte* data, std::size_t i) {
  T value;
  std::memcpy(&value, data + i * sizeof(T), sizeof(T));
  return value;
}

}  // namespace sumi
