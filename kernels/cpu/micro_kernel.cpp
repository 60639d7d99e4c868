// The micro-kernel of the product: a 6 x 16 tile for AVX2 with FMA and for any machine, up to 12 x
// 32 for AVX-512. Also the packing of operands.
#include <cstring>

#include "kernels/cpu/product.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

namespace sumi::kernels::cpu {
namespace {

constexpr int short_strip = 6;  // twelve AVX2 accumulators

void portable_kernel(const Strip& a, const float* const* panels, float* const* out, bool add) {
  const float* const* ptr = a.ptr;
  const float* b = panels[0];
  float sum[short_strip][tile_cols] = {};
  for (i64 t = 0; t < a.taps; ++t, ptr += short_strip)
    for (i64 kk = 0; kk < a.run; ++kk, b += tile_cols)
      for (int i = 0; i < short_strip; ++i) {
        const float x = a.packed ? ptr[0][kk * short_strip + i] : ptr[i][kk];
        for (int j = 0; j < tile_cols; ++j) sum[i][j] += x * b[j];
      }
  for (int i = 0; i < short_strip; ++i)
    for (int j = 0; j < tile_cols; ++j) out[i][j] = add ? out[i][j] + sum[i][j] : sum[i][j];
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2,fma"))) void avx2_kernel(const Strip& strip, const float* const* panels,
                                                     float* const* out, bool add) {
  const float* const* ptr = strip.ptr;
  const float* b = panels[0];
  const i64 stride = strip.packed ? short_strip : 1;
  // Prefetches the lines for the stores at the end.
  for (int i = 0; i < short_strip; ++i) {
    __builtin_prefetch(out[i], 1);
    __builtin_prefetch(out[i] + tile_cols - 1, 1);
  }
  __m256 s00 = _mm256_setzero_ps(), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00;
  __m256 s30 = s00, s31 = s00, s40 = s00, s41 = s00, s50 = s00, s51 = s00;
  for (i64 t = 0; t < strip.taps; ++t, ptr += short_strip) {
    const float* row[short_strip];
    for (int i = 0; i < short_strip; ++i) row[i] = strip.packed ? ptr[0] + i : ptr[i];
    const float *a0 = row[0], *a1 = row[1], *a2 = row[2], *a3 = row[3], *a4 = row[4], *a5 = row[5];
    i64 at = 0;
    for (i64 kk = 0; kk < strip.run; ++kk, b += tile_cols, at += stride) {
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
  for (int i = 0; i < 12; ++i) {
    float* const to = out[i / 2] + i % 2 * 8;
    _mm256_storeu_ps(to, add ? _mm256_add_ps(_mm256_loadu_ps(to), sums[i]) : sums[i]);
  }
}

constexpr int long_strip = 12;

// 12 x 32: 24 sums, which hide the four-cycle latency of two multiply-adds each; twelve rows read a
// panel's 24 KiB half as often from the L2 cache as six do. A packed strip is one stream with one
// pointer; twelve rows a power of two apart compete for the sets of the L1 cache.
template <int Rows, int Panels>
__attribute__((target("avx512f"))) void avx512_kernel(const Strip& strip, const float* const* panels,
                                                      float* const* out, bool add) {
  for (int i = 0; i < Rows; ++i)
    for (int j = 0; j < Panels; ++j) __builtin_prefetch(out[i] + j * tile_cols, 1);
  __m512 sum[Rows][Panels];
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < Panels; ++j) sum[i][j] = _mm512_setzero_ps();
  const float *b0 = panels[0], *b1 = panels[Panels - 1];
  if (strip.packed) {
    const float* a = strip.ptr[0];
    constexpr int ahead = 32 * long_strip;
    for (i64 kk = 0; kk < strip.run; ++kk, a += long_strip, b0 += tile_cols, b1 += tile_cols) {
      const __m512 left = _mm512_loadu_ps(b0), right = Panels == 2 ? _mm512_loadu_ps(b1) : left;
      __builtin_prefetch(a + ahead);
#pragma GCC unroll 12
      for (int i = 0; i < Rows; ++i) {
        const __m512 x = _mm512_set1_ps(a[i]);
        sum[i][0] = _mm512_fmadd_ps(x, left, sum[i][0]);
        if constexpr (Panels == 2) sum[i][1] = _mm512_fmadd_ps(x, right, sum[i][1]);
      }
    }
  } else {
    const float* const* ptr = strip.ptr;
    for (i64 t = 0; t < strip.taps; ++t, ptr += long_strip) {
      const float* a[Rows];
#pragma GCC unroll 12
      for (int i = 0; i < Rows; ++i) a[i] = ptr[i];
      for (i64 kk = 0; kk < strip.run; ++kk, b0 += tile_cols, b1 += tile_cols) {
        const __m512 left = _mm512_loadu_ps(b0), right = Panels == 2 ? _mm512_loadu_ps(b1) : left;
#pragma GCC unroll 12
        for (int i = 0; i < Rows; ++i) {
          const __m512 x = _mm512_set1_ps(a[i][kk]);
          sum[i][0] = _mm512_fmadd_ps(x, left, sum[i][0]);
          if constexpr (Panels == 2) sum[i][1] = _mm512_fmadd_ps(x, right, sum[i][1]);
        }
      }
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < Panels; ++j) {
      float* const to = out[i] + j * tile_cols;
      _mm512_storeu_ps(to, add ? _mm512_add_ps(_mm512_loadu_ps(to), sum[i][j]) : sum[i][j]);
    }
}

// Sixteen columns of four rows at a time: a transposition within the four 128-bit lanes, each of
// which then has the four rows of one column.
__attribute__((target("avx512f"))) void avx512_pack(const Strip& strip, float* space) {
  using Row = float __attribute__((vector_size(64), aligned(4)));
  constexpr i64 columns = 16;
  const float* const* ptr = strip.ptr;
  const i64 run = strip.run;
  for (i64 t = 0; t < strip.taps; ++t, ptr += long_strip, space += run * long_strip) {
    i64 kk = 0;
    for (; kk + columns <= run; kk += columns)
      for (int i = 0; i < long_strip; i += 4) {
        Row r[4], pairs[4], column[4];
        for (int k = 0; k < 4; ++k) std::memcpy(&r[k], ptr[i + k] + kk, sizeof r[k]);
#pragma GCC unroll 2
        for (int k = 0; k < 2; ++k) {
          const Row a = r[2 * k], b = r[2 * k + 1];
          pairs[k] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
          pairs[k + 2] =
              __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
        }
#pragma GCC unroll 2
        for (int k = 0; k < 2; ++k) {
          const Row a = pairs[2 * k], b = pairs[2 * k + 1];
          column[2 * k] =
              __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
          column[2 * k + 1] =
              __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
        }
        float* const to = space + kk * long_strip + i;
#pragma GCC unroll 4
        for (int j = 0; j < 4; ++j) {
          const auto c0 = __builtin_shufflevector(column[j], column[j], 0, 1, 2, 3);
          const auto c1 = __builtin_shufflevector(column[j], column[j], 4, 5, 6, 7);
          const auto c2 = __builtin_shufflevector(column[j], column[j], 8, 9, 10, 11);
          const auto c3 = __builtin_shufflevector(column[j], column[j], 12, 13, 14, 15);
          std::memcpy(to + j * long_strip, &c0, sizeof c0);
          std::memcpy(to + (j + 4) * long_strip, &c1, sizeof c1);
          std::memcpy(to + (j + 8) * long_strip, &c2, sizeof c2);
          std::memcpy(to + (j + 12) * long_strip, &c3, sizeof c3);
        }
      }
    for (; kk < run; ++kk)
      for (int i = 0; i < long_strip; ++i) space[kk * long_strip + i] = ptr[i][kk];
  }
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
  static constexpr MicroKernels portable{short_strip, 1, {{}, {portable_kernel}}, nullptr};
#if defined(__x86_64__) && defined(__GNUC__)
  static constexpr MicroKernels avx2{short_strip, 1, {{}, {avx2_kernel}}, nullptr};
  static constexpr MicroKernels avx512{long_strip,
                                       2,
                                       {{avx512_kernel<6, 1>, avx512_kernel<6, 2>},
                                        {avx512_kernel<long_strip, 1>, avx512_kernel<long_strip, 2>}},
                                       avx512_pack};
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
