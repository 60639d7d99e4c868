// Variant 4 of convolution: tensor cores. The kernel is in product/mma.cuh, which says what changed
// and why it should be faster.
#pragma once

#include <algorithm>

#include "kernels/base/dispatch.h"
#include "kernels/cuda/conv/product.cuh"
#include "kernels/cuda/product/mma.cuh"

namespace sumi::kernels::cuda {

// vectors: operands are read 16 bytes at a time.
template <int kTileI, int kTileJ, class Product>
void run_mma(const Exec& e, const char* name, const Product& product, bool vectors) {
  using T = typename Product::Element;
  const auto run = [&]<MatmulPrecision kMultiply>() {
    if (vectors)
      return launch(e, name, product_mma<Product, kMultiply, MmaStep<T>::kUnit, kTileI, kTileJ>,
                    grid_of(product, kTileI, kTileJ, kMmaThreads), product);
    // The addresses of single elements and the split operands of 3xtf32 do not fit a thread's
    // registers, so the tile is half as large.
    constexpr int side = kMultiply == MatmulPrecision::tf32x3 ? std::min(kTileI, kTileJ) : 128;
    constexpr int rows = std::min(kTileI, side), cols = std::min(kTileJ, side);
    launch(e, name, product_mma<Product, kMultiply, 1, rows, cols>, grid_of(product, rows, cols, kMmaThreads),
           product);
  };
  if constexpr (sizeof(T) == 4) {
    if (resolved(e.multiply, e.device) == MatmulPrecision::tf32x3)
      return run.template operator()<MatmulPrecision::tf32x3>();
  }
  run.template operator()<MatmulPrecision::tf32>();
}

}  // namespace sumi::kernels::cuda
