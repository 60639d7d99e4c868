// Norm statistics, variant 1: two passes over each chunk.
//
// First the mean of the chunk, then in a second pass, while the chunk is still in cache, the
// squared deviations from it. The sum of squares minus the square of the sum would need one pass,
// but lose all precision where the mean is large.
//
// A warp reads 32 adjacent channels of one row. x is read from device memory once and from L2 (or
// L1) once more.
#include "kernels/cuda/norm/stats.cuh"

namespace sumi::kernels::cuda {

template <class T>
__global__ void norm_stats_two_pass(RowChunks k, const T* x, StatsOut out) {
  const Slice s(k);
  const auto count = static_cast<float>(k.rows_of(s.chunk));
  float sum = 0;
  for_each_row(k, s, [&](std::int64_t i) { sum += static_cast<float>(x[i]); });
  const float center = column_sum(sum, k.lanes) / count;
  float drift = 0, squares = 0;
  for_each_row(k, s, [&](std::int64_t i) {
    const float off = static_cast<float>(x[i]) - center;
    drift += off;
    squares += off * off;
  });
  drift = column_sum(drift, k.lanes);
  squares = column_sum(squares, k.lanes);
  // center was rounded: drift / count is the missing part, and the squares are too large by drift^2
  // / count.
  if (s.writes) out.partial[s.partial] = {center + drift / count, squares - drift * drift / count};
  join_in_last_block<1>(k, out, s);
}

void two_pass_stats(const Exec& e, const NormGeom& g, View x, MutView mean, MutView var) {
  const NormLayout l(g);
  dispatch_f32_bf16("norm_stats", x.dtype, [&]<class T>() {
    launch_stats<T>(e, "norm_stats_two_pass", norm_stats_two_pass<T>, l, l.slices(), x, mean, var);
  });
}

}  // namespace sumi::kernels::cuda
