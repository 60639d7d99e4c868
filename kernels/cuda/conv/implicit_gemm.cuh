// Variant 3: register tiles, 128-bit reads, and two tiles in flight. The kernel is in
// product/register_blocked.cuh, which says what changed from `tiled` and why it should be faster.
// The tiles of a (and for wgrad of b) are gathered from the image as they are fetched: the product
// is implicit.
#pragma once

#include "kernels/base/dispatch.h"
#include "kernels/cuda/conv/product.cuh"
#include "kernels/cuda/product/register_blocked.cuh"

namespace sumi::kernels::cuda {

template <class Product>
void run_implicit_gemm(const Exec& e, const char* name, const Product& product, bool vectors) {
  const LaunchShape shape = grid_of(product, kBlockedTile, kBlockedTile, kBlockedThreads);
  if (vectors)
    launch(e, name, product_register_blocked<Product, 4>, shape, product);
  else
    launch(e, name, product_register_blocked<Product, 1>, shape, product);
}

}  // namespace sumi::kernels::cuda
