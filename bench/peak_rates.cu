// Multiply-adds on registers alone: the compute roof of a GPU. mma.sync m16n8k16 (bf16) and m16n8k8
// (TF32) are described in "PTX ISA", Warp Level Matrix Multiply-Accumulate Instructions.
#include "bench/peak_rates.h"

namespace sumi::bench {
namespace {

constexpr int kRounds = 4096, kSums = 8, kThreads = 256;

__global__ void fma_loop(float* out, float a, float b) {
  float sums[kSums];
#pragma unroll
  for (int i = 0; i < kSums; ++i) sums[i] = static_cast<float>(threadIdx.x + i);
  for (int r = 0; r < kRounds; ++r) {
#pragma unroll
    for (int i = 0; i < kSums; ++i) sums[i] = fmaf(sums[i], a, b);
  }
  float sum = 0;
#pragma unroll
  for (int i = 0; i < kSums; ++i) sum += sums[i];
  if (sum == 12345.0F) out[blockIdx.x] = sum;  // never true, but the compiler cannot know
}

template <bool kBf16>
__device__ void multiply(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  if constexpr (kBf16)
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
        "{%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  else
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
        "{%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// Random bits in small values: products of zeros use less power and so run at a higher clock.
template <bool kBf16>
__global__ void mma_loop(float* out) {
  unsigned a[4], b[2], state = 1 + threadIdx.x + blockIdx.x * blockDim.x;
  const unsigned mask = kBf16 ? 0x807F807FU : 0x807FFFFFU, exponent = kBf16 ? 0x3C003C00U : 0x3C000000U;
  for (unsigned& v : a) v = ((state = state * 1664525U + 1013904223U) & mask) | exponent;
  for (unsigned& v : b) v = ((state = state * 1664525U + 1013904223U) & mask) | exponent;
  float sums[kSums][4] = {};
  for (int r = 0; r < kRounds; ++r) {
#pragma unroll
    for (int i = 0; i < kSums; ++i) multiply<kBf16>(sums[i], a, b);
  }
  float sum = 0;
#pragma unroll
  for (int i = 0; i < kSums; ++i) sum += sums[i][0] + sums[i][1] + sums[i][2] + sums[i][3];
  if (sum == 12345.0F) out[blockIdx.x] = sum;
}

// The fastest of ten launches.
template <class Launch>
double best_ms(const BenchDevice& target, Launch&& launch) {
  double best = 1e30;
  for (int i = 0; i < 10; ++i) best = std::min(best, target.ms_each(1, launch));
  return best;
}

}  // namespace

GpuRates gpu_multiply_adds(const BenchDevice& target) {
  int sms = 0;
  SUMI_CUDA_CALL(cudaDeviceGetAttribute(&sms, cudaDevAttrMultiProcessorCount, 0));
  const unsigned blocks = static_cast<unsigned>(sms) * 8;
  auto* out = static_cast<float*>(target.allocate(blocks * sizeof(float)));
  Scratch scratch(kernels::device_memory());
  const Exec e = target.exec_with(scratch);
  const double rounds = static_cast<double>(blocks) * kRounds * kSums, warps = kThreads / 32;
  const auto rate = [&](double flop, const char* name, auto kernel, auto... args) {
    return 1e3 * flop / best_ms(target, [&](int) {
             kernels::launch(e, name, kernel, {dim3(blocks), dim3(kThreads)}, out, args...);
           });
  };
  const GpuRates rates{rate(2 * rounds * kThreads, "fma_loop", fma_loop, 0.999F, 1e-4F),
                       rate(2.0 * 16 * 8 * 8 * rounds * warps, "mma_loop_tf32", mma_loop<false>),
                       rate(2.0 * 16 * 8 * 16 * rounds * warps, "mma_loop_bf16", mma_loop<true>)};
  target.release(out);
  return rates;
}

}  // namespace sumi::bench
