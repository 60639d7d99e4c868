// mma.sync, ldmatrix and cp.async as wrapped by kernels/cuda/device, against plain products. The
// positions of fragment elements are stated here independently, as the PTX ISA lists them ("Matrix
// Fragments for mma.m16n8k16 with floating point type", "... for mma.m16n8k8", "ldmatrix"), from
// the register's side: which element does lane L hold in register i?
#include <doctest/doctest.h>

#include <cmath>

#include "kernels/base/dtype.h"
#include "kernels/cuda/device/async_copy.cuh"
#include "kernels/cuda/device/divisor.cuh"
#include "kernels/cuda/device/mma.cuh"
#include "tests/emu/helpers.h"

using namespace test_emu;
using namespace sumi::kernels::cuda;
using sumi::bf16;

namespace {

struct Place {
  int row, col;
};

// PTX: groupID = laneid >> 2, threadID_in_group = laneid % 4.
// m16n8k16, A: row = groupID for ai where 0 <= i < 2 || 4 <= i < 6, else groupID + 8;
//              col = threadID_in_group * 2 + (i & 1) for i < 4, else + 8.
Place bf16_a(int lane, int i) {
  const int group = lane >> 2, in_group = lane % 4;
  return {(i < 2 || (i >= 4 && i < 6)) ? group : group + 8, in_group * 2 + (i & 1) + (i < 4 ? 0 : 8)};
}
// B: row = threadID_in_group * 2 + (i & 1) for i < 2, else + 8; col = groupID.
Place bf16_b(int lane, int i) {
  return {lane % 4 * 2 + (i & 1) + (i < 2 ? 0 : 8), lane >> 2};
}
// m16n8k8 of .tf32, A: row = groupID for a0 and a2, groupID + 8 for a1 and a3; col =
// threadID_in_group for a0 and a1, + 4.
Place tf32_a(int lane, int i) {
  return {(lane >> 2) + (i == 1 || i == 3 ? 8 : 0), lane % 4 + (i < 2 ? 0 : 4)};
}
// B: row = threadID_in_group for b0, + 4 for b1; col = groupID.
Place tf32_b(int lane, int i) {
  return {lane % 4 + (i == 0 ? 0 : 4), lane >> 2};
}
// C and D of both: row = groupID for i < 2, else groupID + 8; col = threadID_in_group * 2 + (i &
// 1).
Place result(int lane, int i) {
  return {(lane >> 2) + (i < 2 ? 0 : 8), lane % 4 * 2 + (i & 1)};
}

// Small integers that differ everywhere.
float a_at(int row, int k) {
  return static_cast<float>((row * 7 + k * 5) % 23 - 11);
}
float b_at(int k, int col) {
  return static_cast<float>((k * 3 + col * 11) % 19 - 9);
}
float c_at(int row, int col) {
  return static_cast<float>(row * 8 + col);
}
float product_at(int row, int col, int depth) {
  float sum = c_at(row, col);
  for (int k = 0; k < depth; ++k) sum += a_at(row, k) * b_at(k, col);
  return sum;
}
unsigned pair(float low, float high) {
  return bf16(low).bits | static_cast<unsigned>(bf16(high).bits) << 16;
}

// The 16 x 8 result of one warp that loads fragments by `load` and multiplies by `multiply`.
template <class Load, class MatmulPrecision>
void check_product(int depth, Load load, MatmulPrecision multiply) {
  OnDevice<float> out(16 * 8);
  float* p = out.get();
  run("mma", 1, 32, [=] {
    const int lane = static_cast<int>(threadIdx.x);
    unsigned a[4], b[2];
    float d[4];
    load(lane, a, b);
    for (int i = 0; i < 4; ++i) d[i] = c_at(result(lane, i).row, result(lane, i).col);
    multiply(d, a, b);
    for (int i = 0; i < 4; ++i) p[result(lane, i).row * 8 + result(lane, i).col] = d[i];
  });
  const std::vector<float> got = out.read();
  for (int row = 0; row < 16; ++row)
    for (int col = 0; col < 8; ++col) {
      CAPTURE(row);
      CAPTURE(col);
      CHECK(got[static_cast<std::size_t>(row * 8 + col)] == product_at(row, col, depth));
    }
}

// The sum of `accumulator` and equal products, by mma_tf32.
float tf32_sum(float accumulator, float a_value, float b_value) {
  OnDevice<float> out(1);
  float* p = out.get();
  run("mma sum", 1, 32, [=] {
    unsigned a[4], b[2];
    for (unsigned& bits : a) bits = __float_as_uint(a_value);
    for (unsigned& bits : b) bits = __float_as_uint(b_value);
    float d[4] = {accumulator, accumulator, accumulator, accumulator};
    mma_tf32(d, a, b);
    if (threadIdx.x == 0) *p = d[0];
  });
  return out.read()[0];
}

}  // namespace

