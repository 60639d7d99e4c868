// Convolution on tensor cores: forward. See mma.cuh.
#include "kernels/cuda/conv/mma.cuh"

namespace sumi::kernels::cuda {

void mma_fprop(const Exec& e, const ConvGeom& g, View x, View w, View bias, MutView y) {
  const char* name = g.transposed ? "conv_transpose_dgrad_mma" : "conv_fprop_mma";
  dispatch_f32_bf16(g.fprop_name(), y.dtype, [&]<class T>() {
    run_mma<128, 64>(e, name, make_fprop<T>(g, x, w, bias, y),
                     vectors_fit<T>(MmaStep<T>::kUnit, g, false, {x, w}));
  });
}

}  // namespace sumi::kernels::cuda
