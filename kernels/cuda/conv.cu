// Convolution on CUDA: the tables of variants.
#include "kernels/conv.h"

#include <utility>

#include "kernels/cuda/conv/variants.h"
#include "kernels/cuda/variant.h"

namespace sumi::kernels::cuda {
namespace {

// ---- the selection rule ----

// The product that a direction corresponds to (conv/product.cuh), of the largest part.
template <ConvDirection direction>
std::pair<std::int64_t, std::int64_t> product_size(const ConvGeom& g) {
  const std::int64_t group_c = g.c / g.o.groups, group_k = g.k / g.o.groups, u = g.o.stride;
  if (direction == ConvDirection::fprop) return {g.n * g.p * g.q, group_k};
  if (direction == ConvDirection::wgrad) return {group_k, g.r * g.s * group_c};
  return {g.n * ((g.h + u - 1) / u) * ((g.w + u - 1) / u), group_c};
}

// Tiles extend beyond a product's end. True if the computed area is at most `waste` times the
// required one, which is about the variant's gain over the previous ones, and if there is enough
// work for it to matter (below, a launch takes longer).
template <ConvDirection direction, int tile_rows, int tile_cols, int waste>
bool pays(const ConvProblem& p) {
  const auto [rows, cols] = product_size<direction>(p.geom);
  const auto whole = [](std::int64_t size, std::int64_t tile) { return (size + tile - 1) / tile * tile; };
  return p.geom.macs() >= (1 << 20) && whole(rows, tile_rows) * whole(cols, tile_cols) <= waste * rows * cols;
}

// ---- the tables ----

bool product_fits(const ConvProblem& p) {
  return fits_product(p.geom);
}
// bf16 is exact on tensor cores; f32 is rounded, which must have been requested.
bool mma_fits(const ConvProblem& p) {
  return fits_product(p.geom) && (p.dtype == DType::bf16 || p.multiply != MatmulPrecision::f32);
}

constexpr auto kTiled =
    "16 x 16 outputs share tiles in shared memory: 1/16 of the reads of naive from device memory and L2";
constexpr auto kImplicitGemm =
    "64 x 64 outputs a block, 8 x 4 in a thread's registers, next tile on its way by cp.async: 1/20 of "
    "tiled's reads of "
    "shared memory";
constexpr auto kMma =
    "tensor cores by mma.sync and ldmatrix, 128 x 64 outputs a block, three tiles in flight: 8 (tf32) or 16 "
    "(bf16) times the "
    "multiply-adds";

constexpr Variant<ConvProblem, ConvFprop> fprop_variants[] = {
    {"naive", "one thread an output: the definition", always, always, naive_fprop},
    {"tiled", kTiled, product_fits, pays<ConvDirection::fprop, 16, 16, 2>, tiled_fprop},
    {"implicit_gemm", kImplicitGemm, product_fits, pays<ConvDirection::fprop, 64, 64, 4>,
     implicit_gemm_fprop},
    {"mma", kMma, mma_fits, pays<ConvDirection::fprop, 128, 64, 32>, mma_fprop},
};
constexpr Variant<ConvProblem, ConvDgrad> dgrad_variants[] = {
    {"naive", "one thread an output, phases of the stride apart: no product with an inserted zero", always,
     always, naive_dgrad},
    {"tiled", kTiled, product_fits, pays<ConvDirection::dgrad, 16, 16, 2>, tiled_dgrad},
    {"implicit_gemm", kImplicitGemm, product_fits, pays<ConvDirection::dgrad, 64, 64, 4>,
     implicit_gemm_dgrad},
    {"mma", kMma, mma_fits, pays<ConvDirection::dgrad, 128, 64, 32>, mma_dgrad},
};
constexpr Variant<ConvProblem, ConvWgrad> wgrad_variants[] = {
    {"naive", "one thread a weight and chunk of pixels, chunks added in order", always, always, naive_wgrad},
    {"tiled", kTiled, product_fits, pays<ConvDirection::wgrad, 16, 16, 2>, tiled_wgrad},
    {"implicit_gemm", kImplicitGemm, product_fits, pays<ConvDirection::wgrad, 64, 64, 4>,
     implicit_gemm_wgrad},
    {"mma", kMma, mma_fits, pays<ConvDirection::wgrad, 64, 128, 32>, mma_wgrad},
};

ConvProblem problem_of(const Exec& e, const ConvGeom& g, DType dtype) {
  return {g, dtype, resolved(e.multiply, e.device)};
}

}  // namespace

void conv_fprop(const Exec& e, const ConvGeom& g, View x, View w, View bias, MutView y) {
  const ConvProblem problem = problem_of(e, g, y.dtype);
  const auto& v = choose_variant(g.fprop_name(), e, fprop_variants, problem);
  v.run(e, g, x, w, bias, y);
  ran(e, v.name, problem.dtype, problem.multiply);
}

void conv_dgrad(const Exec& e, const ConvGeom& g, View dy, View w, View bias, MutView dx) {
  const ConvProblem problem = problem_of(e, g, dx.dtype);
  const auto& v = choose_variant(g.dgrad_name(), e, dgrad_variants, problem);
  v.run(e, g, dy, w, bias, dx);
  ran(e, v.name, problem.dtype, problem.multiply);
}

void conv_wgrad(const Exec& e, const ConvGeom& g, View x, View dy, MutView dw, Write write) {
  const ConvProblem problem = problem_of(e, g, x.dtype);
  const auto& v = choose_variant(g.wgrad_name(), e, wgrad_variants, problem);
  v.run(e, g, x, dy, dw, write);
  ran(e, v.name, problem.dtype, problem.multiply);
}

std::vector<VariantInfo> conv_variants(ConvDirection direction, const ConvGeom& g, DType dtype,
                                       MatmulPrecision multiply) {
  const ConvProblem problem{g, dtype, resolved(multiply, {Device::Kind::cuda, 0})};
  if (direction == ConvDirection::fprop) return list_variants(fprop_variants, problem);
  if (direction == ConvDirection::dgrad) return list_variants(dgrad_variants, problem);
  return list_variants(wgrad_variants, problem);
}

}  // namespace sumi::kernels::cuda
