// Loops over the rows of an image on the kernels' threads, compiled once more for AVX2 and for AVX-512.
#pragma once

#include <algorithm>

#include "kernels/isa.h"
#include "kernels/thread_pool.h"

namespace sumi::stylize {

// Rows of one task. The same for every number of threads, so that sums by block have the same bits.
constexpr int kBlockRows = 16;

constexpr int count_blocks(int height) {
  return (height + kBlockRows - 1) / kBlockRows;
}

#if defined(__x86_64__) && defined(__GNUC__)
// `flatten` inlines the body here, so that it is compiled for that instruction set. Products and sums
// are never contracted (-ffp-contract=off), so all forms give the same bits.
template <class Body>
__attribute__((target("avx2,fma"), flatten)) void rows_avx2(const Body& body, int begin, int end,
                                                            int thread) {
  const Body mine = body;
  mine(begin, end, thread);
}

template <class Body>
__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512"),
               flatten)) void
rows_avx512(const Body& body, int begin, int end, int thread) {
  const Body mine = body;
  mine(begin, end, thread);
}

inline bool has_avx512_rows() {
  static const bool has = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                          __builtin_cpu_supports("avx512vl");
  return has && kernels::cpu_isa() == kernels::Isa::avx512;
}
#endif

template <class Body>
void rows_span(const Body& body, int begin, int end, int thread) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (has_avx512_rows()) {
    rows_avx512(body, begin, end, thread);
    return;
  }
  if (kernels::cpu_isa() >= kernels::Isa::avx2) {
    rows_avx2(body, begin, end, thread);
    return;
  }
#endif
  body(begin, end, thread);
}

// body(begin, end, thread) for blocks of kBlockRows rows; thread is below kernels::num_threads().
// The body must not throw: memory that it needs is allocated before.
template <class Body>
void for_rows(int height, const Body& body) {
  kernels::parallel_for(count_blocks(height), [&body, height](std::int64_t block, int thread) {
    const int begin = static_cast<int>(block) * kBlockRows;
    rows_span(body, begin, std::min(begin + kBlockRows, height), thread);
  });
}

}  // namespace sumi::stylize
