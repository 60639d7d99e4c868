// Norm statistics, variant 3: 16 bytes at a time.
//
// What changed from `welford`: a thread reads 4 (f32) or 8 (bf16) adjacent channels of a row at
// once.
//
// Why it should be faster: a thread has 16 bytes in flight instead of 4 or 2 (see the calculation
// in unary/vectorized.cu); the channels of a vector have equal element counts, so they share one
// division; and their dependency chains are independent, so one runs while another waits.
//
// Channels must be a multiple of the vector.
#include "kernels/cuda/norm/stats.cuh"

namespace sumi::kernels::cuda {

// k: x as vectors, [outer, rows, c / size].
template <class T>
__global__ void norm_stats_vectorized(RowChunks k, const T* x, StatsOut out) {
  constexpr int size = Vector<T>::kSize;
  const Slice s(k);
  CountedMoments m[size] = {};
  float count = 0;
  for_each_row(k, s, [&](std::int64_t i) {
    const Vector<T> v = Vector<T>::load(x + i * size);
    count += 1;
    const float one_by_count = 1 / count;
    SUMI_UNROLL
    for (int n = 0; n < size; ++n) m[n].add(static_cast<float>(v.of[n]), one_by_count);
  });
  SUMI_UNROLL
  for (int n = 0; n < size; ++n) {
    m[n].count = count;
    m[n] = column_moments(m[n], k.lanes);
    if (s.writes) out.partial[s.partial * size + n] = {m[n].mean, m[n].squares};
  }
  join_in_last_block<size>(k, out, s);
}

void vectorized_stats(const Exec& e, const NormGeom& g, View x, MutView mean, MutView var) {
  const NormLayout l(g);
  dispatch_f32_bf16("norm_stats", x.dtype, [&]<class T>() {
    launch_stats<T>(e, "norm_stats_vectorized", norm_stats_vectorized<T>, l,
                    RowChunks::of_vectors(l.outer, l.rows, l.c, Vector<T>::kSize), x, mean, var);
  });
}

}  // namespace sumi::kernels::cuda
