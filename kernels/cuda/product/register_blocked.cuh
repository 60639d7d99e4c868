// register_blocked, of convolutions implicit_gemm: register tiles, 128-bit reads, and two tiles in
// flight.
//
// What changed from `tiled`:
//   - a block of 128 threads computes 64 x 64 outputs, and each thread 8 x 4 of them in registers.
//     For 4 steps of the depth a thread reads 8 + 4 vectors of 4 elements and makes 128 products: 12
//     reads where tiled makes 256.
//   - tiles come by cp.async, 16 bytes at a time where channels allow it (`kVector` 4), straight from
//     L2 to shared memory; the next tile is in flight while this one is multiplied, so one barrier
//     per step is enough.
//   - the index of an element (which tap, which channel) is computed by multiplications (Divisor),
//     once for a thread's column of the tile; everything about the pixel is computed once before the
//     loop.
//
//                 b: 64 wide, 16 deep, twice
//                 +----------------+
//                 | x   x   x   x  |   columns tx, tx + 16, tx + 32, tx + 48 of a thread
//                 +----------------+
//     +----+      +----------------+
//     | y  |      | #   #   #   #  |   8 x 4 sums in registers
//     | y  |      | #   #   #   #  |
//     | .. |      | ..             |
//     +----+      +----------------+
//   a: 64 high
//
// Why it should be faster: device memory and L2 see 1/4 of tiled's requests (64 x 64 outputs share
// a tile, where it was 16 x 16); shared memory sees 12 vector reads for 128 multiply-adds a thread.
// A warp (2 x 16 threads) asks a for 2 different vectors and b for 16, so a step of 4 costs 8 x 1 +
// 4 x 2 = 16 wavefronts of shared memory beside 128 instructions of the multiply-add units, of
// which a multiprocessor issues 4 a clock: 16 against 32 clocks. Now the multiply-adds are the
// limit.
//
// What it cannot do is use the tensor cores, which multiply 8 (tf32) or 16 (bf16) times as fast:
// the next variant.
#pragma once

#include "kernels/cuda/device/shared.cuh"
#include "kernels/cuda/product/part.cuh"
#include "kernels/cuda/product/tile.cuh"

namespace sumi::kernels::cuda {

inline constexpr int kBlockedTile = 64, kBlockedDepth = 16, kBlockedThreads = 128;

namespace register_blocked {

constexpr int kTile = kBlockedTile, kDepth = kBlockedDepth, kThreads = kBlockedThreads;
constexpr int kThreadsX = 16, kThreadsY = 8;                         // 16 wide, 8 high
constexpr int kRows = kTile / kThreadsY, kCols = kTile / kThreadsX;  // sums per thread

// Position n of thread t of `threads`: of a tile's lines (deep) or within a line. Deep: adjacent
// threads have adjacent lines, whose distance avoids bank conflicts; else vectors of 4.
template <class Layout>
__device__ constexpr int position(int threads, int t, int n) {
  return Layout::kDeep ? t + n * threads : n / 4 * 4 * threads + 4 * t + n % 4;
}

__device__ inline void read4(float (&to)[4], const float* from) {
  const float4 v = *reinterpret_cast<const float4*>(from);
  to[0] = v.x, to[1] = v.y, to[2] = v.z, to[3] = v.w;
}
__device__ inline void read4(float (&to)[4], const bf16* from) {
  const uint2 v = *reinterpret_cast<const uint2*>(from);
  to[0] = __uint_as_float(v.x << 16), to[1] = __uint_as_float(v.x & 0xffff0000U);
  to[2] = __uint_as_float(v.y << 16), to[3] = __uint_as_float(v.y & 0xffff0000U);
}

// This thread's `count` positions of a tile at depths l to l + 3.
template <class Layout, int count>
__device__ void read_operand(float (&to)[count][4], const typename Layout::Element* tile, int threads, int t,
                             int l) {
  if constexpr (Layout::kDeep) {
    SUMI_UNROLL
    for (int n = 0; n < count; ++n) read4(to[n], tile + Layout::at(position<Layout>(threads, t, n), l));
  } else {
    SUMI_UNROLL
    for (int n = 0; n < count; n += 4) {
      SUMI_UNROLL
      for (int d = 0; d < 4; ++d) {
        float across[4];
        read4(across, tile + Layout::at(position<Layout>(threads, t, n), l + d));
        SUMI_UNROLL
        for (int i = 0; i < 4; ++i) to[n + i][d] = across[i];
      }
    }
  }
}

}  // namespace register_blocked

template <class Product, int kVector>
__global__ void __launch_bounds__(kBlockedThreads) product_register_blocked(Product product) {
  using namespace register_blocked;
  using T = typename Product::Element;
  constexpr int read = 4 * static_cast<int>(sizeof(T));
  using LayoutA = TileLayout<T, kTile, kDepth, Product::kDeepA, read>;
  using LayoutB = TileLayout<T, kTile, kDepth, Product::kDeepB, read>;
  const auto part = product.part(blockIdx.z);
  const int across = (part.cols + kTile - 1) / kTile, block = static_cast<int>(blockIdx.x);
  const int i0 = block / across * kTile, j0 = block % across * kTile;
  if (i0 >= part.rows) return;  // another phase has more pixels
  const int tx = static_cast<int>(threadIdx.x) % kThreadsX, ty = static_cast<int>(threadIdx.x) / kThreadsX;
  using A = std::remove_cvref_t<decltype(part.a)>;
  using B = std::remove_cvref_t<decltype(part.b)>;
  const TileLoader<A, LayoutA, kVector, kThreads> load_a(part.a, i0);
  const TileLoader<B, LayoutB, kVector, kThreads> load_b(part.b, j0);
  float sums[kRows][kCols] = {};
  auto& tiles = block_shared<StagedTiles<LayoutA, LayoutB, 2>>();
  for_each_tile<2>(tiles, load_a, load_b, part.begin, part.end, kDepth,
                   [&](const T* tile_a, const T* tile_b) {
                     SUMI_UNROLL
                     for (int l = 0; l < kDepth; l += 4) {
                       float a[kRows][4], b[kCols][4];
                       read_operand<LayoutA>(a, tile_a, kThreadsY, ty, l);
                       read_operand<LayoutB>(b, tile_b, kThreadsX, tx, l);
                       SUMI_UNROLL
                       for (int d = 0; d < 4; ++d) {
                         SUMI_UNROLL
                         for (int i = 0; i < kRows; ++i) {
                           SUMI_UNROLL
                           for (int j = 0; j < kCols; ++j) sums[i][j] += a[i][d] * b[j][d];
                         }
                       }
                     }
                   });
  SUMI_UNROLL
  for (int i = 0; i < kRows; ++i) {
    const int row = i0 + position<LayoutA>(kThreadsY, ty, i);
    if (row >= part.rows) continue;
    const auto at = part.out.row(row);
    SUMI_UNROLL
    for (int j = 0; j < kCols; ++j) {
      const int col = j0 + position<LayoutB>(kThreadsX, tx, j);
      if (col < part.cols) at.put(col, sums[i][j]);
    }
  }
  join_tile<kTile, kTile, kThreads>(product, part, i0, j0);
}

}  // namespace sumi::kernels::cuda
