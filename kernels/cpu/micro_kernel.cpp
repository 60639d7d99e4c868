// The micro-kernel of the product: a 6 x 16 tile for AVX2 with FMA and for any machine, up to 12 x
// 32 for AVX-512. Also the packing of right operands.
#include <cstring>

#include "kernels/cpu/product.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

namespace sumi::kernels::cpu {
namespace {

void portable_kernel(i64 taps, i64 run, const float* const* const* strip, i64 stride,
                     const float* const* panel, float* const* out) {
  const float* const* ptr = strip[0];
  const float* b = panel[0];
  float sum[tile_rows][tile_cols] = {};
  for (i64 t = 0; t < taps; ++t, ptr += tile_rows)
    for (i64 kk = 0; kk < run; ++kk, b += tile_cols)
      for (int i = 0; i < tile_rows; ++i) {
        const float a = ptr[i][kk * stride];
        for (int j = 0; j < tile_cols; ++j) sum[i][j] += a * b[j];
      }
  for (int i = 0; i < tile_rows; ++i) std::memcpy(out[i], sum[i], sizeof(sum[i]));
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2,fma"))) void avx2_kernel(i64 taps, i64 run, const float* const* const* strip,
                                                     i64 stride, const float* const* panel,
                                                     float* const* out) {
  const float* const* ptr = strip[0];
  const float* b = panel[0];
  // Prefetches the lines for the stores at the end.
  for (int i = 0; i < tile_rows; ++i) {
    __builtin_prefetch(out[i], 1);
    __builtin_prefetch(out[i] + tile_cols - 1, 1);
  }
  __m256 s00 = _mm256_setzero_ps(), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00;
  __m256 s30 = s00, s31 = s00, s40 = s00, s41 = s00, s50 = s00, s51 = s00;
  for (i64 t = 0; t < taps; ++t, ptr += tile_rows) {
    const float *a0 = ptr[0], *a1 = ptr[1], *a2 = ptr[2], *a3 = ptr[3], *a4 = ptr[4], *a5 = ptr[5];
    i64 at = 0;
    for (i64 kk = 0; kk < run; ++kk, b += tile_cols, at += stride) {
      const __m256 b0 = _mm256_loadu_ps(b), b1 = _mm256_loadu_ps(b + 8);
      __m256 a = _mm256_broadcast_ss(a0 + at);
      s00 = _mm256_fmadd_ps(a, b0, s00);
      s01 = _mm256_fmadd_ps(a, b1, s01);
      a = _mm256_broadcast_ss(a1 + at);
      s10 = _mm256_fmadd_ps(a, b0, s10);
      s11 = _mm256_fmadd_ps(a, b1, s11);
      a = _mm256_broadcast_ss(a2 + at);
      s20 = _mm256_fmadd_ps(a, b0, s20);
      s21 = _mm256_fmadd_ps(a, b1, s21);
      a = _mm256_broadcast_ss(a3 + at);
      s30 = _mm256_fmadd_ps(a, b0, s30);
      s31 = _mm256_fmadd_ps(a, b1, s31);
      a = _mm256_broadcast_ss(a4 + at);
      s40 = _mm256_fmadd_ps(a, b0, s40);
      s41 = _mm256_fmadd_ps(a, b1, s41);
      a = _mm256_broadcast_ss(a5 + at);
      s50 = _mm256_fmadd_ps(a, b0, s50);
      s51 = _mm256_fmadd_ps(a, b1, s51);
    }
  }
  const __m256 sums[] = {s00, s01, s10, s11, s20, s21, s30, s31, s40, s41, s50, s51};
  for (int i = 0; i < 12; ++i) _mm256_storeu_ps(out[i / 2] + i % 2 * 8, sums[i]);
}

// 2 x 2: 24 sums, which hide the four-cycle latency of two multiply-adds each; twelve rows read a
// panel's 24 KiB half as often from the L2 cache as six do.
template <int Strips, int Panels>
__attribute__((target("avx512f"))) void avx512_kernel(i64 taps, i64 run, const float* const* const* strip,
                                                      i64 stride, const float* const* panel,
                                                      float* const* out) {
  constexpr int rows = Strips * tile_rows;
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < Panels; ++j) __builtin_prefetch(out[i] + j * tile_cols, 1);
  __m512 sum[rows][Panels];
#pragma GCC unroll 12
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < Panels; ++j) sum[i][j] = _mm512_setzero_ps();
  const float *b0 = panel[0], *b1 = panel[Panels - 1];
  for (i64 t = 0; t < taps; ++t) {
    const float* a[rows];
#pragma GCC unroll 12
    for (int i = 0; i < rows; ++i) a[i] = strip[i / tile_rows][t * tile_rows + i % tile_rows];
    for (i64 kk = 0, at = 0; kk < run; ++kk, at += stride, b0 += tile_cols, b1 += tile_cols) {
      const __m512 left = _mm512_loadu_ps(b0), right = Panels == 2 ? _mm512_loadu_ps(b1) : left;
#pragma GCC unroll 12
      for (int i = 0; i < rows; ++i) {
        const __m512 x = _mm512_set1_ps(a[i][at]);
        sum[i][0] = _mm512_fmadd_ps(x, left, sum[i][0]);
        if constexpr (Panels == 2) sum[i][1] = _mm512_fmadd_ps(x, right, sum[i][1]);
      }
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < Panels; ++j) _mm512_storeu_ps(out[i] + j * tile_cols, sum[i][j]);
}

// Transposes sixteen rows of eight elements to eight rows of sixteen.
__attribute__((target("avx2,fma"))) void transpose_8x16(const float* from, i64 row, float* out) {
  for (int half = 0; half < 2; ++half) {
    __m256 r[8], t[8];
    for (int i = 0; i < 8; ++i) r[i] = _mm256_loadu_ps(from + (8 * half + i) * row);
    for (int i = 0; i < 4; ++i) {
      t[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
      t[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 2; ++i) {
      r[4 * i] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0x44);
      r[4 * i + 1] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0xEE);
      r[4 * i + 2] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0x44);
      r[4 * i + 3] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0xEE);
    }
    for (int i = 0; i < 4; ++i) {
      _mm256_storeu_ps(out + i * tile_cols + 8 * half, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
      _mm256_storeu_ps(out + (i + 4) * tile_cols + 8 * half, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
    }
  }
}
#endif

}  // namespace

