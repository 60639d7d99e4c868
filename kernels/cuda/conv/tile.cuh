// A tile of a matrix in shared memory, fetched by all threads of a block without waiting (cp.async).
#pragma once

#include "kernels/cuda/device/async_copy.cuh"

namespace sumi::kernels::cuda {

// How a tile lies: `kOuter` lines of `kInner` elements, which are neighbours in device memory as well, and how far apart two
// lines are. The depth of the product runs along the lines of a deep tile, and across the lines of another.
//
// What is asked of the distance is that lines begin at different banks, so that the threads that read one column hit
// different ones. Deep: 16 bytes more than an odd or even multiple of 32 gives an odd number of 16-byte units. Else: 8 elements
// more than a multiple of 32 (of 4 bytes: 8 banks; of 2: an odd number of units).
template <class T, int kTileSize, int kTileDepth, bool kIsDeep>
struct TileLayout {
  using Element = T;
  static constexpr bool kDeep = kIsDeep;
  static constexpr int kDepth = kTileDepth, kSize = kTileSize;
  static constexpr int kOuter = kDeep ? kSize : kDepth, kInner = kDeep ? kDepth : kSize;
  static constexpr int kPad = kDeep ? 16 / static_cast<int>(sizeof(T)) : 8;
  static constexpr int kStride = kInner + kPad, kElements = kOuter * kStride;

  // Where element (position i of the tile, depth l) lies.
  static constexpr int at(int i, int l) { return kDeep ? i * kStride + l : l * kStride + i; }
};

// Fetches tiles of a matrix at one place and growing depth. kVector elements are fetched at a time: neighbouring columns, of
// which a group or filter holds a multiple, at addresses that are multiples of their size.
template <class Matrix, class Layout, int kVector, int kThreads>
class TileLoader {
  using T = typename Layout::Element;
  static constexpr int kChunks = Layout::kInner / kVector, kStep = kThreads / kChunks;
  static constexpr int kLines = Layout::kOuter / kStep;  // of a thread
  static_assert(kThreads % kChunks == 0 && Layout::kOuter % kStep == 0 && kLines > 0);

 public:
  // place: the first i (or j) of the tile.
  __device__ TileLoader(const Matrix& matrix, int place)
      : matrix_(matrix),
        line_(static_cast<int>(threadIdx.x) / kChunks),
        inner_(static_cast<int>(threadIdx.x) % kChunks * kVector) {
    if constexpr (Layout::kDeep) {
      SUMI_UNROLL
      for (int i = 0; i < kLines; ++i) fixed_[i] = matrix.row(place + line_ + i * kStep);
    } else {
      fixed_[0] = matrix.col(place + inner_);
    }
  }

  // Starts to fetch the tile whose first depth is l.
  __device__ void load(T* tile, int l) const {
    if constexpr (Layout::kDeep) {
      const auto col = matrix_.col(l + inner_);
      SUMI_UNROLL
      for (int i = 0; i < kLines; ++i) copy(tile, i, matrix_.at(fixed_[i], col));
    } else {
      SUMI_UNROLL
      for (int i = 0; i < kLines; ++i)
        copy(tile, i, matrix_.at(matrix_.row(l + line_ + i * kStep), fixed_[0]));
    }
  }

 private:
  __device__ void copy(T* tile, int i, const T* from) const {
    T* to = tile + (line_ + i * kStep) * Layout::kStride + inner_;
    if constexpr (kVector * sizeof(T) >= 4)
      async_copy<kVector * sizeof(T)>(to, from, matrix_.data);
    else
      *to = from ? *from : T(0.0F);  // there is no copy of 2 bytes: through a register, and waited for
  }

  using Kept = std::conditional_t<Layout::kDeep, typename Matrix::Row, typename Matrix::Col>;

  const Matrix& matrix_;
  int line_, inner_;
  Kept fixed_[Layout::kDeep ? kLines : 1];
};

// The tiles of both operands, several steps deep.
template <class LayoutA, class LayoutB, int kStages>
struct StagedTiles {
  alignas(16) typename LayoutA::Element a[kStages][LayoutA::kElements];
  alignas(16) typename LayoutB::Element b[kStages][LayoutB::kElements];
};

// step(tile of a, tile of b) for every tile of the depth [begin, end). While one is multiplied, kStages - 1 are on their way.
// All threads of the block call it.
template <int kStages, class Tiles, class LoaderA, class LoaderB, class Step>
__device__ void for_each_tile(Tiles& tiles, const LoaderA& a, const LoaderB& b, int begin, int end, int depth,
                              Step&& step) {
  const auto fetch = [&](int l, int stage) {
    if (l < end) {
      a.load(tiles.a[stage], l);
      b.load(tiles.b[stage], l);
    }
    async_commit();  // also of nothing: the count of groups is the count of steps
  };
  SUMI_UNROLL
  for (int stage = 0; stage < kStages - 1; ++stage) fetch(begin + stage * depth, stage);
  int stage = 0;
  for (int l = begin; l < end; l += depth) {
    async_wait<kStages - 2>();
    __syncthreads();  // everybody's copies are there, and everybody has left the tiles that are filled now
    fetch(l + (kStages - 1) * depth, (stage + kStages - 1) % kStages);
    step(tiles.a[stage], tiles.b[stage]);
    stage = (stage + 1) % kStages;
  }
}

}  // namespace sumi::kernels::cuda
