// The tensor cores of sm_80 and up: a warp multiplies small matrices whose elements are distributed
// over its lanes' registers (PTX ISA, "Warp Level Matrix Multiply-Accumulate Instructions"). A
// lane's share is called a fragment. With g = lane / 4 and t = lane % 4:
//
//   D[16,8]                d0 [g, 2t]    d1 [g, 2t+1]    d2 [g+8, 2t]    d3 [g+8, 2t+1]
//   bf16, depth 16         two elements per register, the lower half first
//     A[16,16]             a0 [g, 2t..]  a1 [g+8, 2t..]  a2 [g, 2t+8..]  a3 [g+8, 2t+8..]
//     B[16,8]              b0 [2t.., g]  b1 [2t+8.., g]
//   tf32, depth 8          one element per register: a float of which the upper 19 bits are read
//     A[16,8]              a0 [g, t]     a1 [g+8, t]     a2 [g, t+4]     a3 [g+8, t+4]
//     B[8,8]               b0 [t, g]     b1 [t+4, g]
//
// All 32 lanes of a warp must call each function here together. The emulation computes the result
// from the same registers, so a misplaced fragment gives a wrong product there too
// (tests/emu/mma_test.cpp states the layouts independently).
//
// Rounding. Products are exact, but sums are not rounded to nearest: a tensor core aligns the
// addends to the largest one and truncates the bits below (Fasi, Higham, Mikaitis and Pranesh,
// "Numerical behavior of NVIDIA tensor cores", 2021). A long sum that stays in the accumulator
// therefore drifts toward zero. The emulation truncates in the same way and keeps no guard bits,
// where hardware keeps one or two, so that it is not the more accurate of the two.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "kernels/cuda/device/reduce.cuh"

namespace sumi::kernels::cuda {

#ifndef SUMI_CUDA
namespace emulated {

struct Mma {  // a lane's registers
  const unsigned *a, *b;
  float* d;
};
inline const Mma& of_lane(const emu::Lanes& lanes, int lane) {
  return *reinterpret_cast<const Mma*>(lanes.value[lane]);
}

// A row of A and a column of B, collected from the lanes that hold them. kAtOnce products are added
// to the accumulator at a time, as on sm_80; later architectures add more at once and so truncate
// less often.
struct Bf16Elements {
  static constexpr int kDepth = 16, kAtOnce = 8;
  using Line = double[kDepth];
  static void put(Line& line, int k, unsigned pair) {
    line[k] = static_cast<double>(std::bit_cast<float>(pair << 16));
    line[k + 1] = static_cast<double>(std::bit_cast<float>(pair & 0xffff0000U));
  }
  static void row(const emu::Lanes& lanes, int row, Line& line) {
    for (int t = 0; t < 4; ++t) {
      const unsigned* a = of_lane(lanes, row % 8 * 4 + t).a;
      put(line, 2 * t, a[row / 8]);
      put(line, 2 * t + 8, a[row / 8 + 2]);
    }
  }
  static void column(const emu::Lanes& lanes, int col, Line& line) {
    for (int t = 0; t < 4; ++t) {
      const unsigned* b = of_lane(lanes, col * 4 + t).b;
      put(line, 2 * t, b[0]);
      put(line, 2 * t + 8, b[1]);
    }
  }
};
struct Tf32Elements {
  static constexpr int kDepth = 8, kAtOnce = 4;
  using Line = double[kDepth];
  static double upper(unsigned bits) { return static_cast<double>(std::bit_cast<float>(bits & 0xffffe000U)); }
  static void row(const emu::Lanes& lanes, int row, Line& line) {
    for (int t = 0; t < 4; ++t) {
      const unsigned* a = of_lane(lanes, row % 8 * 4 + t).a;
      line[t] = upper(a[row / 8]);
      line[t + 4] = upper(a[row / 8 + 2]);
    }
  }
  static void column(const emu::Lanes& lanes, int col, Line& line) {
    for (int t = 0; t < 4; ++t) {
      const unsigned* b = of_lane(lanes, col * 4 + t).b;
      line[t] = upper(b[0]);
      line[t + 4] = upper(b[1]);
    }
  }
};

// `accumulator` + the sum of `products`, as a tensor core adds: every addend is truncated to a
// multiple of the last bit of an f32 as large as the largest addend, then the sum to f32, all
// toward zero. Non-finite values are added as they are.
template <int count>
float add_cutting(float accumulator, const double (&products)[count]) {
  const double start = static_cast<double>(accumulator);
  double largest = std::abs(start), plain = start;
  for (const double p : products) largest = std::max(largest, std::abs(p)), plain += p;
  if (!std::isfinite(plain) || largest == 0) return static_cast<float>(plain);
  const int last_bit = std::max(std::ilogb(largest), -126) - 23;
  const double unit = std::ldexp(1.0, last_bit), per_unit = std::ldexp(1.0, -last_bit);
  // in units of that bit; each addend is below 2^24 units
  auto sum = static_cast<std::int64_t>(start * per_unit);
  for (const double p : products) sum += static_cast<std::int64_t>(p * per_unit);
  const int width = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(std::abs(sum))));
  const int more = std::max(0, width - 24);
  const std::int64_t kept = sum / (std::int64_t{1} << more) * (std::int64_t{1} << more);
  return static_cast<float>(static_cast<double>(kept) * unit);
}

