// Shared parts of the norm_stats variants. Each computes the moments of every chunk of every
// channel in its own way (device/columns.cuh assigns chunks to threads); the last block of a
// statistic joins chunks and channels.
#pragma once

#include "kernels/cuda/device/last_block.cuh"
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

// Where the moments of chunks [outer, chunk, c] and the statistics go.
struct StatsOut {
  NormLayout layout;
  Moments* partial;
  float *mean, *var;

  StatsOut(const NormLayout& l, Moments* moments, MutView mean_view, MutView var_view)
      : layout(l), partial(moments), mean(mean_view.as<float>()), var(var_view.as<float>()) {}

  __device__ CountedMoments part(const RowChunks& k, std::int64_t o, std::int64_t chunk,
                                 std::int64_t channel) const {
    const Moments& m = partial[(o * k.chunks + chunk) * layout.c + channel];
    return {static_cast<float>(k.rows_of(chunk)), m.mean, m.squares};
  }
  // rounding may give a negative variance; NaN propagates
  __device__ void store(std::int64_t stat, const CountedMoments& m) const {
    mean[stat] = m.mean;
    var[stat] = m.squares < 0 ? 0 : m.squares / m.count;
  }
};

// Joins the chunks of `width` channels from `first`, each of which is a statistic: as many threads
// a channel as the block has.
__device__ inline void join_channels(const RowChunks& k, const StatsOut& out, std::int64_t o,
                                     std::int64_t first, unsigned width) {
  const unsigned lanes = width < 32 ? width : 32;
  for (unsigned base = 0; base < width; base += lanes) {
    const std::int64_t channel = first + base + threadIdx.x % lanes;
    const bool exists = channel < out.layout.c;
    CountedMoments m{0, 0, 0};
    for (std::int64_t chunk = threadIdx.x / lanes; exists && chunk < k.chunks; chunk += kColumnBlock / lanes)
      m.join(out.part(k, o, chunk, channel));
    m = column_moments(m, lanes);
    if (exists && threadIdx.x < lanes) out.store(out.layout.stat_of(o, channel), m);
  }
}

// Joins chunks and channels of all groups of one outer, the whole block for each.
__device__ inline void join_groups(const RowChunks& k, const StatsOut& out, std::int64_t o) {
  const NormLayout& l = out.layout;
  for (std::int64_t group = 0; group < l.groups; ++group) {
    CountedMoments m{0, 0, 0};
    for (std::int64_t i = threadIdx.x; i < k.chunks * l.per_group; i += kColumnBlock) {
      const auto chunk = static_cast<unsigned>(i) / static_cast<unsigned>(l.per_group);
      m.join(out.part(k, o, chunk, group * l.per_group + i - chunk * l.per_group));
    }
    m = column_moments(m, 1);
    if (threadIdx.x == 0) out.store(o * l.groups + group, m);
  }
}

// Joins what the launch has stored in out.partial: called by all threads of all blocks of k.grid()
// after storing. k: x as vectors of `size` channels. Tickets: one for each tile of an outer if a
// channel is a statistic, else one for each outer.
template <int size>
__device__ void join_in_last_block(const RowChunks& k, const StatsOut& out, const Slice& s) {
  const bool by_channel = out.layout.per_group == 1;
  const std::int64_t tile = k.tile();
  const std::int64_t ticket = by_channel ? s.outer * k.tiles + tile : s.outer;
  const std::int64_t blocks = by_channel ? k.chunks : k.chunks * k.tiles;
  if (!is_last_block(ticket, static_cast<unsigned>(blocks))) return;
  if (by_channel)
    join_channels(k, out, s.outer, tile * k.lanes * size, k.lanes * size);
  else
    join_groups(k, out, s.outer);
}

// Scratch memory for the moments of all chunks.
inline Moments* moments_of(const Exec& e, const NormLayout& l, const RowChunks& k) {
  return static_cast<Moments*>(
      e.scratch->get(static_cast<std::size_t>(l.outer * k.chunks * l.c) * sizeof(Moments)));
}

// Launches `kernel`, which takes the arguments k, x and a StatsOut.
template <class T, class Kernel>
void launch_stats(const Exec& e, const char* name, Kernel kernel, const NormLayout& l, const RowChunks& whole,
                  View x, MutView mean, MutView var) {
  const StatsOut out(l, moments_of(e, l, whole), mean, var);
  for_each_ticketed(whole, l.per_group > 1, [&](std::int64_t first, const RowChunks& k) {
    StatsOut part = out;
    part.partial += first * k.chunks * l.c;
    part.mean += first * l.groups;
    part.var += first * l.groups;
    launch(e, name, kernel, {k.grid(), kColumnBlock}, k, x.as<T>() + first * l.rows * l.c, part);
  });
}

}  // namespace sumi::kernels::cuda