TEST_CASE("emu: mma m16n8k16 of bf16 takes fragments as PTX lays them out") {
  check_product(
      16,
      [](int lane, unsigned(&a)[4], unsigned(&b)[2]) {
        for (int i = 0; i < 4; ++i) {
          const Place low = bf16_a(lane, 2 * i), high = bf16_a(lane, 2 * i + 1);
          a[i] = pair(a_at(low.row, low.col), a_at(high.row, high.col));
        }
        for (int i = 0; i < 2; ++i) {
          const Place low = bf16_b(lane, 2 * i), high = bf16_b(lane, 2 * i + 1);
          b[i] = pair(b_at(low.row, low.col), b_at(high.row, high.col));
        }
      },
      [](float(&d)[4], const unsigned(&a)[4], const unsigned(&b)[2]) { mma_bf16(d, a, b); });
}

TEST_CASE("emu: mma m16n8k8 of tf32 takes fragments as PTX lays them out, and ignores 13 bits") {
  check_product(
      8,
      [](int lane, unsigned(&a)[4], unsigned(&b)[2]) {
        for (int i = 0; i < 4; ++i)
          a[i] = __float_as_uint(a_at(tf32_a(lane, i).row, tf32_a(lane, i).col)) | 0x1fffU;
        for (int i = 0; i < 2; ++i)
          b[i] = __float_as_uint(b_at(tf32_b(lane, i).row, tf32_b(lane, i).col)) | 0x1fffU;
      },
      [](float(&d)[4], const unsigned(&a)[4], const unsigned(&b)[2]) { mma_tf32(d, a, b); });
}

TEST_CASE("emu: mma cuts sums off toward zero, as tensor cores do") {
  CHECK(tf32_sum(1, 0x1p-12f, 0x1p-12f) == 1);     // 8 products of 2^-24, each below the last bit of 1
  CHECK(tf32_sum(-1, 0x1p-12f, -0x1p-12f) == -1);  // toward zero, not down
  // toward the addend's zero: the sum of the kept bits
  CHECK(tf32_sum(1, 0x1p-12f, -0x1p-12f) == 1);
  CHECK(tf32_sum(1, 0x1p-12f, 0x1p-11f) == 1 + 0x1p-20f);              // 2^-23 is kept
  CHECK(tf32_sum(0x1.fffffep0f, 0x1p-12f, 0x1p-11f) == 2 + 0x1p-22f);  // 2 + 3 2^-23, cut
  CHECK(tf32_sum(0, 0x1p-75f, 0x1p-70f) == 0x1p-142f);                 // subnormal values are not flushed
  CHECK(tf32_sum(0, 0x1p-75f, 0x1p-80f) == 0);                         // the products, 2^-155, are
  CHECK(std::isinf(tf32_sum(INFINITY, 1, 1)));
  CHECK(std::isnan(tf32_sum(INFINITY, -INFINITY, 1)));
  CHECK(tf32_sum(0, 0x1p100f, 0x1p100f) == INFINITY);
}

