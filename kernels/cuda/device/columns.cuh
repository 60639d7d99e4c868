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

#include "kernels/cuda/device/shared.cuh"

namespace sumi::kernels::cuda {

inline constexpr unsigned kColumnBlock = 256, kColumnWarps = kColumnBlock / 32;

// The partition of the work. Computed on the host.
struct RowChunks {
  std::int64_t outer, rows, cols;
  std::int64_t tiles;              // blocks that cover the columns
  std::int64_t per_chunk, chunks;  // rows per chunk; chunks that cover the rows
  unsigned lanes = 1;              // columns per block: a power of two, at most a warp

  // Chunks long enough to be worth a block, and few enough that about a thousand blocks cover
  // everything.
  RowChunks(std::int64_t outer_size, std::int64_t row_count, std::int64_t col_count)
      : outer(outer_size), rows(row_count), cols(col_count) {
    while (lanes < 32 && lanes < cols) lanes *= 2;
    tiles = (cols + lanes - 1) / lanes;
    const std::int64_t across = outer * tiles, most = across > 0 && across < 1024 ? 1024 / across : 1;
    const std::int64_t least = 16 * (kColumnBlock / lanes), even = (rows + most - 1) / most;
    per_chunk = even > least ? even : least;
    chunks = rows > per_chunk ? (rows + per_chunk - 1) / per_chunk : 1;
  }
  // The second step: the chunks of `first` become the rows of a single chunk.
  static RowChunks of_chunks(const RowChunks& first) {
    RowChunks s(first.outer, first.chunks, first.cols);
    s.per_chunk = s.rows;
    s.chunks = 1;
    return s;
  }

  std::int64_t partials() const { return outer * chunks * cols; }
  dim3 grid() const { return dim3(static_cast<unsigned>(outer * chunks * tiles)); }

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
      : outer(blockIdx.x / k.tiles / k.chunks),
        chunk(blockIdx.x / k.tiles % k.chunks),
        col(blockIdx.x % k.tiles * k.lanes + threadIdx.x % k.lanes),
        partial((outer * k.chunks + chunk) * k.cols + col),
        inside(col < k.cols),
        writes(inside && threadIdx.x < k.lanes) {}
};

// Calls f(index in [outer, rows, cols]) for this thread's rows of its column, from the top.
template <class F>
__device__ void for_each_row(const RowChunks& k, const Slice& s, F&& f) {
  if (!s.inside) return;
  const std::int64_t depth = kColumnBlock / k.lanes, first = s.chunk * k.per_chunk;
  const std::int64_t end = first + k.rows_of(s.chunk);
  for (std::int64_t row = first + threadIdx.x / k.lanes; row < end; row += depth)
    f((s.outer * k.rows + row) * k.cols + s.col);
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

}  // namespace sumi::kernels::cuda
