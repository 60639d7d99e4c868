// Variant 3 of matrix products: tensor cores. The kernel is in product/mma.cuh, which says what
// changed and why it should be faster. Each precision has a file of its own, because nvcc takes
// long to compile them.
#pragma once

#include "kernels/cuda/gemm/product.cuh"
#include "kernels/cuda/product/mma.cuh"

namespace sumi::kernels::cuda {

template <class T, MatmulPrecision kMultiply>
void run_mma_gemm(const Exec& e, const GemmGeom& g, View a, View b, View bias, MutView y, Write write) {
  constexpr int rows = 128, cols = 64, unit = MmaStep<T>::kUnit;
  dispatch_transposed(g, [&]<bool trans_a, bool trans_b>() {
    const auto product =
        make_gemm<T, trans_a, trans_b>(e, g, a, b, bias, y, write, rows, cols, MmaStep<T>::kTileDepth, unit);
    launch(e, "gemm_mma", product_mma<GemmProduct<T, trans_a, trans_b>, kMultiply, unit, rows, cols>,
           grid_of(product, rows, cols, kMmaThreads), product);
    join_chunks(e, product, y);
  });
}

}  // namespace sumi::kernels::cuda
