// mma, the fastest variant: tensor cores.
//
// What changed from `register_blocked` (implicit_gemm of convolutions): the same tiles are
// multiplied by mma.sync (device/mma.cuh), a 16 x 8 output at a time by a whole warp, instead of
// one multiply-add per lane. A block has 4 warps, 2 x 2, and a tile of 128 x 64 (wgrad: 64 x 128,
// because there are fewer filters than weights per filter): a warp computes 64 x 32, as 4 x 4 mma
// products.
//
//               b: 64 wide                one mma:   8
//               +---------+                        +---+
//               | w0   w1 |                        | b | 16 (bf16) or 8 (tf32) deep
//     +----+    +----+----+                  +---+ +---+
//     | w0 |    | w0 | w1 |   64 high     16 | a | | d |  the sum: 4 registers per lane
//     | w2 |    +----+----+                  +---+ +---+
//     +----+    | w2 | w3 |
//   a: 128 high +----+----+
//
// Why it should be faster: an H100 performs 67 TFLOP/s in its f32 units, and in its tensor cores
// 495 in tf32 and 990 in bf16 (dense, by its data sheet; mma.sync reaches about two thirds of that,
// the rest is for wgmma). To keep them fed:
//   - ldmatrix loads four 8 x 8 blocks of 16 bits in the layout of a fragment with one instruction;
//     rows lie an odd number of 16-byte units apart, so its 8 addresses hit all 32 banks once. A warp
//     needs 4 + 2 of them for 16 mma and 16 of depth in bf16: 24 wavefronts of shared memory beside
//     32 clocks of the tensor cores of sm_80.
//   - three tiles are in flight (46 KB of shared memory): two are loading while one is multiplied.
//   - an operand whose depth runs across the lines (dgrad's filters, both of wgrad) is transposed on
//     the way: by ldmatrix.trans in bf16; in f32 by 4-byte reads, whose 8 lanes by 4 lines hit 32
//     banks.
//   - the sums leave through shared memory, row by row in full sectors.
//
// f32 operands are rounded to tf32 as they are read from shared memory. For "3xtf32" each is split
// into a = big + small, both tf32, and small b_big + big b_small + big b_big are added: the omitted
// product is 2^-22 of the whole. That takes three mma instead of one. Tensor cores truncate sums
// (device/mma.cuh), and over a long depth that would cost more than the split has gained. So the
// three products of one mma depth go to accumulators that start at zero, and are added to the
// thread's sums by FADD, which rounds to nearest: 4 FADDs per 3 mma. (Ootomo and Yokota,
// "Recovering single precision accuracy from Tensor Cores", 2022.)
#pragma once

#include "kernels/base/launch.h"
#include "kernels/cuda/device/mma.cuh"
#include "kernels/cuda/device/shared.cuh"
#include "kernels/cuda/product/part.cuh"
#include "kernels/cuda/product/tile.cuh"

