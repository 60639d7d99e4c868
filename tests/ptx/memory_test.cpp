// Loads, stores, copies, and what threads do together; and every error of an access.
#include <doctest/doctest.h>

#include <numeric>

#include "tests/ptx/helpers.h"

namespace test_ptx {
namespace {

template <class T>
std::uint64_t address(const OnDevice<T>& array) {
  return reinterpret_cast<std::uint64_t>(array.get());
}

// %rd0: the address of this thread's word of the result; %r0: its index in the block.
const std::string kOwnWord =
    "ld.param.u64 %rd1, [out]; mov.u32 %r0, %tid.x; mul.wide.u32 %rd2, %r0, 4; add.s64 %rd0, %rd1, %rd2;\n";

// Runs a block of 32 threads that each set %r1, and returns all.
std::vector<std::uint32_t> warp(const std::string& body, const std::string& variables = "") {
  OnDevice<std::uint32_t> out(32);
  run_text(kernel_text(variables + kOwnWord + body + "\nst.global.u32 [%rd0], %r1;"), 1, 32, {address(out)});
  return out.read();
}

std::vector<std::uint32_t> each_lane(std::uint32_t (*f)(std::uint32_t lane)) {
  std::vector<std::uint32_t> all(32);
  for (std::uint32_t lane = 0; lane < 32; ++lane) all[lane] = f(lane);
  return all;
}

std::string error_of_text(const std::string& body, const std::vector<std::uint64_t>& arguments) {
  return error_of([&] { run_text(kernel_text("ld.param.u64 %rd1, [out];\n" + body), 1, 1, arguments); });
}

}  // namespace

TEST_CASE("ptx: loads and stores") {
  const OnDevice<std::uint8_t> bytes(
      std::vector<std::uint8_t>{0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0, 0, 0, 0, 0, 0, 0, 0});
  const auto load = [&](const std::string& body) { return result_of(body, address(bytes)); };
  CHECK(load("ld.global.u8 %r0, [%rd1+1]; cvt.u64.u32 %rd0, %r0;") == 0x81);
  CHECK(load("ld.global.s8 %r0, [%rd1+1]; cvt.s64.s32 %rd0, %r0;") == 0xFFFFFFFFFFFFFF81);
  CHECK(load("ld.global.u16 %rs0, [%rd1+2]; cvt.u64.u16 %rd0, %rs0;") == 0x8382);
  CHECK(load("add.s64 %rd2, %rd1, 8; ld.global.u64 %rd0, [%rd2+-8];") == 0x8786858483828180);
  CHECK(load("ld.global.v2.u32 {%r0, %r1}, [%rd1]; mov.b64 %rd0, {%r1, %r0};") == 0x8382818087868584);
  CHECK(
      load(
          "ld.global.nc.L1::no_allocate.v4.u8 {%rs0, %rs1, %rs2, %rs3}, [%rd1+4]; cvt.u64.u16 %rd0, %rs3;") ==
      0x87);
  CHECK(load("ld.u32 %r0, [%rd1]; cvt.u64.u32 %rd0, %r0;") == 0x83828180);  // generic
  CHECK(load("mov.u64 %rd2, 1; st.global.v2.u64 [%rd1], {%rd2, %rd2}; ld.global.u64 %rd0, [%rd1+8];") == 1);
  CHECK(load("mov.u32 %r0, 0x1FF; st.global.u8 [%rd1+8], %r0; ld.global.u16 %rs0, [%rd1+8]; cvt.u64.u16 "
             "%rd0, %rs0;") == 0xFF);
}

TEST_CASE("ptx: variables in shared and local memory, and their generic addresses") {
  const std::string local =
      ".local .align 8 .b8 depot[16];\nmov.u64 %rd2, depot; mov.u64 %rd3, 77; st.local.u64 [%rd2+8], %rd3;\n";
  CHECK(result_of(local + "cvta.local.u64 %rd4, %rd2; ld.u64 %rd0, [%rd4+8];") == 77);
  const std::string shared = ".shared .align 4 .b8 tile[16];\nmov.u32 %r1, tile; st.shared.u32 [%r1+4], 5;\n";
  CHECK(result_of(shared + "ld.shared.u32 %r0, [tile+4]; cvt.u64.u32 %rd0, %r0;") == 5);
  CHECK(result_of(shared + "cvt.u64.u32 %rd2, %r1; cvta.shared.u64 %rd2, %rd2; ld.u32 %r0, [%rd2+4]; "
                           "cvt.u64.u32 %rd0, %r0;") == 5);
  CHECK(result_of("mov.b64 %rd2, in; ld.param.u64 %rd0, [%rd2];", 9) == 9);
}

TEST_CASE("ptx: variables outside of kernels keep what is written") {
  std::string text = kernel_text(
      "ld.param.u64 %rd1, [out]; ld.const.u16 %rs0, [table+2]; cvt.u32.u16 %r0, %rs0; mov.u64 %rd2, count;\n"
      "atom.global.inc.u32 %r1, [%rd2+4], 1; add.u32 %r0, %r0, %r1; st.global.u32 [%rd1], %r0;");
  text.insert(text.find(".visible"),
              ".const .align 2 .u16 table[3] = {5, 70, 9};\n.global .align 4 .b8 count[8];\n");
  OnDevice<std::uint32_t> out(1);
  run_text(text, 1, 2, {address(out)});
  CHECK(out.read()[0] == 71);
  run_text(text, 3, 1, {address(out)});  // 0, 1 and 0 again
  CHECK(out.read()[0] == 70);
  text.replace(text.find("[%rd2+4]"), 8, "[%rd2+8]");
  CHECK(has(error_of([&] { run_text(text, 1, 1, {address(out)}); }), "atom.global.inc.u32: 4 bytes outside"));
}

TEST_CASE("ptx: an access that no device allows names the kernel, the line and the address") {
  const OnDevice<std::uint32_t> four(4);
  const auto error = [&](const std::string& body) { return error_of_text(body, {address(four)}); };
  const std::string beyond = error("ld.global.u32 %r0, [%rd1+16];");
  CAPTURE(beyond);
  CHECK(
      has(beyond,
          "[emu] kernel k, block (0,0,0), thread (0,0,0): test.ptx:8, ld.global.u32: 4 bytes outside of every"
          " allocation, at device memory at 0x"));
  CHECK(has(error("ld.global.u32 %r0, [%rd1+2];"),
            "test.ptx:8, ld.global.u32: a misaligned access of 4 bytes"));
  CHECK(has(error("ld.global.v4.u32 {%r0, %r1, %r2, %r3}, [%rd1+4];"), "misaligned access of 16 bytes"));
  CHECK(has(error("st.global.u32 [%rd1+-4], 0;"), "outside of every allocation"));
  CHECK(has(error("mov.u64 %rd2, 0; ld.u32 %r0, [%rd2];"), "outside of every allocation"));
  CHECK(has(error(".shared .align 4 .b8 tile[16]; ld.shared.u32 %r0, [tile+16];"),
            "outside of every variable, in shared"));
  CHECK(has(error("mov.u32 %r1, 0; ld.shared.u32 %r0, [%r1];"),
            "outside of every variable, in shared memory at 0x0"));
  CHECK(has(error(".local .align 4 .b8 depot[8]; st.local.u32 [depot+8], 1;"), "in local memory"));
  CHECK(has(error("ld.param.u64 %rd2, [out+8];"), "outside of every variable, in param"));
  CHECK(has(error("mov.u32 %r0, 0; div.s32 %r1, 1, %r0;"), "a division by zero"));
}

TEST_CASE("ptx: atomics") {
  OnDevice<std::uint32_t> out(std::vector<std::uint32_t>(4, 0));
  run_text(kernel_text("ld.param.u64 %rd1, [out]; mov.u32 %r0, %tid.x; atom.global.add.u32 %r1, [%rd1], 1;\n"
                       "red.global.max.u32 [%rd1+4], %r0; mov.b32 %f0, 0f3F800000; "
                       "red.relaxed.gpu.global.add.f32 [%rd1+8], %f0;\n"
                       "atom.global.cas.b32 %r2, [%rd1+12], 0, 9;"),
           1, 64, {address(out)});
  CHECK(out.read() == std::vector<std::uint32_t>{64, 63, std::bit_cast<std::uint32_t>(64.0f), 9});
}

TEST_CASE("ptx: shuffles") {
  const std::string lane = "mov.u32 %r2, %laneid;\n";
  CHECK(warp(lane + "shfl.sync.bfly.b32 %r1|%p1, %r2, 5, 31, -1;") ==
        each_lane([](std::uint32_t l) { return l ^ 5; }));
  CHECK(warp(lane + "shfl.sync.down.b32 %r1|%p1, %r2, 3, 31, -1;") ==
        each_lane([](std::uint32_t l) { return l + 3 < 32 ? l + 3 : l; }));
  CHECK(warp(lane + "shfl.sync.down.b32 %r3|%p1, %r2, 3, 31, -1; selp.u32 %r1, 1, 0, %p1;") ==
        each_lane([](std::uint32_t l) { return std::uint32_t{l + 3 < 32}; }));
  CHECK(warp(lane + "shfl.sync.up.b32 %r1, %r2, 1, 0, -1;") ==
        each_lane([](std::uint32_t l) { return l ? l - 1 : 0; }));
  // parts of 8 lanes: bits 8 to 12 of c are the lane's bits that stay
  CHECK(warp(lane + "shfl.sync.idx.b32 %r1, %r2, 2, 0x181F, -1;") ==
        each_lane([](std::uint32_t l) { return l / 8 * 8 + 2; }));
  CHECK(warp(lane + "shfl.sync.down.b32 %r1, %r2, 4, 0x181F, -1;") ==
        each_lane([](std::uint32_t l) { return l % 8 < 4 ? l + 4 : l; }));
  CHECK(has(error_of([&] {
              warp(lane + "setp.lt.u32 %p0, %r2, 16; @%p0 shfl.sync.idx.b32 %r1, %r2, 20, 31, 0xFFFF;");
            }),
            "reads lane 20, which its mask does not name"));
}

TEST_CASE("ptx: votes and barriers") {
  const std::string odd = "and.b32 %r2, %r0, 1; setp.eq.u32 %p0, %r2, 1;\n";
  CHECK(warp(odd + "vote.sync.ballot.b32 %r1, %p0, -1;") == std::vector<std::uint32_t>(32, 0xAAAAAAAA));
  CHECK(warp(odd + "vote.sync.any.pred %p1, %p0, -1; selp.u32 %r1, 1, 0, %p1;") ==
        std::vector<std::uint32_t>(32, 1));
  CHECK(warp(odd + "vote.sync.all.pred %p1, %p0, -1; selp.u32 %r1, 1, 0, %p1;") ==
        std::vector<std::uint32_t>(32, 0));
  CHECK(warp(odd + "bar.red.popc.u32 %r1, 0, %p0;") == std::vector<std::uint32_t>(32, 16));
  CHECK(warp("mov.u32 %r1, %lanemask_lt;") == each_lane([](std::uint32_t l) { return (1u << l) - 1; }));
  // each thread reads what its neighbor wrote
  const std::string tile = ".shared .align 4 .b8 tile[128];\n";
  const std::string swap =
      "shl.b32 %r3, %r0, 2; mov.u32 %r4, tile; add.s32 %r5, %r4, %r3; st.shared.u32 [%r5], %r0;\n";
  const std::string read = "xor.b32 %r6, %r3, 4; add.s32 %r6, %r6, %r4; ld.shared.u32 %r1, [%r6];";
  CHECK(warp(swap + "bar.sync 0;\n" + read, tile) == each_lane([](std::uint32_t l) { return l ^ 1; }));
  CHECK(warp(swap + read, tile) !=
        each_lane([](std::uint32_t l) { return l ^ 1; }));  // without it: not yet written
  CHECK(
      has(error_of([&] { warp("setp.eq.u32 %p0, %r0, 3; @%p0 bra END; bar.sync 0;\nEND: mov.u32 %r1, 0;"); }),
          "31 of 32 threads wait at bar.sync (test.ptx:8)"));
  CHECK(has(error_of([&] { warp("mov.u32 %r1, 0; bar.sync 0, 64;"); }), "a barrier of a part of the block"));
}

TEST_CASE("ptx: asynchronous copies arrive when they are waited for") {
  const std::string tile =
      ".shared .align 16 .b8 tile[64];\nmov.u32 %r9, tile; st.shared.u32 [tile], 7; st.shared.u32 [tile+16], "
      "7;\n";
  const OnDevice<std::uint32_t> from(std::vector<std::uint32_t>{1, 2, 3, 4});
  const auto word = [&](const std::string& body, const char* at) {
    return result_of(
        tile + body + "ld.shared.u32 %r0, [tile+" + at + "]; cvt.u64.u32 %rd0, %r0; cp.async.wait_all;",
        address(from));
  };
  const std::string first = "cp.async.ca.shared.global [%r9], [%rd1+4], 4; cp.async.commit_group;";
  const std::string second = "cp.async.cg.shared.global [%r9+16], [%rd1], 16; cp.async.commit_group;";
  CHECK(word(first, "0") == 7);
  CHECK(word(first + "cp.async.wait_group 0;", "0") == 2);
  CHECK(word(first + second + "cp.async.wait_group 1;", "0") == 2);
  CHECK(word(first + second + "cp.async.wait_group 1;", "16") == 7);
  CHECK(word(first + second + "cp.async.wait_all;", "28") == 4);
  // the source may be shorter: zeros
  CHECK(word("cp.async.cg.shared.global [%r9], [%rd1], 16, 4; cp.async.wait_all;", "0") == 1);
  CHECK(word("cp.async.cg.shared.global [%r9], [%rd1], 16, 4; cp.async.wait_all;", "4") == 0);
  CHECK(word("cp.async.ca.shared.global [%r9], [%rd1], 4, 0; cp.async.wait_all;", "0") == 0);
  const auto error = [&](const std::string& body) { return error_of([&] { word(body, "0"); }); };
  CHECK(has(error("cp.async.cg.shared.global [%r9], [%rd1], 8;"), "past the L1 cache only 16"));
  CHECK(
      has(error("cp.async.ca.shared.global [%r9], [%rd1+4], 8;"), "misaligned access of 8 bytes to global"));
  CHECK(
      has(error("cp.async.ca.shared.global [%r9+4], [%rd1], 8;"), "misaligned access of 8 bytes to shared"));
  CHECK(has(error("cp.async.ca.shared.global [%r9+64], [%rd1], 4;"), "outside of every variable"));
  CHECK(has(error("cp.async.ca.shared.global [%r9], [%rd1+16], 4;"), "outside of every allocation"));
  CHECK(has(error_of([&] { result_of(tile + "mov.u64 %rd0, 0;" + first, address(from)); }),
            "returned with 1 asynchronous copies that it never waited for"));
}

}  // namespace test_ptx
