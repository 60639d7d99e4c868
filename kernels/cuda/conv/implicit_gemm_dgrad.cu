// Convolution by register tiles: input gradient, and transposed convolution. See implicit_gemm.cuh.
#include "kernels/cuda/conv/implicit_gemm.cuh"

namespace sumi::kernels::cuda {

void implicit_gemm_dgrad(const Exec& e, const ConvGeom& g, View dy, View w, View bias, MutView dx) {
  const char* name = g.transposed ? "conv_transpose_fprop_implicit_gemm" : "conv_dgrad_implicit_gemm";
  dispatch_f32_bf16(g.dgrad_name(), dx.dtype, [&]<class T>() {
    run_implicit_gemm(e, name, make_dgrad<T>(g, dy, w, bias, dx), vectors_fit<T>(4, g, true, {dy, w}));
  });
}

}  // namespace sumi::kernels::cuda