const MicroKernels& micro_kernels() {
  static constexpr MicroKernels portable{1, 1, {{portable_kernel}}};
#if defined(__x86_64__) && defined(__GNUC__)
  static constexpr MicroKernels avx2{1, 1, {{avx2_kernel}}};
  static constexpr MicroKernels avx512{
      2, 2, {{avx512_kernel<1, 1>, avx512_kernel<1, 2>}, {avx512_kernel<2, 1>, avx512_kernel<2, 2>}}};
  if (cpu_isa() == Isa::avx512) return avx512;
  if (cpu_isa() == Isa::avx2) return avx2;
#endif
  return portable;
}

void pack_rows(const float* base, i64 row, i64 depth, int cols, float* out) {
  if (cols == tile_cols) {
    for (i64 kk = 0; kk < depth; ++kk)
      std::memcpy(out + kk * tile_cols, base + kk * row, sizeof(float) * tile_cols);
    return;
  }
  for (i64 kk = 0; kk < depth; ++kk) {
    for (int j = 0; j < cols; ++j) out[kk * tile_cols + j] = base[kk * row + j];
    for (int j = cols; j < tile_cols; ++j) out[kk * tile_cols + j] = 0.0F;
  }
}

void pack_transposed(const float* base, i64 row, i64 depth, int cols, float* out) {
  i64 kk = 0;
#if defined(__x86_64__) && defined(__GNUC__)
  if (cols == tile_cols && has_avx2())
    for (; kk + 8 <= depth; kk += 8) transpose_8x16(base + kk, row, out + kk * tile_cols);
#endif
  for (; kk < depth; ++kk)
    for (int j = 0; j < tile_cols; ++j) out[kk * tile_cols + j] = j < cols ? base[j * row + kk] : 0.0F;
}

}  // namespace sumi::kernels::cpu
