// Matrix products on tensor cores: bf16 operands. See mma.cuh.
#include "kernels/cuda/gemm/mma.cuh"

namespace sumi::kernels::cuda {

void mma_bf16_gemm(const Exec& e, const GemmGeom& g, View a, View b, View bias, MutView y, Write write) {
  run_mma_gemm<bf16, MatmulPrecision::tf32>(e, g, a, b, bias, y, write);
}

}  // namespace sumi::kernels::cuda
