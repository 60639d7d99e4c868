// The native blocked matrix product. Its operands are described by small classes, so that a
// convolution reads its pixels in place (an implicit GEMM) without an im2col matrix. Blocking after
// Goto and van de Geijn 2008.
#pragma once

#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {

constexpr int tile_cols = 16;     // a panel: columns of the right operand
constexpr int most_rows = 12;     // of a strip of the left operand
constexpr i64 depth_block = 384;  // inner elements per pass over the output

// The inner dimension consists of `taps` runs of `run` elements that are `stride` apart in the left
// operand. A block is whole taps, or a part of one.
struct DepthBlock {
  i64 tap, taps, offset, run;
  i64 size() const { return taps * run; }
};

// Rows of the left operand, in strips of `strip` rows, of which the last may have fewer.
struct LeftOperand {
  // Sets ptr[t * strip + i] to the start of row first + i in tap t of the block. Rows at or beyond
  // `rows` must point to readable memory.
  virtual void stage(i64 first, int rows, int strip, const DepthBlock&, const float** ptr) const = 0;
  // Copies the block to space[kk * strip + i]. Only for operands whose rows are not contiguous
  // (`packs`); those need no stage().
  virtual void pack(i64 /*first*/, int /*rows*/, int /*strip*/, const DepthBlock&, float* /*space*/) const {}
  bool packs = false;

 protected:
  ~LeftOperand() = default;
};

// Columns of the right operand.
struct RightOperand {
  // out[kk * tile_cols + j] = element (kk of the block, first + j), 0 for j >= cols.
  virtual void pack(i64 first, int cols, const DepthBlock&, float* out) const = 0;
  // The block in that form if the operand is stored so; null if it must be packed.
  virtual const float* packed(i64 /*first*/, const DepthBlock&) const { return nullptr; }

 protected:
  ~RightOperand() = default;
};

struct OutputRows {
  virtual float* row(i64 i) const = 0;  // where row i's first column is

 protected:
  ~OutputRows() = default;
};

// A left operand in memory: element (i, kk) at base + i * row + kk.
struct RowsOperand final : LeftOperand {
  const float* base;
  i64 row;
  RowsOperand(const float* b, i64 r) : base(b), row(r) {}
  void stage(i64 first, int rows, int strip, const DepthBlock& d, const float** ptr) const override {
    for (int i = 0; i < strip; ++i) ptr[i] = base + (first + std::min(i, rows - 1)) * row + d.offset;
  }
};

// A left operand stored transposed, element (i, kk) at base + kk * row + i. It is packed, since
// walking down a column wastes cache lines.
struct TransposedOperand final : LeftOperand {
  const float* base;
  i64 row;
  TransposedOperand(const float* b, i64 r) : base(b), row(r) { packs = true; }
  void stage(i64, int, int, const DepthBlock&, const float**) const override {}
  void pack(i64 first, int rows, int strip, const DepthBlock& d, float* space) const override;
};

// A right operand in memory: element (kk, j) at base + kk * row + j, or at base + j * row + kk if
// transposed.
struct ColumnsOperand final : RightOperand {
  const float* base;
  i64 row;
  bool transposed;
  ColumnsOperand(const float* b, i64 r, bool t) : base(b), row(r), transposed(t) {}
  void pack(i64 first, int cols, const DepthBlock& d, float* out) const override;
};

// Output rows that are `step` apart.
struct DenseOutput final : OutputRows {
  float* base;
  i64 step;
  DenseOutput(float* b, i64 s) : base(b), step(s) {}
  float* row(i64 i) const override { return base + i * step; }
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

// Runs all `products` in one parallel region. The order of each element's sum does not depend on
// the threads. The products must write disjoint memory.
void run_products(const std::vector<Product>& products);
// Runs one product on the calling thread alone.
void run_product_here(const Product& product);

// At least `count` zeros: rows outside the image point here.
const float* zeros(i64 count);

// A strip of the left operand, ready for a micro-kernel: element kk of row i in tap t is at ptr[t *
// strip + i][kk] or, packed, with the taps joined to one run, at ptr[0][kk * strip + i].
struct Strip {
  i64 taps, run;
  bool packed;
  const float* const* ptr;
};

// A tile of a strip and one or two panels: out[i][j] (+)= sum over taps and run of left[i][kk] *
// panels[.][kk][j]. A panel has its depth * tile_cols values in order. out: rows of panels *
// tile_cols contiguous elements. An element's sum has the same order, and so the same bits, in
// every kernel.
using MicroKernel = void(const Strip&, const float* const* panels, float* const* out, bool add);

// The tiles that fit the processor's registers: of[h][p - 1] for p panels and a whole strip (h = 1)
// or, where less than a strip is left, its first half (h = 0; null if strips are not halved).
struct MicroKernels {
  int strip, panels;  // rows of a strip, most panels of a tile
  MicroKernel* of[2][2];
  // Packs a strip whose rows are contiguous to `space` [kk][strip]; null if reading its rows where
  // they are is as fast.
  void (*pack)(const Strip&, float* space);
};
constexpr int most_panels = 2;
const MicroKernels& micro_kernels();

// Right operands in memory: element (kk, j) at base + kk * row + j, or transposed at base + j * row
// + kk.
void pack_rows(const float* base, i64 row, i64 depth, int cols, float* out);
void pack_transposed(const float* base, i64 row, i64 depth, int cols, float* out);

}  // namespace sumi::kernels::cpu
