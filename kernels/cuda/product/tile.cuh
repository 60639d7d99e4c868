// A tile of a matrix in shared memory, fetched asynchronously (cp.async) by all threads of a block.
#pragma once

#include <algorithm>
#include <type_traits>

#include "kernels/cuda/device/async_copy.cuh"

namespace sumi::kernels::cuda {

// The layout of a tile: `kOuter` lines of `kInner` elements, which are adjacent in device memory as
// well, and the distance between two lines. The depth of the product runs along the lines of a deep
// tile, and across the lines of any other.
//
// The distance must make lines begin at different banks, so that threads that read one column hit
// different ones. Deep tiles are read kReadBytes at a time: a distance of a line, which is a power
// of two, plus that amount is an odd number of such units. Others: 8 elements more than a multiple
// of 32 (of 4 bytes: 8 banks; of 2 bytes: an odd number of 16-byte units).
template <class T, int kTileSize, int kTileDepth, bool kIsDeep, int kReadBytes = 16>
struct TileLayout {
  using Element = T;
  static constexpr bool kDeep = kIsDeep;
  static constexpr int kDepth = kTileDepth, kSize = kTileSize;
  static constexpr int kOuter = kDeep ? kSize : kDepth, kInner = kDeep ? kDepth : kSize;
  static constexpr int kPad = kDeep ? kReadBytes / static_cast<int>(sizeof(T)) : 8;
  static constexpr int kStride = kInner + kPad, kElements = kOuter * kStride;

  // Where element (position i of the tile, depth l) lies.
  static constexpr int at(int i, int l) { return kDeep ? i * kStride + l : l * kStride + i; }
};

// Fetches tiles of a matrix at one position and increasing depth. kVector elements are fetched at a
// time: adjacent columns, of which a group or filter holds a multiple, at addresses that are
// multiples of their size. A matrix with a member `vectors` (Operand) decides that at run time.
//
// Adjacent threads fetch adjacent elements of a line, and the following threads continue further
// down. Storing has bank conflicts if they continue in the next line: shared memory takes 128 bytes
// at a time, a line of a deep tile is shorter, and the next line begins one unit after the end of
// this one, on banks that this one uses. The line 4 further down begins half of the banks away (or
// a quarter, for lines that short), so threads continue there.
template <class Matrix, class Layout, int kVector, int kThreads>
class TileLoader {
  using T = typename Layout::Element;
  static constexpr int kChunks = Layout::kInner / kVector, kStep = kThreads / kChunks;
  static constexpr int kLines = Layout::kOuter / kStep;  // per thread
  static_assert(kThreads % kChunks == 0 && Layout::kOuter % kStep == 0 && kLines > 0);
  // Lines that are stored at once, and the distance between them.
  static constexpr int kLanes = std::min<int>(32, 128 / (kVector * static_cast<int>(sizeof(T))));
  static constexpr int kTogether = std::max(1, kLanes / kChunks), kApart = kTogether > 1 ? 4 : 1;
  static_assert(kStep % (kTogether * kApart) == 0);
  static constexpr bool kAsks = requires(const Matrix& m) { m.vectors; };

 public:
  // place: the first i (or j) of the tile.
  __device__ TileLoader(const Matrix& matrix, int place)
      : matrix_(matrix),
        place_(place),
        line_(line_of(static_cast<int>(threadIdx.x) / kChunks)),
        inner_(static_cast<int>(threadIdx.x) % kChunks * kVector) {
    if constexpr (Layout::kDeep) {
      SUMI_UNROLL
      for (int i = 0; i < kLines; ++i) fixed_[i] = matrix.row(place + line_ + i * kStep);
    } else {
      fixed_[0] = matrix.col(place + inner_);
    }
  }

  // Starts fetching the tile whose first depth is l.
  __device__ void load(T* tile, int l) const {
    if constexpr (kAsks)
      if (!matrix_.vectors) return load_elements(tile, l);
    if constexpr (Layout::kDeep) {
      const auto col = matrix_.col(l + inner_);
      SUMI_UNROLL
      for (int i = 0; i < kLines; ++i) copy<kVector>(tile + offset(i), matrix_.at(fixed_[i], col));
    } else {
      SUMI_UNROLL
      for (int i = 0; i < kLines; ++i)
        copy<kVector>(tile + offset(i), matrix_.at(matrix_.row(l + line_ + i * kStep), fixed_[0]));
    }
  }

 private:
  __device__ static int line_of(int thread) {
    constexpr int lines = kTogether * kApart;
    return thread / lines * lines + thread % kTogether * kApart + thread / kTogether % kApart;
  }
  __device__ int offset(int i) const { return (line_ + i * kStep) * Layout::kStride + inner_; }

  // Fetches the same elements one by one. Rare: small rather than fast.
  __device__ void load_elements(T* tile, int l) const {
    for (int i = 0; i < kLines; ++i)
      for (int v = 0; v < kVector; ++v) {
        const int line = line_ + i * kStep, inner = inner_ + v;
        copy<1>(tile + offset(i) + v, Layout::kDeep
                                          ? matrix_.at(matrix_.row(place_ + line), matrix_.col(l + inner))
                                          : matrix_.at(matrix_.row(l + line), matrix_.col(place_ + inner)));
      }
  }

  template <int count>
  __device__ void copy(T* to, const T* from) const {
    if constexpr (count * sizeof(T) >= 4)
      async_copy<count * sizeof(T)>(to, from, matrix_.data);
    else
      *to = from ? *from : T(0.0F);  // no copy has 2 bytes: through a register, synchronously
  }

  using Kept = std::conditional_t<Layout::kDeep, typename Matrix::Row, typename Matrix::Col>;

  const Matrix& matrix_;
  int place_, line_, inner_;
  Kept fixed_[Layout::kDeep ? kLines : 1];
};

// The tiles of both operands, several steps deep.
template <class LayoutA, class LayoutB, int kStages>
struct StagedTiles {
  alignas(16) typename LayoutA::Element a[kStages][LayoutA::kElements];
  alignas(16) typename LayoutB::Element b[kStages][LayoutB::kElements];
};

// Calls step(tile of a, tile of b) for every tile of the depth [begin, end). While one is
// multiplied, kStages - 1 are in flight. All threads of the block must call it.
template <int kStages, class Tiles, class LoaderA, class LoaderB, class Step>
__device__ void for_each_tile(Tiles& tiles, const LoaderA& a, const LoaderB& b, int begin, int end, int depth,
                              Step&& step) {
  const auto fetch = [&](int l, int stage) {
    if (l < end) {
      a.load(tiles.a[stage], l);
      b.load(tiles.b[stage], l);
    }
    async_commit();  // even if empty: the number of groups is the number of steps
  };
  SUMI_UNROLL
  for (int stage = 0; stage < kStages - 1; ++stage) fetch(begin + stage * depth, stage);
  int stage = 0;
  for (int l = begin; l < end; l += depth) {
    async_wait<kStages - 2>();
    // all copies have arrived, and all threads have finished with the tiles that are filled next
    __syncthreads();
    fetch(l + (kStages - 1) * depth, (stage + kStages - 1) % kStages);
    step(tiles.a[stage], tiles.b[stage]);
    stage = (stage + 1) % kStages;
  }
}

}  // namespace sumi::kernels::cuda
