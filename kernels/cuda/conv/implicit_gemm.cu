// Rung 3: register tiles, 128-bit reads, and two tiles in flight. The kernel is product/register_blocked.cuh, which says what changed from
// `tiled` and why it should be faster. Its tiles of a (and for wgrad of b) are gathered from the picture as they are fetched: the product
// is implicit.
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

void implicit_gemm_fprop(const Exec& e, const ConvGeom& g, View x, View w, View bias, MutView y) {
  const char* name = g.transposed ? "conv_transpose_dgrad_implicit_gemm" : "conv_fprop_implicit_gemm";
  dispatch_f32_bf16(g.fprop_name(), y.dtype, [&]<class T>() {
    run_implicit_gemm(e, name, make_fprop<T>(g, x, w, bias, y), vectors_fit<T>(4, g, false, {x, w}));
  });
}

void implicit_gemm_dgrad(const Exec& e, const ConvGeom& g, View dy, View w, View bias, MutView dx) {
  const char* name = g.transposed ? "conv_transpose_fprop_implicit_gemm" : "conv_dgrad_implicit_gemm";
  dispatch_f32_bf16(g.dgrad_name(), dx.dtype, [&]<class T>() {
    run_implicit_gemm(e, name, make_dgrad<T>(g, dy, w, bias, dx), vectors_fit<T>(4, g, true, {dy, w}));
  });
}

void implicit_gemm_wgrad(const Exec& e, const ConvGeom& g, View x, View dy, MutView dw, Write write) {
  const char* name = g.transposed ? "conv_transpose_wgrad_implicit_gemm" : "conv_wgrad_implicit_gemm";
  dispatch_f32_bf16(g.wgrad_name(), dw.dtype, [&]<class T>() {
    const auto product = make_wgrad<T>(e, g, x, dy, dw, write, kBlockedTile, kBlockedTile, kBlockedDepth);
    run_implicit_gemm(e, name, product, vectors_fit<T>(4, g, true, {x, dy}));
    join_chunks(e, product);
  });
}

}  // namespace sumi::kernels::cuda
