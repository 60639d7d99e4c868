#include "bench/roofline.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/clock.h"
#include "bench/operands.h"
#include "bench/peak_rates.h"
#include "kernels/thread_pool.h"

namespace sumi::bench {
namespace {

std::int64_t stream_count(const BenchDevice& target) {
  return std::int64_t{1} << (target.on_host() ? 25 : 28);
}

std::size_t bytes_of_stream(const BenchDevice& target) {
  return static_cast<std::size_t>(stream_count(target)) * sizeof(float);
}

double cpu_rate(const BenchDevice& target) {
  constexpr std::int64_t rounds = 2'000'000;
  double best = 1e30, flop = 0;
  for (int i = 0; i < 7; ++i)
    best = std::min(best, target.ms_each(1, [&](int) { flop = cpu_multiply_adds(rounds); }));
  return 1e3 * flop / best;
}

}  // namespace

// A host's memcpy is faster than this loop because it bypasses the caches, which kernels do not:
// their output is read next.
Stream::Stream(const BenchDevice& target)
    : target_(target),
      from_(static_cast<float*>(target.allocate(bytes_of_stream(target)))),
      to_(static_cast<float*>(target.allocate(bytes_of_stream(target)))) {
  if (!target.on_host()) return;
  const std::int64_t count = stream_count(target);
  const int threads = kernels::num_threads();
  // touched by the thread that will read it
  kernels::parallel_for(threads, [&](std::int64_t t, int) {
    for (std::int64_t i = count * t / threads; i < count * (t + 1) / threads; ++i) from_[i] = to_[i] = 1;
  });
}

Stream::~Stream() {
  target_.release(from_);
  target_.release(to_);
}

double Stream::rate(int passes, double share) const {
  const auto pass = [&](int) {
    if (target_.on_host())
      cpu_scale(from_, to_, stream_count(target_));
    else
      SUMI_CUDA_CALL(
          cudaMemcpyAsync(to_, from_, bytes_of_stream(target_), cudaMemcpyDeviceToDevice, target_.stream()));
  };
  std::vector<double> ms;
  for (int i = 0; i < passes; ++i) ms.push_back(target_.ms_each(1, pass));
  return 2e3 * static_cast<double>(bytes_of_stream(target_)) / quantile(ms, share);
}

const std::vector<Precision>& precisions() {
  // Sums of hundreds of thousands of products in f32 are accurate to 1e-4; a kernel that omits or
  // doubles a tap is wrong by a third.
  static const std::vector<Precision> all{{"f32", DType::f32, MatmulPrecision::f32, 1e-3},
                                          {"3xtf32", DType::f32, MatmulPrecision::tf32x3, 1e-3},
                                          {"tf32", DType::f32, MatmulPrecision::tf32, 2e-2},
                                          {"bf16", DType::bf16, MatmulPrecision::automatic, 4e-2}};
  return all;
}

double Roofline::flops(const Precision& p) const {
  if (p.dtype == DType::bf16) return bf16;
  if (p.multiply == MatmulPrecision::tf32) return tf32;
  return p.multiply == MatmulPrecision::tf32x3 ? std::max(f32, tf32 / 3) : f32;
}

double Roofline::seconds(const BenchCase& bench_case, const Precision& p) const {
  return std::max(bench_case.flop / flops(p), bench_case.bytes(p.dtype) / bytes);
}

std::string Roofline::str() const {
  const bool tera = f32 >= 1e12;
  const auto rate = [&](double flops) {
    return fmt::format("{:.3g} {}FLOP/s", flops * (tera ? 1e-12 : 1e-9), tera ? 'T' : 'G');
  };
  std::string text = fmt::format("memory {:.4g} GB/s, f32 {}", 1e-9 * bytes, rate(f32));
  if (tf32 != f32) text += ", tf32 " + rate(tf32) + ", bf16 " + rate(bf16);
  return text;
}

Roofline measured_roofline(const BenchDevice& target) {
  if (target.emulated()) fail("roofline", "the emulation says nothing about speed");
  Roofline roof{.bytes = Stream(target).rate(25, 0)};
#ifdef SUMI_CUDA
  if (!target.on_host()) {
    const GpuRates rates = gpu_multiply_adds(target);
    roof.f32 = rates.f32, roof.tf32 = rates.tf32, roof.bf16 = rates.bf16;
    return roof;
  }
#endif
  roof.f32 = roof.tf32 = roof.bf16 = cpu_rate(target);  // bf16 is widened to f32 there
  return roof;
}

const std::vector<Gpu>& gpus() {
  constexpr double t = 1e12;
  static const std::vector<Gpu> all{
      {"h100", {3.35 * t, 67 * t, 400 * t, 800 * t}, 5.5 * t, 90},
      {"h200", {4.8 * t, 67 * t, 395 * t, 790 * t}, 5.5 * t, 90},
      {"a100", {2.0 * t, 19.5 * t, 135 * t, 270 * t}, 4.0 * t, 80},
      {"rtx3090", {0.936 * t, 35.6 * t, 35.6 * t, 71 * t}, 2.0 * t, 86},
      {"rtx4090", {1.008 * t, 82.6 * t, 82.6 * t, 165 * t}, 4.0 * t, 89},
      {"rtx5090", {1.79 * t, 104.8 * t, 104.8 * t, 209 * t}, 6.0 * t, 120},
  };
  return all;
}

const Gpu& gpu_named(const std::string& name) {
  std::string there_are;
  for (const Gpu& gpu : gpus()) {
    if (name == gpu.name) return gpu;
    there_are += (there_are.empty() ? "" : " ") + std::string(gpu.name);
  }
  fail("--gpu", "there is no '" + name + "'; there are: " + there_are);
}

}  // namespace sumi::bench
