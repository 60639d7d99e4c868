// Convolution by register tiles: weight gradient. See implicit_gemm.cuh.
#include "kernels/cuda/conv/implicit_gemm.cuh"

namespace sumi::kernels::cuda {

void implicit_gemm_wgrad(const Exec& e, const ConvGeom& g, View x, View dy, MutView dw, Write write) {
  const char* name = g.transposed ? "conv_transpose_wgrad_implicit_gemm" : "conv_wgrad_implicit_gemm";
  dispatch_f32_bf16(g.wgrad_name(), x.dtype, [&]<class T>() {
    const auto product = make_wgrad<T>(e, g, x, dy, dw, write, kBlockedTile, kBlockedTile, kBlockedDepth);
    run_implicit_gemm(e, name, product, vectors_fit<T>(4, g, true, {x, dy}));
    join_chunks(e, product, dw, write);
  });
}

}  // namespace sumi::kernels::cuda
