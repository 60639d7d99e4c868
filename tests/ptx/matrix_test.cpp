// ldmatrix and mma.sync against plain matrix products: matrices are dealt out to the lanes as the
// figures of the PTX manual show, and collected again.
#include <doctest/doctest.h>

#include <bit>

#include "tests/ptx/helpers.h"

namespace test_ptx {
namespace {

// Small integers, exact in every type.
float a_at(int row, int k) {
  return static_cast<float>((row * 5 + k * 3) % 11 - 5);
}
float b_at(int k, int column) {
  return static_cast<float>((k * 7 + column * 2) % 13 - 6);
}
float c_at(int row, int column) {
  return static_cast<float>(row - 2 * column);
}

std::uint32_t bf16_pair(float low, float high) {
  return std::bit_cast<std::uint32_t>(low) >> 16 | (std::bit_cast<std::uint32_t>(high) & 0xFFFF0000u);
}

// The registers of a lane: 4 of A, 2 of B, 4 of C. Row and column of the 16-bit shapes advance by
// pairs; those of tf32 by single elements.
struct LaneRegisters {
  std::uint32_t a[4], b[2];
  float c[4];
};

LaneRegisters deal(int lane, bool tf32) {
  const int g = lane / 4, t = lane % 4;
  LaneRegisters r{};
  for (int n = 0; n < 4; ++n) {
    const int row = g + (n % 2) * 8, half = n / 2;
    r.a[n] = tf32 ? std::bit_cast<std::uint32_t>(a_at(row, t + 4 * half))
                  : bf16_pair(a_at(row, 2 * t + 8 * half), a_at(row, 2 * t + 1 + 8 * half));
    r.c[n] = c_at(g + (n / 2) * 8, 2 * t + n % 2);
  }
  for (int half = 0; half < 2; ++half)
    r.b[half] = tf32 ? std::bit_cast<std::uint32_t>(b_at(t + 4 * half, g))
                     : bf16_pair(b_at(2 * t + 8 * half, g), b_at(2 * t + 1 + 8 * half, g));
  return r;
}

void check_product(const std::string& instruction, int depth, bool tf32) {
  std::vector<std::uint32_t> in;
  for (int lane = 0; lane < 32; ++lane) {
    const LaneRegisters r = deal(lane, tf32);
    in.insert(in.end(), r.a, r.a + 4);
    in.insert(in.end(), r.b, r.b + 2);
    for (float c : r.c) in.push_back(std::bit_cast<std::uint32_t>(c));
  }
  const OnDevice<std::uint32_t> from(in);
  OnDevice<float> out(16 * 8);
  std::string body =
      "ld.param.u64 %rd1, [in]; mov.u32 %r20, %tid.x; mul.wide.u32 %rd2, %r20, 40; add.s64 %rd1, %rd1, "
      "%rd2;\n";
  for (int n = 0; n < 10; ++n)
    body += "ld.global.b32 " + std::string(n < 6 ? "%r" : "%f") + std::to_string(n) + ", [%rd1+" +
            std::to_string(4 * n) + "];\n";
  body += instruction +
          "\nld.param.u64 %rd3, [out]; mul.wide.u32 %rd4, %r20, 16; add.s64 %rd3, %rd3, %rd4;\n" +
          "st.global.v4.f32 [%rd3], {%f6, %f7, %f8, %f9};";
  run_text(kernel_text(body, ".param .u64 out, .param .u64 in"), 1, 32,
           {reinterpret_cast<std::uint64_t>(out.get()), reinterpret_cast<std::uint64_t>(from.get())});
  const std::vector<float> got = out.read();
  for (int lane = 0; lane < 32; ++lane)
    for (int n = 0; n < 4; ++n) {
      const int row = lane / 4 + n / 2 * 8, column = 2 * (lane % 4) + n % 2;
      float want = c_at(row, column);
      for (int k = 0; k < depth; ++k) want += a_at(row, k) * b_at(k, column);
      CHECK(got[static_cast<std::size_t>(4 * lane + n)] == want);
    }
}

}  // namespace

TEST_CASE("ptx: mma.sync multiplies what the lanes hold") {
  const std::string operands = " {%f6,%f7,%f8,%f9}, {%r0,%r1,%r2,%r3}, {%r4,%r5}, {%f6,%f7,%f8,%f9};";
  const std::string half = " {%f6,%f7,%f8,%f9}, {%r0,%r1}, {%r4}, {%f6,%f7,%f8,%f9};";
  check_product("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32" + operands, 16, false);
  check_product("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32" + half, 8, false);
  check_product("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32" + operands, 8, true);
  check_product("mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32" + half, 4, true);
}

TEST_CASE("ptx: mma.sync cuts toward zero, and reads 19 bits of tf32") {
  // one product of 1 and 1 + 2^-11 on top of 2^13: 2^-11 is below half of its last bit
  const std::string body =
      "mov.b32 %f1, 0f00000000; mov.u32 %r9, %laneid; mov.b32 %r1, 0; mov.b32 %r2, 0f3F801FFF; mov.b32 %f3, "
      "0fCB000000;\n"
      "setp.eq.u32 %p0, %r9, 0; selp.b32 %r0, 0f3F800000, 0, %p0; selp.b32 %r2, %r2, 0, %p0;\n"
      "mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32 {%f4,%f5,%f6,%f7}, {%r0,%r1}, {%r2}, "
      "{%f3,%f1,%f1,%f1};\n"
      "ld.param.u64 %rd1, [out]; @%p0 st.global.v2.f32 [%rd1], {%f4, %f5};";
  OnDevice<float> out(2);
  run_text(kernel_text(body), 1, 32, {reinterpret_cast<std::uint64_t>(out.get())});
  // -2^23 + 1 exactly: the bits of 1 + 2^-11 + ... below 2^-10 are not read
  CHECK(out.read() == std::vector<float>{-8388607.0f, 0.0f});
}

TEST_CASE("ptx: ldmatrix deals out rows, transposed or not") {
  std::vector<std::uint16_t> halves(256);  // four matrices of 8 x 8, element = 100 m + 10 row + column
  for (unsigned n = 0; n < 256; ++n)
    halves[n] = static_cast<std::uint16_t>(n / 64 * 100 + n / 8 % 8 * 10 + n % 8);
  const OnDevice<std::uint16_t> from(halves);
  for (const bool transposed : {false, true}) {
    OnDevice<std::uint16_t> out(32 * 8);
    const std::string name =
        std::string("ldmatrix.sync.aligned.m8n8.x4") + (transposed ? ".trans" : "") + ".shared.b16";
    run_text(
        kernel_text(
            ".shared .align 16 .b8 tile[512];\nld.param.u64 %rd1, [in]; mov.u32 %r9, %tid.x; shl.b32 %r8, "
            "%r9, 4;\n"
            "cvt.u64.u32 %rd2, %r8; add.s64 %rd3, %rd1, %rd2; mov.u32 %r7, tile; add.s32 %r7, %r7, %r8;\n"
            "ld.global.v4.u32 {%r0,%r1,%r2,%r3}, [%rd3]; st.shared.v4.u32 [%r7], {%r0,%r1,%r2,%r3}; bar.sync "
            "0;\n" +
                name +
                " {%r0,%r1,%r2,%r3}, [%r7];\nld.param.u64 %rd4, [out]; add.s64 %rd4, %rd4, %rd2;\n"
                "st.global.v4.u32 [%rd4], {%r0,%r1,%r2,%r3};",
            ".param .u64 out, .param .u64 in"),
        1, 32, {reinterpret_cast<std::uint64_t>(out.get()), reinterpret_cast<std::uint64_t>(from.get())});
    const auto got = out.read();
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned m = 0; m < 4; ++m)
        for (unsigned half = 0; half < 2; ++half) {
          const unsigned along = 2 * (lane % 4) + half, across = lane / 4;
          const unsigned want = 100 * m + (transposed ? 10 * along + across : 10 * across + along);
          CHECK(got[lane * 8 + 2 * m + half] == want);
        }
  }
}

}  // namespace test_ptx
