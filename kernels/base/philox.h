// The Philox 4x32-10 generator (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", 2011) and distributions derived from it. Only integers, exactly rounded operations and
// explicit fma are used, so every backend produces the same bits.
//
// One block of four words serves four adjacent positions: block = position / 4, and position % 4
// selects the element derived from the block. Each value is therefore a function of its position
// alone: sampling [0, 10) equals sampling [0, 4) and then [4, 10). Translation units that include
// this file are compiled with -ffp-contract=off.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "kernels/base/host_device.h"

namespace sumi::philox {

struct Words {
  std::uint32_t v[4];
};
struct Floats {
  float v[4];
};

constexpr int rounds = 10;
constexpr std::uint32_t factor0 = 0xD2511F53U, factor1 = 0xCD9E8D57U;
SUMI_HOST_DEVICE inline void next_keys(std::uint32_t& key0, std::uint32_t& key1) {
  key0 += 0x9E3779B9U;
  key1 += 0xBB67AE85U;
}

// The generator: a bijection of the counter, selected by the key.
SUMI_HOST_DEVICE inline Words scramble(Words counter, std::uint32_t key0, std::uint32_t key1) {
  std::uint32_t a = counter.v[0], b = counter.v[1], c = counter.v[2], d = counter.v[3];
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t product0 = std::uint64_t{factor0} * a;
    const std::uint64_t product1 = std::uint64_t{factor1} * c;
    a = static_cast<std::uint32_t>(product1 >> 32) ^ b ^ key0;
    b = static_cast<std::uint32_t>(product1);
    c = static_cast<std::uint32_t>(product0 >> 32) ^ d ^ key1;
    d = static_cast<std::uint32_t>(product0);
    next_keys(key0, key1);
  }
  return {{a, b, c, d}};
}

// The four words of positions 4 * block ... 4 * block + 3. The key is the seed, the counter is
// (block, stream).
SUMI_HOST_DEVICE inline Words words(std::uint64_t seed, std::uint64_t stream, std::uint64_t block) {
  const Words counter = {{static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                          static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)}};
  return scramble(counter, static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
}

// The upper 24 bits. Signed, because every processor converts signed integers to float in one
// instruction.
SUMI_HOST_DEVICE inline std::int32_t top24(std::uint32_t word) {
  return static_cast<std::int32_t>(word >> 8);
}

// ---- uniform ----

// The constants of a uniform distribution, rounded to f32 once, on the host.
struct UniformRange {
  float lo, width, last;  // last: the largest float below hi; rounding alone could reach hi
};
inline UniformRange uniform_range(double lo, double hi) {
  const float lo_f = static_cast<float>(lo), hi_f = static_cast<float>(hi);
  return {lo_f, static_cast<float>(hi - lo), hi_f > lo_f ? std::nextafter(hi_f, lo_f) : lo_f};
}
SUMI_HOST_DEVICE inline float uniform_of(std::uint32_t word, UniformRange range) {
  const float unit = static_cast<float>(top24(word)) * 0x1p-24F;
  const float value = std::fma(unit, range.width, range.lo);
  return value < range.last ? value : range.last;
}

// ---- normal ----

// Natural logarithm of x in [2^-24, 1]; relative error below 3e-7. With x = m 2^e, m in [sqrt(1/2),
// sqrt(2)) and s = (m - 1) / (m + 1): log m = 2 atanh(s) = 2 (s + s^3/3 + s^5/5 + ...), |s| <
// 0.172.
SUMI_HOST_DEVICE inline float log_unit(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::int32_t e = static_cast<std::int32_t>(bits - 0x3F3504F3U) >> 23;
  const float m = std::bit_cast<float>(bits - (static_cast<std::uint32_t>(e) << 23));
  const float s = (m - 1.0F) / (m + 1.0F);
  const float z = s * s;
  float sum = 2.0F / 11.0F;
  sum = std::fma(sum, z, 2.0F / 9.0F);
  sum = std::fma(sum, z, 2.0F / 7.0F);
  sum = std::fma(sum, z, 2.0F / 5.0F);
  sum = std::fma(sum, z, 2.0F / 3.0F);
  sum = std::fma(sum, z, 2.0F);
  return std::fma(static_cast<float>(e), 0.693147181F, sum * s);
}

