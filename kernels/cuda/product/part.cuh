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

// Partial sums [chunks, count] in scratch memory; null for a single chunk.
inline float* partial_sums(const Exec& e, std::int64_t chunks, std::int64_t count) {
  if (chunks == 1) return nullptr;
  return static_cast<float*>(e.scratch->get(static_cast<std::size_t>(chunks * count) * sizeof(float)));
}

// Adds them; does nothing for a single chunk.
template <class T>
void join_chunks(const Exec& e, std::int64_t chunks, std::int64_t count, const float* partial, T* y,
                 bool add) {
  if (chunks == 1) return;
  launch(e, "sum_chunks", sum_chunks<T>, {element_grid(count), kElementBlock}, chunks, count, partial, y,
         add);
}

}  // namespace sumi::kernels::cuda
