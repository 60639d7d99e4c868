// Convolution by register tiles: forward. See implicit_gemm.cuh.
#include "kernels/cuda/conv/implicit_gemm.cuh"

namespace sumi::kernels::cuda {

void implicit_gemm_fprop(const Exec& e, const ConvGeom& g, View x, View w, View bias, MutView y) {
  const char* name = g.transposed ? "conv_transpose_dgrad_implicit_gemm" : "conv_fprop_implicit_gemm";
  dispatch_f32_bf16(g.fprop_name(), y.dtype, [&]<class T>() {
    run_implicit_gemm(e, name, make_fprop<T>(g, x, w, bias, y), vectors_fit<T>(4, g, false, {x, w}));
  });
}

}  // namespace sumi::kernels::cuda
