// Our blocked matrix product. Its operands are described by small classes, so that a convolution reads its pixels in
// place (an implicit GEMM) and no im2col matrix is ever built. Blocking after Goto and van de Geijn 2008.
#pragma once

#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {

constexpr int tile_rows = 6, tile_cols = 16;  // one micro-kernel: 12 AVX2 accumulators
constexpr i64 depth_block = 384;              // inner elements per pass over the output

// The inner dimension is `taps` runs of `run` elements that lie `stride` apart in the left operand. A block is whole
// taps, or a part of one.
struct DepthBlock {
  i64 tap, taps, offset, run;
  i64 size() const { return taps * run; }
};

// Rows of the left operand.
struct LeftOperand {
  // Puts into ptr[t * tile_rows + i] where row first + i begins in tap t of the block, and returns the distance between
  // its elements. A packing operand copies the block to `space` (tile_rows * depth) and points there, as one run; it
  // says so by `packs`. Rows at or beyond `rows` must point somewhere readable.
  virtual i64 stage(i64 first, int rows, const DepthBlock&, float* space, const float** ptr) const = 0;
  bool packs = false;

 protected:
  ~LeftOperand() = default;
};

// Columns of the right operand.
struct RightOperand {
  // out[kk * tile_cols + j] = element (kk of the block, first + j), 0 for j >= cols.
  virtual void pack(i64 first, int cols, const DepthBlock&, float* out) const = 0;

 protected:
  ~RightOperand() = default;
};

struct OutputRows {
  virtual float* row(i64 i) const = 0;  // where row i's first column lies

 protected:
  ~OutputRows() = default;
};

// out[rows, cols] (+)= left right + bias[cols]
struct Product {
  i64 rows, cols, taps, run;
  const LeftOperand* left;
  const RightOperand* right;
  const OutputRows* out;
  const float* bias = nullptr;
  bool accumulate = false;
};

// All of `products` with the threads of one parallel region. Each element's sum has one order whatever the threads are.
// The products must write disjoint memory.
void run_products(const std::vector<Product>& products);
// One product by the calling thread alone.
void run_product_here(const Product& product);

// At least `count` zeros: what a row outside the picture points to.
const float* zeros(i64 count);

// tile[i * tile_cols + j] = sum over taps and run of ptr[t * tile_rows + i][kk * stride] * b[...][j].
using MicroKernel = void(i64 taps, i64 run, const float* const* ptr, i64 stride, const float* b, float* tile);
MicroKernel* micro_kernel();

// Right operands in memory: element (kk, j) at base + kk * row + j, or transposed at base + j * row + kk.
void pack_rows(const float* base, i64 row, i64 depth, int cols, float* out);
void pack_transposed(const float* base, i64 row, i64 depth, int cols, float* out);

}  // namespace sumi::kernels::cpu
