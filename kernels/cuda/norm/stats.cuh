// Shared parts of the norm_stats variants. Each computes the moments of every chunk of every
// channel in its own way (device/columns.cuh assigns chunks to threads); then one warp per
// statistic joins chunks and channels.
#pragma once

#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/norm.cuh"

namespace sumi::kernels::cuda {

NormStats two_pass_stats, welford_stats, vectorized_stats;

struct Moments {
  float mean, squares;  // squares: the sum of squared deviations from mean
};

// Moments and the number of elements that they cover.
struct CountedMoments {
  float count, mean, squares;

  // Adds one element (Welford, "Note on a method for calculating corrected sums of squares and
  // products", 1962). one_by_count: 1 / the new count, shared by several channels.
  __device__ void add(float x, float one_by_count) {
    const float off = x - mean;
    mean += off * one_by_count;
    squares += off * (x - mean);
  }
  // Adds all elements of `other`. With n_i elements, mean m_i and squared deviations q_i in part i,
  // the whole has
  //   mean m = sum n_i m_i / sum n_i     squared deviations q = sum (q_i + n_i (m_i - m)^2)
  // (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
  // variances", 1979.)
  __device__ void join(const CountedMoments& other) {
    if (other.count == 0) return;
    const float sum = count + other.count, share = other.count / sum, off = other.mean - mean;
    mean += off * share;
    squares += other.squares + off * off * count * share;
    count = sum;
  }
};

// Joins the moments of the threads of one column; only the first thread of the column gets the
// result. All threads of the block must call it; it may be called again immediately.
__device__ inline CountedMoments column_moments(CountedMoments m, unsigned lanes) {
  struct Shared {
    CountedMoments of_warp[kColumnWarps][32];
  };
  auto& shared = block_shared<Shared>();
  const unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  for (unsigned distance = 16; distance >= lanes; distance /= 2) {
    const int d = static_cast<int>(distance);
    const CountedMoments other{__shfl_down_sync(kWholeWarp, m.count, d),
                               __shfl_down_sync(kWholeWarp, m.mean, d),
                               __shfl_down_sync(kWholeWarp, m.squares, d)};
    m.join(other);
  }
  __syncthreads();  // the moments of an earlier call have been read
  if (lane < lanes) shared.of_warp[warp][lane] = m;
  __syncthreads();
  if (threadIdx.x >= lanes) return m;
  for (unsigned w = 1; w < kColumnWarps; ++w) m.join(shared.of_warp[w][lane]);
  return m;
}

// Computes mean and var from the moments of chunks [outer, chunk, c]. k: the partition of the rows.
void join_moments(const Exec& e, const NormLayout& l, const RowChunks& k, const Moments* partial,
                  MutView mean, MutView var);

// Scratch memory for the moments of all chunks.
inline Moments* moments_of(const Exec& e, const NormLayout& l, const RowChunks& k) {
  return static_cast<Moments*>(
      e.scratch->get(static_cast<std::size_t>(l.outer * k.chunks * l.c) * sizeof(Moments)));
}

}  // namespace sumi::kernels::cuda
