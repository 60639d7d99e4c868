// Sums over the rows of [outer, rows, cols], cols contiguous in memory: the building block of
// norms, losses and reductions. (A sum over everything is [1, count, 1]; over n, h, w it is [1, n h
// w, c].)
//
// A block processes `lanes` adjacent columns and a chunk of rows. Its threads are arranged `lanes`
// wide and 256 / lanes deep, so that a warp reads contiguous memory; each thread walks down its
// column, and column_sum reduces over the depth. A second kernel reduces the partial sums of
// chunks. The split of the rows depends on the sizes alone and no addition waits for another block,
// so equal sizes give equal bits.
#pragma once

#include <cstdint>

#include "kernels/cuda/device/keywords.cuh"
#include "kernels/cuda/device/shared.cuh"

namespace sumi::kernels::cuda {

inline constexpr unsigned kColumnBlock = 256, kColumnWarps = kColumnBlock / 32;
inline constexpr unsigned kVectorLanes = 8;

// The partition of the work. Computed on the host.
struct RowChunks {
  std::int64_t outer, rows, cols;
  std::int64_t tiles;              // blocks that cover the columns
  std::int64_t per_chunk, chunks;  // rows per chunk; chunks that cover the rows
  unsigned lanes = 1, shift = 0;   // columns per block, at most a warp: 2^shift

  // Chunks long enough to be worth a block, `least_trips` rows a thread, and few enough that about
  // a thousand blocks cover everything.
  RowChunks(std::int64_t outer_size, std::int64_t row_count, std::int64_t col_count,
            std::int64_t least_trips = 16, unsigned most_lanes = 32)
      : outer(outer_size), rows(row_count), cols(col_count) {
    for (; lanes < most_lanes && lanes < cols; lanes *= 2) ++shift;
    tiles = (cols + lanes - 1) / lanes;
    const std::int64_t across = outer * tiles, most = across > 0 && across < 1024 ? 1024 / across : 1;
    const std::int64_t least = least_trips * (kColumnBlock / lanes), even = (rows + most - 1) / most;
    per_chunk = even > least ? even : least;
    chunks = rows > per_chunk ? (rows + per_chunk - 1) / per_chunk : 1;
  }
  // For results that are not sums: at least two rows a thread, as more threads hide latency better
  // and nothing is joined afterwards.
  static RowChunks of_elements(std::int64_t outer_size, std::int64_t row_count, std::int64_t col_count) {
    return RowChunks(outer_size, row_count, col_count, 2);
  }
  // For sums of vectors of `size` channels: at most 8 lanes, 128 bytes of a row, so that the block
  // that joins the chunks has as many threads for a channel.
  static RowChunks of_vectors(std::int64_t outer_size, std::int64_t row_count, std::int64_t channels,
                              int size) {
    return RowChunks(outer_size, row_count, channels / size, size == 1 ? 16 : 8,
                     size == 1 ? 32U : kVectorLanes);
  }

  std::int64_t partials() const { return outer * chunks * cols; }
  dim3 grid() const { return dim3(static_cast<unsigned>(outer * chunks * tiles)); }

  // This thread's column in the block, its row among the block's, and how many rows those are.
  __device__ unsigned lane() const { return threadIdx.x & (lanes - 1); }
  __device__ unsigned level() const { return threadIdx.x >> shift; }
  __device__ unsigned depth() const { return kColumnBlock >> shift; }
  // The block's tile of columns.
  __device__ unsigned tile() const { return blockIdx.x % static_cast<unsigned>(tiles); }

  __device__ std::int64_t rows_of(std::int64_t chunk) const {
    const std::int64_t left = rows - chunk * per_chunk;
    return left < per_chunk ? left : per_chunk;
  }
};

// A thread's share of one block of `k.grid()`.
struct Slice {
  std::int64_t outer, chunk, col;
  std::int64_t partial;  // where the block's result for col is stored, of k.partials()
  bool inside;           // col exists; other threads only take part in column_sum
  bool writes;           // the one thread that stores the result for col

