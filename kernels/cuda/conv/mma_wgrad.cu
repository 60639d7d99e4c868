// Convolution on tensor cores: weight gradient. See mma.cuh.
#include "kernels/cuda/conv/mma.cuh"

namespace sumi::kernels::cuda {

void mma_wgrad(const Exec& e, const ConvGeom& g, View x, View dy, MutView dw, Write write) {
  const char* name = g.transposed ? "conv_transpose_wgrad_mma" : "conv_wgrad_mma";
  dispatch_f32_bf16(g.wgrad_name(), x.dtype, [&]<class T>() {
    const auto product = make_wgrad<T>(e, g, x, dy, dw, write, 64, 128, MmaStep<T>::kTileDepth);
    run_mma<64, 128>(e, name, product, vectors_fit<T>(MmaStep<T>::kUnit, g, true, {x, dy}));
    join_chunks(e, product, dw, write);
  });
}

}  // namespace sumi::kernels::cuda
