// Values in a thread's places: 64 bits each, whatever the register's type. A value of a smaller
// type is in the low bits, extended as its own sign says, so that a load into a wider register is
// extended as PTX requires.
#pragma once

#include <bit>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

namespace sumi::emu::ptx {

// 16-bit floating types as bits: computation is in f32 and double.
struct F16 {
  std::uint16_t bits;
};
struct Bf16 {
  std::uint16_t bits;
};
struct Pred {
  bool value;
};

// Rounds toward one direction while it lives. Used where -frounding-math is set.
class RoundingScope {
 public:
  explicit RoundingScope(int mode) : before_(std::fegetround()) { std::fesetround(mode); }
  ~RoundingScope() { std::fesetround(before_); }
  RoundingScope(const RoundingScope&) = delete;
  RoundingScope& operator=(const RoundingScope&) = delete;

 private:
  int before_;
};

// Rounds to `bits` mantissa bits (the leading one included) and an exponent of at least `lowest`,
// to nearest with ties to even: the value of a 16-bit type, before its overflow.
inline double round_bits(double value, int bits, int lowest) {
  if (value == 0 || !std::isfinite(value)) return value;
  const int last = std::max(std::ilogb(value), lowest) - bits + 1;
  return std::ldexp(std::nearbyint(std::ldexp(value, -last)), last);
}

inline double to_double(Bf16 v) {
  return static_cast<double>(std::bit_cast<float>(std::uint32_t{v.bits} << 16));
}
inline double to_double(F16 v) {
  const int exponent = v.bits >> 10 & 31, mantissa = v.bits & 1023;
  const double sign = v.bits & 0x8000 ? -1 : 1;
  if (exponent == 31)
    return mantissa ? std::numeric_limits<double>::quiet_NaN()
                    : sign * std::numeric_limits<double>::infinity();
  return sign * (exponent ? std::ldexp(1024 + mantissa, exponent - 25) : std::ldexp(mantissa, -24));
}
inline double to_double(float v) {
  return static_cast<double>(v);
}
inline double to_double(double v) {
  return v;
}

// From a value that double holds exactly, or rounded once more where that cannot matter.
inline Bf16 to_bf16(double value) {
  if (std::isnan(value)) return {0x7FFF};
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(round_bits(value, 8, -126)));
  return {static_cast<std::uint16_t>(bits >> 16)};
}
inline F16 to_f16(double value) {
  if (std::isnan(value)) return {0x7FFF};
  const double rounded = std::abs(round_bits(value, 11, -14));
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  if (rounded > 65504) return {static_cast<std::uint16_t>(sign | 0x7C00)};
  if (rounded < 0x1p-14)
    return {static_cast<std::uint16_t>(sign | static_cast<unsigned>(std::ldexp(rounded, 24)))};
  const int exponent = std::ilogb(rounded);
  const auto mantissa = static_cast<unsigned>(std::ldexp(rounded, 10 - exponent)) - 1024;
  return {static_cast<std::uint16_t>(sign | static_cast<unsigned>(exponent + 15) << 10 | mantissa)};
}

template <class T>
T from_place(std::uint64_t place) {
  if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<float>(static_cast<std::uint32_t>(place));
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<double>(place);
  else if constexpr (std::is_same_v<T, F16> || std::is_same_v<T, Bf16>)
    return {static_cast<std::uint16_t>(place)};
  else if constexpr (std::is_same_v<T, Pred>)
    return {(place & 1) != 0};
  else
    return static_cast<T>(place);
}

template <class T>
std::uint64_t to_place(T value) {
  if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<std::uint32_t>(value);
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<std::uint64_t>(value);
  else if constexpr (std::is_same_v<T, F16> || std::is_same_v<T, Bf16>)
    return value.bits;
  else if constexpr (std::is_same_v<T, Pred>)
    return value.value;
  else if constexpr (std::is_same_v<T, bool>)
    return value;
  else if constexpr (std::is_signed_v<T>)
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
  else
    return value;
}

// Types of PTX by the host's. b16, b32 and b64 are unsigned integers with another name.
template <class T>
constexpr const char* type_name() {
  if constexpr (std::is_same_v<T, float>) return "f32";
  if constexpr (std::is_same_v<T, double>) return "f64";
  if constexpr (std::is_same_v<T, F16>) return "f16";
  if constexpr (std::is_same_v<T, Bf16>) return "bf16";
  if constexpr (std::is_same_v<T, Pred>) return "pred";
  if constexpr (std::is_same_v<T, std::uint8_t>) return "u8";
  if constexpr (std::is_same_v<T, std::int8_t>) return "s8";
  if constexpr (std::is_same_v<T, std::uint16_t>) return "u16";
  if constexpr (std::is_same_v<T, std::int16_t>) return "s16";
  if constexpr (std::is_same_v<T, std::uint32_t>) return "u32";
  if constexpr (std::is_same_v<T, std::int32_t>) return "s32";
  if constexpr (std::is_same_v<T, std::uint64_t>) return "u64";
  if constexpr (std::is_same_v<T, std::int64_t>) return "s64";
}

template <class... T, class F>
void for_types(F&& f) {
  (f.template operator()<T>(), ...);
}

}  // namespace sumi::emu::ptx
