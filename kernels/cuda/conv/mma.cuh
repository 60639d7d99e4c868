// Rung 4 of convolution: tensor cores. The kernel is product/mma.cuh, which says what changed and why it should be faster.
#pragma once

#include "kernels/base/dispatch.h"
#include "kernels/cuda/conv/product.cuh"
#include "kernels/cuda/product/mma.cuh"

namespace sumi::kernels::cuda {

// vectors: operands are read 16 bytes at a time.
template <int kTileI, int kTileJ, class Product>
void run_mma(const Exec& e, const char* name, const Product& product, bool vectors) {
  using T = typename Product::Element;
  const LaunchShape shape = grid_of(product, kTileI, kTileJ, kMmaThreads);
  const auto run = [&]<Multiply kMultiply>() {
    if (vectors)
      launch(e, name, product_mma<Product, kMultiply, MmaStep<T>::kUnit, kTileI, kTileJ>, shape, product);
    else
      launch(e, name, product_mma<Product, kMultiply, 1, kTileI, kTileJ>, shape, product);
  };
  if constexpr (sizeof(T) == 4) {
    if (resolved(e.multiply, e.device) == Multiply::tf32x3)
      return run.template operator()<Multiply::tf32x3>();
  }
  run.template operator()<Multiply::tf32>();
}

}  // namespace sumi::kernels::cuda
