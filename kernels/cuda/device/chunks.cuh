// A long sum split into chunks for different threads: partial sums in scratch memory, added
// afterwards in the order of the chunks. The number of chunks depends on the shape alone, so
// results are reproducible to the bit.
#pragma once

#include "kernels/cuda/device/elements.cuh"

namespace sumi::kernels::cuda {

struct Chunks {
  std::int64_t count = 1, length = 1;  // the last chunk may be shorter
};

// Splits `total` terms of each of `sums` sums into enough chunks for `want` work items in total,
// none shorter than `least` terms (unless it is the only one), each length a multiple of `step`.
inline Chunks make_chunks(std::int64_t total, std::int64_t sums, std::int64_t want, std::int64_t least,
                          std::int64_t step) {
  if (total < 1 || sums < 1) return {1, step};
  std::int64_t count = (want + sums - 1) / sums;
  if (count > total / least) count = total / least;
  if (count < 1) count = 1;
  const std::int64_t length = ((total + count - 1) / count + step - 1) / step * step;
  return {(total + length - 1) / length, length};
}

// y[i] = (or +=) the sum over the chunks of partial[chunk, i], for i in [0, count). One thread per
// element.
template <class T>
__global__ void sum_chunks(std::int64_t chunks, std::int64_t count, const float* partial, T* y, bool add) {
  for_each_element(count, [=](std::int64_t i) {
    float sum = 0;
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) sum += partial[chunk * count + i];
    store(y[i], sum, add);
  });
}

}  // namespace sumi::kernels::cuda
