// Variant 2 of matrix products: register tiles, 128-bit reads, and two tiles in flight. The kernel
// is in product/register_blocked.cuh, which says what changed from `tiled` and why it should be
// faster. One source per type: nvcc takes ten seconds for the four transpositions.
#pragma once

#include "kernels/cuda/gemm/product.cuh"
#include "kernels/cuda/gemm/variants.h"
#include "kernels/cuda/product/register_blocked.cuh"

namespace sumi::kernels::cuda {

template <class T>
void run_register_blocked_gemm(const Exec& e, const GemmGeom& g, View a, View b, View bias, MutView y,
                               Write write) {
  dispatch_transposed(g, [&]<bool trans_a, bool trans_b>() {
    const auto product = make_gemm<T, trans_a, trans_b>(e, g, a, b, bias, y, write, kBlockedTile,
                                                        kBlockedTile, kBlockedDepth, 4);
    launch(e, "gemm_register_blocked", product_register_blocked<GemmProduct<T, trans_a, trans_b>, 4>,
           grid_of(product, kBlockedTile, kBlockedTile, kBlockedThreads), product);
    join_chunks(e, product, y);
  });
}

}  // namespace sumi::kernels::cuda