template <class Elements>
std::uint64_t mma_of_lane(const emu::Lanes& lanes, int lane) {
  const int g = lane / 4, t = lane % 4;
  typename Elements::Line rows[2], columns[2];
  for (int i = 0; i < 2; ++i) {
    Elements::row(lanes, g + 8 * i, rows[i]);
    Elements::column(lanes, 2 * t + i, columns[i]);
  }
  float* d = of_lane(lanes, lane).d;
  for (int i = 0; i < 4; ++i) {
    for (int k = 0; k < Elements::kDepth; k += Elements::kAtOnce) {
      double products[Elements::kAtOnce];
      for (int n = 0; n < Elements::kAtOnce; ++n) products[n] = rows[i / 2][k + n] * columns[i % 2][k + n];
      d[i] = add_cutting(d[i], products);
    }
  }
  return 0;
}

template <class Elements>
void mma(const char* name, float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  const Mma registers{a, b, d};
  emu::warp_collective(name, &mma_of_lane<Elements>, kWholeWarp, reinterpret_cast<std::uint64_t>(&registers),
                       0, emu::Location::current());
}

// Four matrices of 8 rows of 16 bytes; lane i provides the address of row i % 8 of matrix i / 8. A
// lane receives the four bytes [lane / 4, 4 (lane % 4)..] of each.
struct Ldmatrix {
  const unsigned char* row;
  unsigned* to;
};
template <bool transpose>
std::uint64_t ldmatrix_of_lane(const emu::Lanes& lanes, int lane) {
  const auto of = [&](int i) -> const Ldmatrix& {
    return *reinterpret_cast<const Ldmatrix*>(lanes.value[i]);
  };
  for (int m = 0; m < 4; ++m) {
    std::uint16_t halves[2];
    for (int i = 0; i < 2; ++i) {
      const int row = transpose ? 2 * (lane % 4) + i : lane / 4,
                col = transpose ? lane / 4 : 2 * (lane % 4) + i;
      __builtin_memcpy(&halves[i], of(8 * m + row).row + 2 * col, 2);
    }
    of(lane).to[m] = halves[0] | static_cast<unsigned>(halves[1]) << 16;
  }
  return 0;
}

}  // namespace emulated
#endif

// Loads four 8x8 matrices of 16-bit elements from shared memory, two elements of each per lane.
// `row` is the address of row lane % 8 of matrix lane / 8, a multiple of 16. As raw bits: matrices
// of 4-byte elements are 8x4.
template <bool transpose>
__device__ void ldmatrix_x4(unsigned (&to)[4], const void* row) {
#ifdef SUMI_CUDA
  const auto from = static_cast<unsigned>(__cvta_generic_to_shared(row));
  if constexpr (transpose)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(from)
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(from)
                 : "memory");
#else
  const emulated::Ldmatrix registers{static_cast<const unsigned char*>(row), to};
  emu::warp_collective("ldmatrix", &emulated::ldmatrix_of_lane<transpose>, kWholeWarp,
                       reinterpret_cast<std::uint64_t>(&registers), 0, emu::Location::current());
#endif
}

// d += a b on bf16 (m16n8k16).
__device__ inline void mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#ifdef SUMI_CUDA
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  emulated::mma<emulated::Bf16Elements>("mma bf16", d, a, b);
#endif
}

// d += a b on tf32 (m16n8k8): the bits below the upper 19 of a and b are ignored.
__device__ inline void mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#ifdef SUMI_CUDA
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  emulated::mma<emulated::Tf32Elements>("mma tf32", d, a, b);
#endif
}

// Returns a float rounded to tf32's 10 stored mantissa bits: to nearest, ties away from zero
// (cvt.rna). The lower 13 bits of the result are unspecified, as in PTX: mma_tf32 ignores them, and
// tf32_value clears them.
__device__ inline unsigned to_tf32(float value) {
#ifdef SUMI_CUDA
  unsigned bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
  return bits;
#else
  const auto bits = std::bit_cast<unsigned>(value);
  // infinity and NaN are preserved
  return (bits & 0x7f800000U) == 0x7f800000U ? bits : bits + 0x1000U;
#endif
}
__device__ inline float tf32_value(unsigned bits) {
  return __uint_as_float(bits & 0xffffe000U);
}

}  // namespace sumi::kernels::cuda
