// A tile of a matrix in shared memory, fetched by all threads of a block without waiting (cp.async).
#pragma once

#include <algorithm>
#include <type_traits>

#include "kernels/cuda/device/async_copy.cuh"

namespace sumi::kernels::cuda {

// How a tile lies: `kOuter` lines of `kInner` elements, which are neighbors in device memory as well, and how far apart two
// lines are. The depth of the product runs along the lines of a deep tile, and across the lines of another.
//
// What is asked of the distance is that lines begin at different banks, so that the threads that read one column hit
// different ones. Deep tiles are read kReadBytes at a time: that much more than a line, which is a power of two, makes the distance
// an odd number of such units. Others: 8 elements more than a multiple of 32 (of 4 bytes: 8 banks; of 2: an odd number of
// units of 16 bytes).
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

// Fetches tiles of a matrix at one place and growing depth. kVector elements are fetched at a time: neighboring columns, of
// which a group or filter holds a multiple, at addresses that are multiples of their size. A matrix with a member `vectors`
// (Operand) says at run time whether that is so.
//
// Neighboring threads fetch neighbors of a line, and the next ones go on in a line further down, which is where storing has
// its bank conflicts: shared memory takes 128 bytes at a time, a line of a deep tile is shorter, and the next line begins a
// unit after the end of this one, on banks that this one has taken. The line 4 further down begins half of the banks away (or a
// quarter, where lines are that short), so threads go on there.
template <class Matrix, class Layout, int kVector, int kThreads>
class TileLoader {
  using T = typename Layout::Element;
  static constexpr int kChunks = Layout::kInner / kVector, kStep = kThreads / kChunks;
  static constexpr int kLines = Layout::kOuter / kStep;  // of a thread
  static_assert(kThreads % kChunks == 0 && Layout::kOuter % kStep == 0 && kLines > 0);
  // Lines that are stored at once, and how far they are apart.
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

  // Starts to fetch the tile whose first depth is l.
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

  // The same elements one by one. Seldom: kept small, not fast.
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
      *to = from ? *from : T(0.0F);  // there is no copy of 2 bytes: through a register, and waited for
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
