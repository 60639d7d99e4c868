// Matrix products on tensor cores: f32 operands rounded to tf32. See mma.cuh.
#include "kernels/cuda/gemm/mma.cuh"

namespace sumi::kernels::cuda {

void mma_tf32_gemm(const Exec& e, const GemmGeom& g, View a, View b, View bias, MutView y, Write write) {
  run_mma_gemm<float, MatmulPrecision::tf32>(e, g, a, b, bias, y, write);
}

}  // namespace sumi::kernels::cuda
