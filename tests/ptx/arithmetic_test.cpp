// What each instruction computes, stated from the PTX manual with numbers worked out by hand.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "tests/ptx/helpers.h"

namespace test_ptx {
namespace {

// One instruction and what its destination holds afterwards.
struct Case {
  const char* body;
  const char* result;
  std::uint64_t want;
};

void check(const Case& c) {
  CAPTURE(c.body);
  CHECK(word_of(c.body, c.result) == c.want);
}

std::uint64_t bits(float v) {
  return std::bit_cast<std::uint32_t>(v);
}
std::uint64_t bits(double v) {
  return std::bit_cast<std::uint64_t>(v);
}

}  // namespace

TEST_CASE("ptx: integers") {
  const Case cases[] = {
      {"add.s32 %r0, 2147483647, 1;", "%r0", 0x80000000},
      {"add.s64 %rd2, -1, -1;", "%rd2", ~std::uint64_t{1}},
      {"sub.u32 %r0, 1, 2;", "%r0", 0xFFFFFFFF},
      {"mul.lo.s32 %r0, 65536, 65537;", "%r0", 65536},
      {"mul.hi.s32 %r0, -2, 3;", "%r0", 0xFFFFFFFF},
      {"mul.hi.u32 %r0, 0x80000000, 6;", "%r0", 3},
      {"mul.hi.u64 %rd2, 0x8000000000000000, 6;", "%rd2", 3},
      {"mul.wide.s32 %rd2, -2, 3;", "%rd2", static_cast<std::uint64_t>(-6)},
      {"mul.wide.u32 %rd2, 0xFFFFFFFF, 2;", "%rd2", 0x1FFFFFFFE},
      {"mul.wide.u16 %r0, 65535, 65535;", "%r0", 0xFFFE0001},
      {"mad.lo.s32 %r0, -3, 5, 16;", "%r0", 1},
      {"mad.wide.s32 %rd2, -3, 5, 16;", "%rd2", 1},
      {"mad.hi.u32 %r0, 0x80000000, 6, 5;", "%r0", 8},
      {"div.s32 %r0, -7, 2;", "%r0", static_cast<std::uint32_t>(-3)},
      {"rem.s32 %r0, -7, 2;", "%r0", static_cast<std::uint32_t>(-1)},
      {"div.s32 %r0, 0x80000000, -1;", "%r0", 0x80000000},
      {"div.u32 %r0, 0xFFFFFFFE, 2;", "%r0", 0x7FFFFFFF},
      {"rem.u64 %rd2, -1, 10;", "%rd2", 5},
      {"neg.s32 %r0, 5;", "%r0", static_cast<std::uint32_t>(-5)},
      {"abs.s32 %r0, -5;", "%r0", 5},
      {"min.s32 %r0, -1, 1;", "%r0", 0xFFFFFFFF},
      {"min.u32 %r0, -1, 1;", "%r0", 1},
      {"max.s64 %rd2, -1, 1;", "%rd2", 1},
  };
  for (const Case& c : cases) check(c);
}

TEST_CASE("ptx: bits") {
  const Case cases[] = {
      {"and.b32 %r0, 12, 10;", "%r0", 8},
      {"or.b64 %rd2, 12, 10;", "%rd2", 14},
      {"xor.b16 %rs0, 12, 10;", "%rs0", 6},
      {"not.b32 %r0, 0;", "%r0", 0xFFFFFFFF},
      {"not.b16 %rs0, 1;", "%rs0", 0xFFFE},
      {"shl.b32 %r0, 3, 31;", "%r0", 0x80000000},
      {"shl.b32 %r0, 3, 32;", "%r0", 0},
      {"shl.b64 %rd2, 3, 40;", "%rd2", std::uint64_t{3} << 40},
      {"shr.u32 %r0, 0x80000000, 31;", "%r0", 1},
      {"shr.u32 %r0, 0x80000000, 32;", "%r0", 0},
      {"shr.s32 %r0, 0x80000000, 31;", "%r0", 0xFFFFFFFF},
      {"shr.s32 %r0, 0x80000000, 99;", "%r0", 0xFFFFFFFF},
      {"shr.s64 %rd2, -8, 1;", "%rd2", static_cast<std::uint64_t>(-4)},
      {"shf.l.wrap.b32 %r0, 0x80000000, 1, 33;", "%r0", 3},
      {"shf.l.clamp.b32 %r0, 7, 1, 33;", "%r0", 7},
      {"shf.r.wrap.b32 %r0, 2, 1, 1;", "%r0", 0x80000001},
      {"bfe.u32 %r0, 0xABCD, 4, 8;", "%r0", 0xBC},
      {"bfe.s32 %r0, 0xABCD, 4, 8;", "%r0", 0xFFFFFFBC},
      {"bfe.u32 %r0, 0xF0000000, 28, 8;", "%r0", 15},
      {"bfi.b32 %r0, 0xBC, 0xF0000, 4, 8;", "%r0", 0xF0BC0},
      {"brev.b32 %r0, 1;", "%r0", 0x80000000},
      {"popc.b64 %r0, -1;", "%r0", 64},
      {"clz.b32 %r0, 1;", "%r0", 31},
      {"prmt.b32 %r0, 0x44332211, 0x88776655, 0x7250;", "%r0", 0x88336611},
      {"prmt.b32 %r0, 0x00008000, 0, 0x999F;", "%r0", 0xFFFFFF00},
      {"lop3.b32 %r0, 12, 10, 6, 0x96;", "%r0", 12 ^ 10 ^ 6},
  };
  for (const Case& c : cases) check(c);
}

TEST_CASE("ptx: floats") {
  const Case cases[] = {
      {"add.f32 %f0, 0f3F800000, 0f33800000;", "%f0", bits(1.0f)},  // 1 + 2^-24: a tie, to even
      {"add.rp.f32 %f0, 0f3F800000, 0f33800000;", "%f0", bits(1.0f) + 1},
      {"add.rz.f32 %f0, 0f3F800001, 0f33800000;", "%f0", bits(1.0f) + 1},
      {"add.rn.f32 %f0, 0f3F800001, 0f33800000;", "%f0", bits(1.0f) + 2},
      {"sub.f32 %f0, 0f3F800000, 0f40000000;", "%f0", bits(-1.0f)},
      {"mul.f32 %f0, 0f00000001, 0f3F000000;", "%f0", 0},  // half the smallest number
      {"mul.f32 %f0, 0f00000002, 0f3F000000;", "%f0", 1},
      {"mul.ftz.f32 %f0, 0f00000002, 0f4F000000;", "%f0", 0},
      {"mul.rn.f32 %f0, 0f40400000, 0f40400000;", "%f0", bits(9.0f)},
      // (1 + 2^-12)^2 - 1 - 2^-11 is 2^-24 exactly, which two roundings lose
      {"fma.rn.f32 %f0, 0f3F800800, 0f3F800800, 0fBF801000;", "%f0", bits(0x1p-24f)},
      {"fma.rm.f32 %f0, 0f3F800000, 0f3F800000, 0fB2800000;", "%f0", bits(1.0f) - 1},
      {"fma.rn.f32 %f0, 0f3F800000, 0f3F800000, 0fB2800000;", "%f0", bits(1.0f)},
      {"div.rn.f32 %f0, 0f3F800000, 0f40400000;", "%f0", 0x3EAAAAAB},
      {"rcp.rn.f32 %f0, 0f40400000;", "%f0", 0x3EAAAAAB},
      {"sqrt.rn.f32 %f0, 0f40000000;", "%f0", 0x3FB504F3},
      {"abs.f32 %f0, 0fFF800000;", "%f0", 0x7F800000},
      {"neg.f32 %f0, 0f00000000;", "%f0", 0x80000000},
      {"copysign.f32 %f0, 0fBF800000, 0f40000000;", "%f0", bits(-2.0f)},
      {"min.f32 %f0, 0f7FC00000, 0f3F800000;", "%f0", bits(1.0f)},
      {"max.f32 %f0, 0f80000000, 0f00000000;", "%f0", 0},
      {"min.f32 %f0, 0f00000000, 0f80000000;", "%f0", 0x80000000},
      {"add.f64 %fd0, 0d3FF0000000000000, 0d3CA0000000000000;", "%fd0", bits(1.0)},
      {"fma.rn.f64 %fd0, 0d4008000000000000, 0d4008000000000000, 0d3FF0000000000000;", "%fd0", bits(10.0)},
      {"ex2.approx.ftz.f32 %f0, 0f40400000;", "%f0", bits(8.0f)},
      {"ex2.approx.ftz.f32 %f0, 0fC3020000;", "%f0", 0},  // 2^-130 is denormal
      {"lg2.approx.f32 %f0, 0f41000000;", "%f0", bits(3.0f)},
      {"rcp.approx.ftz.f32 %f0, 0f40800000;", "%f0", bits(0.25f)},
      {"add.sat.f32 %f0, 0f3F800000, 0f3F800000;", "%f0", bits(1.0f)},
      {"fma.rn.bf16x2 %r0, 0x40004000, 0x40403F80, 0x3F803F80;", "%r0", 0x40E04040},  // 2*3+1, 2*1+1
      {"add.f16 %rs0, 0x3C00, 0x3C00;", "%rs0", 0x4000},
  };
  for (const Case& c : cases) check(c);
}

TEST_CASE("ptx: conversions") {
  const Case cases[] = {
      {"cvt.s64.s32 %rd2, -2;", "%rd2", static_cast<std::uint64_t>(-2)},
      {"cvt.u64.u32 %rd2, -2;", "%rd2", 0xFFFFFFFE},
      {"cvt.u16.u32 %rs0, 0x12345;", "%rs0", 0x2345},
      {"cvt.s32.s16 %r0, 0x8000;", "%r0", 0xFFFF8000},
      {"cvt.sat.u8.s32 %r0, -3;", "%r0", 0},
      {"cvt.sat.u8.s32 %r0, 300;", "%r0", 255},
      {"cvt.rn.f32.s32 %f0, 16777217;", "%f0", bits(16777216.0f)},
      {"cvt.rp.f32.s32 %f0, 16777217;", "%f0", bits(16777218.0f)},
      {"cvt.rn.f32.u64 %f0, -1;", "%f0", bits(0x1p64f)},
      {"cvt.rn.f64.s64 %fd0, -3;", "%fd0", bits(-3.0)},
      {"cvt.rzi.s32.f32 %r0, 0fC0600000;", "%r0", static_cast<std::uint32_t>(-3)},  // -3.5
      {"cvt.rni.s32.f32 %r0, 0f40200000;", "%r0", 2},                               // 2.5
      {"cvt.rmi.s32.f32 %r0, 0fC0600000;", "%r0", static_cast<std::uint32_t>(-4)},
      {"cvt.rzi.s32.f32 %r0, 0f7F800000;", "%r0", 0x7FFFFFFF},
      {"cvt.rzi.u32.f32 %r0, 0fBF800000;", "%r0", 0},
      {"cvt.rzi.s32.f32 %r0, 0f7FC00000;", "%r0", 0},
      {"cvt.rzi.s64.f64 %rd2, 0dFFF8000000000000;", "%rd2", std::uint64_t{1} << 63},
      {"cvt.rni.f32.f32 %f0, 0fC0200000;", "%f0", bits(-2.0f)},
      {"cvt.sat.f32.f32 %f0, 0f7FC00000;", "%f0", 0},
      {"cvt.sat.f32.f32 %f0, 0f40200000;", "%f0", bits(1.0f)},
      {"cvt.f64.f32 %fd0, 0f3FC00000;", "%fd0", bits(1.5)},
      {"cvt.rn.f32.f64 %f0, 0d3FF0000010000000;", "%f0", bits(1.0f)},
      {"cvt.rz.f32.f64 %f0, 0d3FEFFFFFFFFFFFFF;", "%f0", bits(1.0f) - 1},
      {"cvt.rn.bf16.f32 %rs0, 0f3F808000;", "%rs0", 0x3F80},  // a tie, to even
      {"cvt.rn.bf16.f32 %rs0, 0f3F818000;", "%rs0", 0x3F82},
      {"cvt.rn.bf16.f32 %rs0, 0f7F7FFFFF;", "%rs0", 0x7F80},
      {"cvt.rn.bf16x2.f32 %r0, 0f40000000, 0f3F800000;", "%r0", 0x40003F80},
      {"cvt.f32.bf16 %f0, 0x4000;", "%f0", bits(2.0f)},
      {"cvt.rn.f16.f32 %rs0, 0f477FF000;", "%rs0", 0x7C00},  // 65520, a tie with infinity
      {"cvt.rn.f16.f32 %rs0, 0f33800000;", "%rs0", 1},       // 2^-24
      {"cvt.f32.f16 %f0, 0x0001;", "%f0", bits(0x1p-24f)},
      {"mov.b32 %r0, {%rs1, %rs2};", "%r0", 0xFFFFFFFF},
      {"mov.u16 %rs1, 1; mov.u16 %rs2, 2; mov.b32 %r0, {%rs1, %rs2};", "%r0", 0x20001},
      {"mov.b64 {%r1, %r2}, %rd1; add.s32 %r0, %r1, %r2;", "%r0", 0},
      {"mov.u32 %r1, 7; mov.u32 %r2, 9; mov.b64 %rd2, {%r1, %r2};", "%rd2", std::uint64_t{9} << 32 | 7},
  };
  for (const Case& c : cases) check(c);
  // 11 significant bits are right, ties away from zero; nothing is said of those below
  CHECK((word_of("cvt.rna.tf32.f32 %r0, 0f3F801000;", "%r0") & 0xFFFFE000) == 0x3F802000);
  CHECK((word_of("cvt.rna.tf32.f32 %r0, 0f3F800FFF;", "%r0") & 0xFFFFE000) == 0x3F800000);
}

TEST_CASE("ptx: comparisons and choices") {
  const Case cases[] = {
      {"setp.lt.s32 %p0, -1, 1;", "%p0", 1},
      {"setp.lt.u32 %p0, -1, 1;", "%p0", 0},
      {"setp.ge.s64 %p0, 1, 1;", "%p0", 1},
      {"setp.gt.s16 %p0, 0xFFFF, 0;", "%p0", 0},
      {"setp.ne.s16 %p0, 1, 2;", "%p0", 1},
      {"setp.eq.f32 %p0, 0f7FC00000, 0f7FC00000;", "%p0", 0},
      {"setp.ne.f32 %p0, 0f7FC00000, 0f3F800000;", "%p0", 0},
      {"setp.neu.f32 %p0, 0f7FC00000, 0f3F800000;", "%p0", 1},
      {"setp.gtu.f32 %p0, 0f7FC00000, 0f3F800000;", "%p0", 1},
      {"setp.nan.f32 %p0, 0f7FC00000, 0f3F800000;", "%p0", 1},
      {"setp.num.f32 %p0, 0f7FC00000, 0f3F800000;", "%p0", 0},
      {"setp.eq.f32 %p0, 0f80000000, 0f00000000;", "%p0", 1},
      {"setp.lt.s32 %p0|%p1, 1, 2;", "%p1", 0},
      {"setp.lt.s32 %p2, 1, 2; setp.lt.and.s32 %p0, 2, 1, %p2;", "%p0", 0},
      {"setp.lt.s32 %p2, 1, 2; setp.lt.or.s32 %p0, 2, 1, %p2;", "%p0", 1},
      {"setp.lt.s32 %p2, 1, 2; not.pred %p0, %p2;", "%p0", 0},
      {"setp.lt.s32 %p2, 1, 2; selp.b32 %r0, 5, 6, %p2;", "%r0", 5},
      {"slct.b32.s32 %r0, 5, 6, -1;", "%r0", 6},
  };
  for (const Case& c : cases) check(c);
}

TEST_CASE("ptx: control") {
  CHECK(word_of("mov.u32 %r0, 0; mov.u32 %r1, 10;\nL: add.s32 %r0, %r0, %r1; sub.s32 %r1, %r1, 1;\n"
                "setp.gt.s32 %p0, %r1, 0; @%p0 bra L;",
                "%r0") == 55);
  CHECK(word_of("mov.u32 %r0, 1; setp.eq.s32 %p0, 1, 2; @!%p0 mov.u32 %r0, 2; @%p0 mov.u32 %r0, 3;", "%r0") ==
        2);
  CHECK(word_of("mov.u32 %r0, 1; { .reg .b32 %r0; mov.u32 %r0, 2; }", "%r0") == 1);  // a scope of its own
  CHECK(has(error_of([] { result_of("trap;"); }), "test.ptx:9, trap: the kernel gave up"));
}

}  // namespace test_ptx
