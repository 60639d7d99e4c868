// Kernels whose requests can be counted by hand. This file is compiled like the CUDA kernels in
// bench/, so that its own kernels are counted.
#include <doctest/doctest.h>

#include <sstream>

#include "bench/bench_device.h"
#include "bench/emu_report.h"
#include "bench/operands.h"
#include "kernels/cuda/device/shared.cuh"
#include "kernels/emu/access_scope.h"
#include "tests/support.h"

namespace sumi::bench {
namespace {

constexpr unsigned kThreads = 64;
constexpr int kBlocks = 6;

// y[i] = x[i * step]
__global__ void gather(const float* x, float* y, int step) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  y[i] = x[i * static_cast<unsigned>(step)];
}

struct Words {
  float at[32 * 33];
};
// Lane i reads word i * row.
__global__ void columns(float* y, int row) {
  auto& shared = kernels::cuda::block_shared<Words>().at;
  const int lane = static_cast<int>(threadIdx.x % 32);
  for (int i = static_cast<int>(threadIdx.x); i < 32 * 33; i += static_cast<int>(blockDim.x)) shared[i] = 1;
  __syncthreads();
  y[blockIdx.x * blockDim.x + threadIdx.x] = shared[lane * row];
}

struct alignas(16) Four {
  float x, y, z, w;
};
__global__ void vectors(const Four* x, Four* y) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  Four v = x[i];
  v.x += 1, v.y += 1, v.z += 1, v.w += 1;
  y[i] = v;
}

struct Device {
  BenchDevice target{"emu", 1};
  float* x = static_cast<float*>(target.allocate(sizeof(float) * kThreads * kBlocks * 64));
  float* y = static_cast<float*>(target.allocate(sizeof(float) * kThreads * kBlocks * 64));
  ~Device() {
    target.release(x);
    target.release(y);
  }
  template <class Kernel, class... A>
  emu::LaunchAccesses count(std::uint64_t most, Kernel kernel, A... args) {
    const emu::AccessScope scope(most);
    kernels::launch(target.exec(), "counted", kernel, {dim3(kBlocks), dim3(kThreads)}, args...);
    target.wait();
    REQUIRE(scope.launches().size() == 1);
    return scope.launches().front();
  }
};

constexpr std::uint64_t kWarps = kThreads / 32 * kBlocks;

}  // namespace

TEST_CASE("counts: neighbors read neighbors: four sectors a warp") {
  Device d;
  const auto l = d.count(0, gather, d.x, d.y, 1);
  CHECK(l.blocks == kBlocks);
  CHECK(l.counted == kBlocks);
  CHECK(l.reads.requests == kWarps);
  CHECK(l.reads.transactions == 4 * kWarps);
  CHECK(l.reads.ideal == 4 * kWarps);
  CHECK(l.writes.transactions == 4 * kWarps);
  CHECK(l.block_sectors == 2 * kThreads / 8 * kBlocks);
}

TEST_CASE("counts: a stride costs a sector a lane, one address one a warp") {
  Device d;
  const auto apart = d.count(0, gather, d.x, d.y, 32);
  CHECK(apart.reads.transactions == 32 * kWarps);
  CHECK(apart.reads.ideal == 4 * kWarps);
  const auto same = d.count(0, gather, d.x, d.y, 0);
  CHECK(same.reads.transactions == kWarps);
  CHECK(same.reads.ideal == kWarps);
}

TEST_CASE("counts: some blocks stand for all") {
  Device d;
  const auto l = d.count(2, gather, d.x, d.y, 1);
  CHECK(l.blocks == kBlocks);
  CHECK(l.counted == 2);
  CHECK(l.reads.requests == kWarps / 3);
  CHECK(l.scale() == 3);
}

TEST_CASE("counts: bank conflicts") {
  Device d;
  const auto conflict = d.count(0, columns, d.y, 32), none = d.count(0, columns, d.y, 33);
  CHECK(conflict.shared_reads.requests == kWarps);
  CHECK(conflict.shared_reads.transactions == 32 * kWarps);
  CHECK(conflict.shared_reads.ideal == kWarps);
  CHECK(none.shared_reads.transactions == kWarps);
  CHECK(none.shared_bytes == sizeof(Words));
  const auto broadcast = d.count(0, columns, d.y, 0);
  CHECK(broadcast.shared_reads.transactions == kWarps);
}

TEST_CASE("counts: members of a small struct are one request") {
  Device d;
  const auto l = d.count(0, vectors, reinterpret_cast<const Four*>(d.x), reinterpret_cast<Four*>(d.y));
  CHECK(l.reads.requests == kWarps);
  CHECK(l.reads.transactions == 16 * kWarps);
  CHECK(l.writes.requests == kWarps);
  CHECK(l.writes.transactions == 16 * kWarps);
}

// The purpose of the tiles' strides and thread order (kernels/cuda/product): shared memory serves
// every request in the minimum number of wavefronts, and results are stored in full sectors.
TEST_CASE("counts: the tiles of products have no bank conflicts, and write whole sectors") {
  BenchDevice target("emu", 1);
  for (const char* op : {"conv", "dense"})
    for (const BenchCase& bench_case :
         cases_of({.ops = {op}, .problems = {op[0] == 'c' ? "n1h16w16c64k64r3s3p1" : "m128n64k64"}}))
      for (const DType type : {DType::f32, DType::bf16})
        for (const auto& v : bench_case.variants(type, MatmulPrecision::tf32)) {
          const std::string name = v.name;
          if (name != "register_blocked" && name != "implicit_gemm" && name != "mma") continue;
          const Operands operands(target, bench_case, type, values_of(bench_case, type), 1);
          Exec exec = target.exec();
          exec.variant = v.name;
          exec.multiply = MatmulPrecision::tf32;
          const emu::AccessScope scope(1);
          bench_case.run(exec, operands.set(0));
          target.wait();
          const auto launches = scope.launches();
          REQUIRE(!launches.empty());
          const emu::LaunchAccesses& l = launches.front();
          CAPTURE(l.kernel);
          CAPTURE(name_of(type));
          CHECK(l.shared_reads.requests > 0);
          CHECK(l.shared_reads.transactions == l.shared_reads.ideal);
          CHECK(l.shared_writes.transactions == l.shared_writes.ideal);
          CHECK(l.writes.transactions == l.writes.ideal);
        }
}

TEST_CASE("counts: nothing is kept when nobody counts") {
  Device d;
  kernels::launch(d.target.exec(), "not_counted", gather, {dim3(kBlocks), dim3(kThreads)}, d.x, d.y, 1);
  d.target.wait();
  const emu::AccessScope scope;
  CHECK(scope.launches().empty());
}

TEST_CASE("bench: the report without a GPU") {
  Options options;
  options.filter.parts = {"fprop"};
  options.request = {{"f32", "bf16"}, {"all"}, false};
  options.filter.problems = {"n1h8w8c8k8r3s3p1"};
  std::ostringstream out;
  options.filter.ops = {"conv"};
  CHECK(report_emulated(options, out) == 0);
  CAPTURE(out.str());
  CHECK(test::has(out.str(), "conv_fprop_naive"));
  CHECK(test::has(out.str(), "h100 cannot stay below"));
  CHECK(test::has(out.str(), "error "));
  CHECK(test::has(out.str(), "bf16"));
}

}  // namespace sumi::bench
