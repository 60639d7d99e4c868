// Convolution on tensor cores: input gradient, and transposed convolution. See mma.cuh.
#include "kernels/cuda/conv/mma.cuh"

namespace sumi::kernels::cuda {

void mma_dgrad(const Exec& e, const ConvGeom& g, View dy, View w, View bias, MutView dx) {
  const char* name = g.transposed ? "conv_transpose_fprop_mma" : "conv_dgrad_mma";
  dispatch_f32_bf16(g.dgrad_name(), dx.dtype, [&]<class T>() {
    run_mma<128, 64>(e, name, make_dgrad<T>(g, dy, w, bias, dx),
                     vectors_fit<T>(MmaStep<T>::kUnit, g, true, {dy, w}));
  });
}

}  // namespace sumi::kernels::cuda
