// The matrix product on CUDA: the table of variants.
#include "kernels/gemm.h"

#include <type_traits>

#include "kernels/base/dispatch.h"
#include "kernels/cuda/gemm/variants.h"
#include "kernels/cuda/variant.h"

namespace sumi::kernels::cuda {
namespace {

// Tiles extend beyond the result's end. True if the computed area is at most `waste` times the
// required one, which is about the variant's gain over the previous ones, and if there is enough
// work for it to matter (below, a launch takes longer).
template <int tile_rows, int tile_cols, int waste>
bool pays(const GemmProblem& p) {
  const GemmGeom& g = p.geom;
  const auto whole = [](std::int64_t size, std::int64_t tile) { return (size + tile - 1) / tile * tile; };
  return g.batch * g.m * g.n * g.k >= (1 << 20) &&
         whole(g.m, tile_rows) * whole(g.n, tile_cols) <= waste * g.m * g.n;
}
bool product_fits(const GemmProblem& p) {
  return fits_product(p.geom);
}
// bf16 is exact on tensor cores; f32 is rounded, which must have been requested.
bool mma_fits(const GemmProblem& p) {
  return fits_product(p.geom) && (p.dtype == DType::bf16 || p.multiply != MatmulPrecision::f32);
}

void register_blocked_gemm(const Exec& e, const GemmGeom& g, View a, View b, View bias, MutView y,
                           Write write) {
  dispatch_f32_bf16("gemm", y.dtype, [&]<class T>() {
    (std::is_same_v<T, bf16> ? register_blocked_bf16_gemm : register_blocked_f32_gemm)(e, g, a, b, bias, y,
                                                                                       write);
  });
}

void mma_gemm(const Exec& e, const GemmGeom& g, View a, View b, View bias, MutView y, Write write) {
  if (y.dtype == DType::bf16) return mma_bf16_gemm(e, g, a, b, bias, y, write);
  const bool split = resolved(e.multiply, e.device) == MatmulPrecision::tf32x3;
  (split ? mma_3xtf32_gemm : mma_tf32_gemm)(e, g, a, b, bias, y, write);
}

constexpr Variant<GemmProblem, Gemm> gemm_variants_table[] = {
    {"tiled", "16 x 16 outputs a block share tiles in shared memory, one output a thread: the one to read",
     always, always, tiled_gemm},
    {"register_blocked",
     "64 x 64 outputs a block, 8 x 4 in a thread's registers, next tile on its way by cp.async: 1/20 of "
     "tiled's reads of shared "
     "memory",
     product_fits, pays<64, 64, 4>, register_blocked_gemm},
    {"mma",
     "tensor cores by mma.sync and ldmatrix, 128 x 64 outputs a block, three tiles in flight: 8 (tf32) or 16 "
     "(bf16) times the "
     "multiply-adds",
     mma_fits, pays<128, 64, 32>, mma_gemm},
};

}  // namespace

void gemm(const Exec& e, const GemmGeom& g, View a, View b, View bias, MutView y, Write write) {
  const GemmProblem problem{g, y.dtype, resolved(e.multiply, e.device)};
  const auto& v = choose_variant("gemm", e, gemm_variants_table, problem);
  v.run(e, g, a, b, bias, y, write);
  ran(e, v.name, problem.dtype, problem.multiply);
}

std::vector<VariantInfo> gemm_variants(const GemmGeom& g, DType dtype, MatmulPrecision multiply) {
  return list_variants(gemm_variants_table, {g, dtype, resolved(multiply, {Device::Kind::cuda, 0})});
}

}  // namespace sumi::kernels::cuda