struct SinCos {
  float sin, cos;
};
// Sine and cosine of 2 pi turn / 2^24, turn in [0, 2^24). The nearest quarter turn is removed in
// integers, so the remainder, within pi/4 of 0, is exact, and the Taylor series' error is below f32
// rounding.
SUMI_HOST_DEVICE inline SinCos sin_cos_turn(std::int32_t turn) {
  const std::int32_t quarter = (turn + (1 << 21)) >> 22;
  const float a = static_cast<float>(turn - (quarter << 22)) * (6.283185307F * 0x1p-24F);
  const float z = a * a;
  float s = 1.0F / 362880.0F;
  s = std::fma(s, z, -1.0F / 5040.0F);
  s = std::fma(s, z, 1.0F / 120.0F);
  s = std::fma(s, z, -1.0F / 6.0F);
  s = std::fma(s * z, a, a);
  float c = -1.0F / 3628800.0F;
  c = std::fma(c, z, 1.0F / 40320.0F);
  c = std::fma(c, z, -1.0F / 720.0F);
  c = std::fma(c, z, 1.0F / 24.0F);
  c = std::fma(c, z, -0.5F);
  c = std::fma(c, z, 1.0F);
  const float sin_even = (quarter & 1) ? c : s;
  const float cos_even = (quarter & 1) ? s : c;
  return {(quarter & 2) ? -sin_even : sin_even, ((quarter + 1) & 2) ? -cos_even : cos_even};
}

// Two standard normals from two words (Box and Muller 1958). The radius is at most sqrt(48 log 2) =
// 5.77.
SUMI_HOST_DEVICE inline void box_muller(std::uint32_t radius_word, std::uint32_t angle_word, float& first,
                                        float& second) {
  const float u =
      static_cast<float>(top24(radius_word) + 1) * 0x1p-24F;  // in (0, 1]: its logarithm is finite
  const float radius = std::sqrt(-2.0F * log_unit(u));
  const SinCos angle = sin_cos_turn(top24(angle_word));
  first = radius * angle.cos;
  second = radius * angle.sin;
}

// The four standard normals of one block.
SUMI_HOST_DEVICE inline Floats normals_of(Words w) {
  Floats z;
  box_muller(w.v[0], w.v[1], z.v[0], z.v[1]);
  box_muller(w.v[2], w.v[3], z.v[2], z.v[3]);
  return z;
}
SUMI_HOST_DEVICE inline float shifted_normal(float z, float mean, float std) {
  return std::fma(std, z, mean);
}

// ---- bernoulli ----

// The threshold below which a fraction p of the 2^24 values of top24 lie, so that sampling is an
// integer comparison. p is clamped to [0, 1]. Computed on the host.
inline std::int32_t bernoulli_threshold(double p) {
  return !(p > 0) ? 0 : p >= 1 ? 1 << 24 : static_cast<std::int32_t>(std::lround(p * 0x1p24));
}
SUMI_HOST_DEVICE inline bool bernoulli_of(std::uint32_t word, std::int32_t threshold) {
  return top24(word) < threshold;
}

// ---- by position ----

SUMI_HOST_DEVICE inline std::uint32_t word_at(std::uint64_t seed, std::uint64_t stream,
                                              std::uint64_t position) {
  return words(seed, stream, position / 4).v[position % 4];
}
SUMI_HOST_DEVICE inline float normal_at(std::uint64_t seed, std::uint64_t stream, std::uint64_t position) {
  return normals_of(words(seed, stream, position / 4)).v[position % 4];
}

}  // namespace sumi::philox
