// Loops over the rows of an image on the kernels' threads, compiled a second time for AVX2.
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
// `flatten` inlines the body here, so that it is compiled for AVX2. Products and sums are never
// contracted (-ffp-contract=off), so both forms give the same bits.
template <class Body>
__attribute__((target("avx2,fma"), flatten)) void rows_avx2(const Body& body, int begin, int end,
                                                            int thread) {
  const Body mine = body;
  mine(begin, end, thread);
}
#endif

template <class Body>
void rows_span(const Body& body, int begin, int end, int thread) {
#if defined(__x86_64__) && defined(__GNUC__)
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
