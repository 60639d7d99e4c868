// The problems of the kernels in this folder: y[i,j] = sum over l of a[i,l] b[l,j], for several
// such products at once.
//
// A kernel takes a Product (Fprop, Dgrad and Wgrad of conv/product.cuh, GemmProduct of
// gemm/product.cuh) by value, selects the part of its blockIdx.z, and computes tiles of that part.
// A Product has
//   Element                the operands' type
//   kDeepA, kDeepB         true if the depth runs along the columns of that operand's matrix, false if
//                          along its rows
//   parts()                the number of parts; largest() is one whose rows and columns no other exceeds
//   part(z)                a Part
#pragma once

#include "kernels/base/launch.h"
#include "kernels/cuda/device/chunks.cuh"
#include "kernels/cuda/device/last_block.cuh"
#include "kernels/cuda/product/out.cuh"

namespace sumi::kernels::cuda {

// One matrix product.
template <class A, class B, class Out>
struct Part {
  A a;
  B b;
  Out out;
  int rows, cols, begin, end;  // i < rows, j < cols, begin <= l < end
};

// The number of tiles that cover rows x cols.
inline std::int64_t tile_count(std::int64_t rows, std::int64_t cols, int tile_rows, int tile_cols) {
  return ((rows + tile_rows - 1) / tile_rows) * ((cols + tile_cols - 1) / tile_cols);
}

// Blocks that cover every part with tiles, columns first: blocks that run at the same time share
// rows of a. Parts with fewer rows than others leave blocks without work.
template <class Product>
LaunchShape grid_of(const Product& product, int tile_rows, int tile_cols, int threads) {
  const auto& largest = product.largest();
  return {dim3(static_cast<unsigned>(tile_count(largest.rows, largest.cols, tile_rows, tile_cols)), 1,
               product.parts()),
          static_cast<unsigned>(threads)};
}

// The join of a Product's partial sums [chunks, count] by the block of each tile that finishes
// last.
template <class T>
struct ChunkJoin {
  bool here = false;  // else a second launch joins, or there is nothing to join
  bool add = false;
  int chunks = 1;
  std::int64_t count = 0;
  const float* partial = nullptr;
  T* to = nullptr;
  float* to_f32 = nullptr;  // instead of `to`, if not null

  __device__ void join(std::int64_t i) const {
    float sum = 0;
    for (int chunk = 0; chunk < chunks; ++chunk) sum += partial[chunk * count + i];
    if (to_f32)
      store(to_f32[i], sum, add);
    else
      store(to[i], sum, add);
  }
};

// Called by all threads of a block, at the end, with its tile. A Product
// without a member `chunk_join` has nothing to join. (With it, it has join_ticket(z, tile, tiles)
// and joined_at(z), the position of the part's first sum.)
template <int kTileI, int kTileJ, int kThreads, class Product, class Part>
__device__ void join_tile(const Product& product, const Part& part, int i0, int j0) {
  if constexpr (requires { product.chunk_join; }) {
    const auto& join = product.chunk_join;
    if (!join.here || !is_last_block(product.join_ticket(blockIdx.z, blockIdx.x, gridDim.x),
                                     static_cast<unsigned>(join.chunks)))
      return;
    for (int at = static_cast<int>(threadIdx.x); at < kTileI * kTileJ; at += kThreads) {
      const int i = i0 + at / kTileJ, j = j0 + at % kTileJ;
      if (i < part.rows && j < part.cols)
        join.join(product.joined_at(blockIdx.z) + std::int64_t{i} * part.out.stride + j);
    }
  }
}

// Room for partial sums [chunks, count] in scratch memory.
inline float* scratch_sums(const Exec& e, std::int64_t chunks, std::int64_t count) {
  return static_cast<float*>(e.scratch->get(static_cast<std::size_t>(chunks * count) * sizeof(float)));
}
// The same; null for a single chunk.
inline float* partial_sums(const Exec& e, std::int64_t chunks, std::int64_t count) {
  return chunks == 1 ? nullptr : scratch_sums(e, chunks, count);
}

// Adds the partial sums.
template <class T>
void add_chunks(const Exec& e, std::int64_t chunks, std::int64_t count, const float* partial, T* y,
                bool add) {
  launch(e, "sum_chunks", sum_chunks<T>, {element_grid(count), kElementBlock}, chunks, count, partial, y,
         add);
}
// The same; does nothing for a single chunk.
template <class T>
void join_chunks(const Exec& e, std::int64_t chunks, std::int64_t count, const float* partial, T* y,
                 bool add) {
  if (chunks > 1) add_chunks(e, chunks, count, partial, y, add);
}

}  // namespace sumi::kernels::cuda