  __device__ explicit Slice(const RowChunks& k)
      : outer(blockIdx.x / static_cast<unsigned>(k.tiles) / static_cast<unsigned>(k.chunks)),
        chunk(blockIdx.x / static_cast<unsigned>(k.tiles) % static_cast<unsigned>(k.chunks)),
        col(std::int64_t{k.tile()} * k.lanes + k.lane()),
        partial((outer * k.chunks + chunk) * k.cols + col),
        inside(col < k.cols),
        writes(inside && threadIdx.x < k.lanes) {}
};

// Calls f(row in [outer, rows]) for this thread's rows of its column, from the top.
template <class F>
__device__ void for_each_row_number(const RowChunks& k, const Slice& s, F&& f) {
  if (!s.inside) return;
  const unsigned depth = k.depth();
  const std::int64_t first = s.outer * k.rows + s.chunk * k.per_chunk, end = first + k.rows_of(s.chunk);
  SUMI_UNROLL_BY(1)
  for (std::int64_t row = first + k.level(); row < end; row += depth) f(row);
}

// The same with 32 bits, for rows whose number plus a column block is below 2^31, which takes fewer
// instructions.
template <class F>
__device__ void for_each_pixel(const RowChunks& k, const Slice& s, F&& f) {
  if (!s.inside) return;
  const auto depth = static_cast<int>(k.depth());
  const std::int64_t first = s.outer * k.rows + s.chunk * k.per_chunk;
  const auto end = static_cast<int>(first + k.rows_of(s.chunk));
  SUMI_UNROLL_BY(1)
  for (int row = static_cast<int>(first + k.level()); row < end; row += depth) f(row);
}

// Calls f(index in [outer, rows, cols]) for the same rows as for_each_row_number().
template <class F>
__device__ void for_each_row(const RowChunks& k, const Slice& s, F&& f) {
  for_each_row_number(k, s, [&](std::int64_t row) { f(row * k.cols + s.col); });
}

template <class T>
struct ColumnSums {
  T of_warp[kColumnWarps][32];
};

// Returns the sum over the threads of one column, to each of them. All threads of the block must
// call it; it may be called again immediately.
template <class T>
__device__ T column_sum(T value, unsigned lanes) {
  auto& shared = block_shared<ColumnSums<T>>();
  const unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  for (unsigned distance = 16; distance >= lanes; distance /= 2)
    value += __shfl_xor_sync(0xffffffffU, value, static_cast<int>(distance));
  __syncthreads();  // the sums of an earlier call have been read
  if (lane < lanes) shared.of_warp[warp][lane] = value;
  __syncthreads();
  T total = 0;
  for (unsigned w = 0; w < kColumnWarps; ++w) total += shared.of_warp[w][lane % lanes];
  return total;
}

// The same for `count` sums of each of at most `most_lanes` columns, with two barriers for all of
// them: calls put(which sum, lane, total) once for each, by different threads.
template <unsigned most_lanes, int count, class Put>
__device__ void column_sums(float (&sums)[count], unsigned lanes, Put&& put) {
  struct Shared {
    float of_warp[kColumnWarps][count][most_lanes];
  };
  auto& shared = block_shared<Shared>();
  const unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  for (unsigned distance = 16; distance >= lanes; distance /= 2) {
    SUMI_UNROLL
    for (int i = 0; i < count; ++i)
      sums[i] += __shfl_xor_sync(0xffffffffU, sums[i], static_cast<int>(distance));
  }
  __syncthreads();  // the sums of an earlier call have been read
  if (lane < lanes) {
    SUMI_UNROLL
    for (int i = 0; i < count; ++i) shared.of_warp[warp][i][lane] = sums[i];
  }
  __syncthreads();
  for (unsigned i = threadIdx.x; i < count * lanes; i += kColumnBlock) {
    float total = 0;
    SUMI_UNROLL
    for (unsigned w = 0; w < kColumnWarps; ++w) total += shared.of_warp[w][i / lanes][i % lanes];
    put(static_cast<int>(i / lanes), i % lanes, total);
  }
}

}  // namespace sumi::kernels::cuda
