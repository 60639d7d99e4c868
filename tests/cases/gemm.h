// Shapes of matrix products: vectors, odd sizes, sizes around register tiles, batches with a shared
// operand, long sums of few elements.
#pragma once

#include "kernels/gemm.h"

namespace sumi::cases {

struct GemmCase {
  std::int64_t batch, m, n, k;
  bool share_a = false, share_b = false;

  // Run with all four combinations of transposition.
  kernels::GemmGeom geom(bool trans_a, bool trans_b) const {
    return {batch, m, n, k, trans_a, trans_b, share_a ? 1 : batch, share_b ? 1 : batch};
  }
};

inline constexpr GemmCase gemm_cases[] = {
    {1, 1, 1, 1},
    {1, 1, 7, 33},
    {1, 33, 1, 8},
    {1, 7, 3, 1},
    {1, 8, 8, 8},
    {1, 5, 17, 13},
    {1, 16, 6, 64},
    {1, 33, 65, 31},
    {1, 64, 64, 64},
    {1, 67, 49, 130},
    {1, 16, 100, 3},
    {3, 4, 5, 6},
    {3, 7, 9, 33, true, false},
    {2, 17, 8, 5, false, true},
    {4, 1, 8, 100, false, true},
    {1, 5, 9, 700},
    {3, 17, 2, 300, false, true},
};

// For the tiles of kernels/cuda/gemm: more and fewer rows and columns than a tile (16, 64, 128),
// depths that end inside a tile or need fewer tiles than are in flight, sizes that can and cannot
// be read as vectors, several chunks of the depth.
inline constexpr GemmCase gemm_ladder_cases[] = {
    {1, 136, 72, 40},
    {1, 128, 64, 16},
    {1, 13, 21, 7},
    {2, 24, 40, 264, true, false},
    {1, 130, 67, 33},
    {1, 12, 20, 44},
    {3, 17, 8, 24, false, true},
    {1, 10, 12, 540},
};

}  // namespace sumi::cases
