// Matrix products by register tiles: f32 operands. See register_blocked.cuh.
#include "kernels/cuda/gemm/register_blocked.cuh"

namespace sumi::kernels::cuda {

void register_blocked_f32_gemm(const Exec& e, const GemmGeom& g, View a, View b, View bias, MutView y,
                               Write write) {
  run_register_blocked_gemm<float>(e, g, a, b, bias, y, write);
}

}  // namespace sumi::kernels::cuda
