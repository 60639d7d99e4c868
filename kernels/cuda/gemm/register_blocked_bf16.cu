// Matrix products by register tiles: bf16 operands. See register_blocked.cuh.
#include "kernels/cuda/gemm/register_blocked.cuh"

namespace sumi::kernels::cuda {

void register_blocked_bf16_gemm(const Exec& e, const GemmGeom& g, View a, View b, View bias, MutView y,
                                Write write) {
  run_register_blocked_gemm<bf16>(e, g, a, b, bias, y, write);
}

}  // namespace sumi::kernels::cuda
