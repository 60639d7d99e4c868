#include "bench/peak_rates.h"

#include <vector>

#include "kernels/thread_pool.h"

namespace sumi::bench {
namespace {

// Twelve sums: enough to hide the latency of a multiply-add on every x86 to date, few enough for
// sixteen registers.
constexpr int kSums = 12;

template <class Vector>
inline __attribute__((always_inline)) float loop(std::int64_t rounds) {
  Vector sums[kSums], a, b;
  for (std::size_t i = 0; i < sizeof(Vector) / sizeof(float); ++i) a[i] = 0.9999F, b[i] = 1e-4F;
  for (int i = 0; i < kSums; ++i) sums[i] = a * static_cast<float>(i);
  for (std::int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) sums[i] = sums[i] * a + b;
  }
  float sum = 0;
  for (const Vector& v : sums) sum += v[0];
  return sum;
}

typedef float Vector16 __attribute__((vector_size(16)));
float loop_any(std::int64_t rounds) {
  return loop<Vector16>(rounds);
}
#if defined(__x86_64__) && defined(__GNUC__)
typedef float Vector32 __attribute__((vector_size(32)));
typedef float Vector64 __attribute__((vector_size(64)));
__attribute__((target("avx2,fma"))) float loop_avx2(std::int64_t rounds) {
  return loop<Vector32>(rounds);
}
__attribute__((target("avx512f"))) float loop_avx512(std::int64_t rounds) {
  return loop<Vector64>(rounds);
}
#endif

struct Form {
  float (*run)(std::int64_t);
  int lanes;
};

Form widest() {
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx512f")) return {loop_avx512, 16};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {loop_avx2, 8};
#endif
  return {loop_any, 4};
}

}  // namespace

double cpu_multiply_adds(std::int64_t rounds) {
  const Form form = widest();
  const int threads = kernels::num_threads();
  std::vector<float> sums(static_cast<std::size_t>(threads));
  kernels::parallel_for(threads,
                        [&](std::int64_t i, int) { sums[static_cast<std::size_t>(i)] = form.run(rounds); });
  volatile float kept = 0;
  for (const float sum : sums) kept = kept + sum;
  return 2.0 * kSums * form.lanes * static_cast<double>(rounds) * threads;
}

void cpu_scale(const float* from, float* to, std::int64_t count) {
  const int threads = kernels::num_threads();
  kernels::parallel_for(threads, [=](std::int64_t t, int) {
    const std::int64_t end = count * (t + 1) / threads;
    for (std::int64_t i = count * t / threads; i < end; ++i) to[i] = 3.0F * from[i];
  });
}

}  // namespace sumi::bench