namespace sumi::kernels::cuda {

inline constexpr int kMmaThreads = 128, kMmaStages = 3;

// How many blocks must fit a multiprocessor, which limits the registers. Three blocks have 168
// registers per thread, and 46 KB of shared memory each. 3xtf32, which needs additional
// accumulators for one depth, gets two: with 168 registers it would spill, and three mma per pair
// of fragments keep the tensor cores as busy. Fetching single elements keeps so many addresses that
// it needs all registers.
constexpr int mma_blocks(MatmulPrecision multiply, int vector) {
  if (vector == 1) return 1;
  return multiply == MatmulPrecision::tf32x3 ? 2 : 3;
}

// How elements of type T are multiplied.
template <class T>
struct MmaStep {                                // bf16
  static constexpr int kDepth = 16, kUnit = 8;  // of one mma; elements of 16 bytes
  static constexpr int kTileDepth = 32;
};
template <>
struct MmaStep<float> {
  static constexpr int kDepth = 8, kUnit = 4;
  static constexpr int kTileDepth = 16;
};

// The fragment of a: 16 positions starting at i, one mma deep starting at l.
template <class Layout>
__device__ void read_fragment_a(unsigned (&to)[4], const typename Layout::Element* tile, int i, int l,
                                int lane) {
  using T = typename Layout::Element;
  constexpr int unit = MmaStep<T>::kUnit;
  if constexpr (Layout::kDeep) {
    ldmatrix_x4<false>(to, tile + Layout::at(i + lane % 16, l + lane / 16 * unit));
  } else if constexpr (sizeof(T) == 2) {
    ldmatrix_x4<true>(to, tile + Layout::at(i + lane / 8 % 2 * 8, l + lane % 8 + lane / 16 * 8));
  } else {
    SUMI_UNROLL
    for (int n = 0; n < 4; ++n)
      to[n] = __float_as_uint(tile[Layout::at(i + lane / 4 + n % 2 * 8, l + lane % 4 + n / 2 * 4)]);
  }
}

// Two consecutive fragments of b: 16 positions starting at j, one mma deep starting at l.
template <class Layout>
__device__ void read_fragments_b(unsigned (&to)[4], const typename Layout::Element* tile, int j, int l,
                                 int lane) {
  using T = typename Layout::Element;
  constexpr int unit = MmaStep<T>::kUnit;
  if constexpr (Layout::kDeep) {
    ldmatrix_x4<false>(to, tile + Layout::at(j + lane % 8 + lane / 16 * 8, l + lane / 8 % 2 * unit));
  } else if constexpr (sizeof(T) == 2) {
    ldmatrix_x4<true>(to, tile + Layout::at(j + lane / 16 * 8, l + lane % 16));
  } else {
    SUMI_UNROLL
    for (int n = 0; n < 4; ++n)
      to[n] = __float_as_uint(tile[Layout::at(j + lane / 4 + n / 2 * 8, l + lane % 4 + n % 2 * 4)]);
  }
}

// An operand's registers rounded to tf32 and, with `split`, the rounding error, rounded as well.
template <bool split>
__device__ void round_to_tf32(unsigned (&big)[4], unsigned (&small)[4]) {
  SUMI_UNROLL
  for (int n = 0; n < 4; ++n) {
    const float value = __uint_as_float(big[n]);
    big[n] = to_tf32(value);
    if constexpr (split) small[n] = to_tf32(value - tf32_value(big[n]));
  }
}

// sums += a b for a warp's kTilesI x kTilesJ tiles of 16 x 8, one mma deep.
template <class T, MatmulPrecision kMultiply, class LayoutA, class LayoutB, int kTilesI, int kTilesJ>
__device__ void multiply_fragments(float (&sums)[kTilesI][kTilesJ][4], const T* tile_a, const T* tile_b,
                                   int i, int j, int l, int lane) {
  constexpr bool split = kMultiply == MatmulPrecision::tf32x3;
  unsigned b[kTilesJ / 2][4], b_small[split ? kTilesJ / 2 : 1][4];
  SUMI_UNROLL
  for (int tj = 0; tj < kTilesJ / 2; ++tj) {
    read_fragments_b<LayoutB>(b[tj], tile_b, j + tj * 16, l, lane);
    if constexpr (sizeof(T) == 4) round_to_tf32<split>(b[tj], b_small[split ? tj : 0]);
  }
  SUMI_UNROLL
  for (int ti = 0; ti < kTilesI; ++ti) {
    unsigned a[4], a_small[4];
    read_fragment_a<LayoutA>(a, tile_a, i + ti * 16, l, lane);
    if constexpr (sizeof(T) == 4) round_to_tf32<split>(a, a_small);
    SUMI_UNROLL
    for (int tj = 0; tj < kTilesJ; ++tj) {
      const unsigned of_b[2] = {b[tj / 2][tj % 2 * 2], b[tj / 2][tj % 2 * 2 + 1]};
      auto& d = sums[ti][tj];
      if constexpr (sizeof(T) == 2) {
        mma_bf16(d, a, of_b);
      } else if constexpr (split) {
        const unsigned small_b[2] = {b_small[tj / 2][tj % 2 * 2], b_small[tj / 2][tj % 2 * 2 + 1]};
        float fresh[4] = {};
        mma_tf32(fresh, a_small, of_b);  // the small products first
        mma_tf32(fresh, a, small_b);
        mma_tf32(fresh, a, of_b);
        SUMI_UNROLL
        for (int n = 0; n < 4; ++n) d[n] += fresh[n];
      } else {
        mma_tf32(d, a, of_b);
      }
    }
  }
}

// The sums of a block, in the memory of its tiles. Rows are 8 floats more than a multiple of 32
// apart, so that the 4 rows by 8 columns of half a warp's fragments hit all 32 banks.
template <class Tiles, int kTileI, int kTileJ>
union MmaShared {
  Tiles tiles;
  alignas(16) float sums[kTileI][kTileJ + 8];
};

// Stores a warp's sums at the position of its tile [i, j] in `to`.
template <int kTilesI, int kTilesJ, int stride, int height>
__device__ void keep_sums(float (&to)[height][stride], const float (&sums)[kTilesI][kTilesJ][4], int i, int j,
                          int lane) {
  SUMI_UNROLL
  for (int ti = 0; ti < kTilesI; ++ti) {
    SUMI_UNROLL
    for (int tj = 0; tj < kTilesJ; ++tj) {
      const auto& d = sums[ti][tj];
      float* const at = &to[i + ti * 16 + lane / 4][j + tj * 8 + lane % 4 * 2];
      *reinterpret_cast<float2*>(at) = {d[0], d[1]};
      *reinterpret_cast<float2*>(at + 8 * stride) = {d[2], d[3]};
    }
  }
}

// Writes a block's sums, the tile at [i0, j0] of the result. Adjacent threads store four adjacent
// elements each, so that sectors are full. Directly from the fragments a bf16 store would fill half
// a sector.
template <class Part, int kTileI, int kTileJ>
__device__ void write_sums(const Part& part, const float (&sums)[kTileI][kTileJ + 8], int i0, int j0) {
  constexpr int across = kTileJ / 4;
  for (int at = static_cast<int>(threadIdx.x); at < kTileI * across; at += kMmaThreads) {
    const int i = at / across, j = j0 + at % across * 4;
    if (i0 + i >= part.rows || j >= part.cols) continue;
    const auto row = part.out.row(i0 + i);
    const float4 four = *reinterpret_cast<const float4*>(&sums[i][j - j0]);
    if (part.out.fours && j + 4 <= part.cols) {
      row.put4(j, four);
    } else {
      const float of[4] = {four.x, four.y, four.z, four.w};
      SUMI_UNROLL
      for (int n = 0; n < 4; ++n)
        if (j + n < part.cols) row.put(j + n, of[n]);
    }
  }
}

// A matrix with a member `vectors` can also be fetched by elements, whatever kVector is
// (TileLoader).
template <class Product, MatmulPrecision kMultiply, int kVector, int kTileI, int kTileJ>
__global__ void __launch_bounds__(kMmaThreads, mma_blocks(kMultiply, kVector)) product_mma(Product product) {
  using T = typename Product::Element;
  constexpr int depth = MmaStep<T>::kTileDepth;
  using LayoutA = TileLayout<T, kTileI, depth, Product::kDeepA>;
  using LayoutB = TileLayout<T, kTileJ, depth, Product::kDeepB>;
  const auto part = product.part(blockIdx.z);
  const int across = (part.cols + kTileJ - 1) / kTileJ, block = static_cast<int>(blockIdx.x);
  const int i0 = block / across * kTileI, j0 = block % across * kTileJ;
  if (i0 >= part.rows) return;  // another phase has more pixels
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int i = warp / 2 * (kTileI / 2), j = warp % 2 * (kTileJ / 2);  // of the warp, in the tile
  using A = std::remove_cvref_t<decltype(part.a)>;
  using B = std::remove_cvref_t<decltype(part.b)>;
  const TileLoader<A, LayoutA, kVector, kMmaThreads> load_a(part.a, i0);
  const TileLoader<B, LayoutB, kVector, kMmaThreads> load_b(part.b, j0);
  float sums[kTileI / 32][kTileJ / 16][4] = {};
  // 3xtf32 has no registers left for fragments of the next depth.
  [[maybe_unused]] constexpr int depths_at_once =
      kMultiply == MatmulPrecision::tf32x3 ? 1 : depth / MmaStep<T>::kDepth;
  using Tiles = StagedTiles<LayoutA, LayoutB, kMmaStages>;
  auto& shared = block_shared<MmaShared<Tiles, kTileI, kTileJ>>();
  for_each_tile<kMmaStages>(shared.tiles, load_a, load_b, part.begin, part.end, depth,
                            [&](const T* a, const T* b) {
                              SUMI_UNROLL_BY(depths_at_once)
                              for (int l = 0; l < depth; l += MmaStep<T>::kDepth)
                                multiply_fragments<T, kMultiply, LayoutA, LayoutB>(sums, a, b, i, j, l, lane);
                            });
  __syncthreads();  // until all threads have finished with the tiles
  keep_sums(shared.sums, sums, i, j, lane);
  __syncthreads();
  write_sums<decltype(part), kTileI, kTileJ>(part, shared.sums, i0, j0);
  join_tile<kTileI, kTileJ, kMmaThreads>(product, part, i0, j0);
}

}  // namespace sumi::kernels::cuda