TEST_CASE("emu: to_tf32 rounds to nearest, ties away from zero") {
  const auto rounded = [](float x) { return tf32_value(to_tf32(x)); };
  CHECK(rounded(1.0f) == 1.0f);
  CHECK(rounded(1.0f + 0x1p-11f) == 1.0f + 0x1p-10f);  // a tie
  CHECK(rounded(-1.0f - 0x1p-11f) == -1.0f - 0x1p-10f);
  CHECK(rounded(1.0f + 0x1.fp-12f) == 1.0f);
  CHECK(rounded(0x1.fffffep0f) == 2.0f);
  CHECK(std::isinf(rounded(INFINITY)));
  CHECK(std::isnan(rounded(NAN)));
  // The rounding error, rounded itself, leaves 2^-22 of the value.
  for (float x : {3.14159265f, -0.333333343f, 1.17549435e-30f, 123456.789f}) {
    const float big = rounded(x), small = rounded(x - big);
    CHECK(std::abs(static_cast<double>(x) - big) <= 0x1p-11 * std::abs(x));
    CHECK(std::abs(static_cast<double>(x) - big - small) <= 0x1p-22 * std::abs(x));
  }
}

// Lane i provides the address of row i % 8 of matrix i / 8. Of matrix m each lane receives, in
// register m, row lane / 4 and the two columns from 2 (lane % 4); transposed, the same of the
// transpose.
TEST_CASE("emu: ldmatrix gives rows of four matrices to the lanes, or columns") {
  for (const bool transpose : {false, true}) {
    OnDevice<unsigned> out(32 * 4);
    unsigned* p = out.get();
    run("ldmatrix", 1, 32, [=] {
      struct Shared {
        alignas(16) std::uint16_t rows[32][8];  // row, column
      };
      auto& shared = test_emu::block_shared<Shared>();
      const unsigned lane = threadIdx.x;
      for (unsigned col = 0; col < 8; ++col)
        shared.rows[lane][col] = static_cast<std::uint16_t>(lane * 100 + col);
      __syncthreads();
      unsigned to[4];
      if (transpose)
        ldmatrix_x4<true>(to, shared.rows[lane]);
      else
        ldmatrix_x4<false>(to, shared.rows[lane]);
      for (unsigned m = 0; m < 4; ++m) p[lane * 4 + m] = to[m];
    });
    const std::vector<unsigned> got = out.read();
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned m = 0; m < 4; ++m)
        for (unsigned half = 0; half < 2; ++half) {
          const unsigned row = lane / 4, col = 2 * (lane % 4) + half;
          const unsigned want = transpose ? (m * 8 + col) * 100 + row : (m * 8 + row) * 100 + col;
          CAPTURE(lane);
          CHECK((got[lane * 4 + m] >> (16 * half) & 0xffffU) == want);
        }
  }
}

TEST_CASE("emu: an asynchronous copy arrives at the wait for its group, and null brings zeros") {
  const OnDevice<float> in(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
  OnDevice<float> out(12);
  const float* from = in.get();
  float* p = out.get();
  run("copies", 1, 1, [=] {
    struct Shared {
      alignas(16) float values[12];
    };
    auto& shared = test_emu::block_shared<Shared>();
    for (float& v : shared.values) v = -1;
    async_copy<16>(shared.values, from, from);
    async_commit();
    async_copy<4>(shared.values + 4, from + 5, from);
    async_copy<16>(shared.values + 8, nullptr, from);
    async_commit();
    async_wait<1>();
    for (int i = 0; i < 6; ++i) p[i] = shared.values[i];
    async_wait<0>();
    for (int i = 6; i < 12; ++i) p[i] = shared.values[i == 6 ? 4 : i];
  });
  CHECK(out.read() == std::vector<float>{1, 2, 3, 4, -1, -1, 6, -1, 0, 0, 0, 0});
}

TEST_CASE("emu: a Divisor divides as / does") {
  const int most = 2147483647;
  for (int d : {1, 2, 3, 5, 7, 8, 9, 31, 33, 64, 100, 1023, 65537, 46341, 1 << 30, (1 << 30) + 1, most}) {
    const Divisor divisor(d);
    for (std::int64_t around : {std::int64_t{0}, std::int64_t{d}, std::int64_t{7} * d,
                                std::int64_t{most} / d * d, std::int64_t{most}, std::int64_t{1} << 24})
      for (std::int64_t n = around - 2; n <= around + 2; ++n) {
        if (n < 0 || n > most) continue;
        const auto [quotient, rest] = divisor(static_cast<int>(n));
        CAPTURE(n);
        CAPTURE(d);
        CHECK(quotient == n / d);
        CHECK(rest == n % d);
      }
  }
}
