// Convolution on CUDA: the tables of variants.
#include "kernels/conv.h"

#include "kernels/cuda/conv/variants.h"
#include "kernels/cuda/variant.h"

namespace sumi::kernels::cuda {
namespace {

constexpr Variant<ConvProblem, ConvFprop> fprop_variants[] = {
    {"naive", "one thread an output: the definition", always, always, naive_fprop},
};
constexpr Variant<ConvProblem, ConvDgrad> dgrad_variants[] = {
    {"naive", "one thread an output, phases of the stride apart: no product with an inserted zero", always,
     always, naive_dgrad},
};
constexpr Variant<ConvProblem, ConvWgrad> wgrad_variants[] = {
    {"naive", "one thread a weight and chunk of pixels, chunks added in order", always, always, naive_wgrad},
};

// What a call logs: "cuda naive".
void ran(const Exec& e, const char* variant) {
  if (e.log) e.log->push_back(std::string("cuda ") + variant);
}

ConvProblem problem_of(const Exec& e, const ConvGeom& g, DType dtype) {
  return {g, dtype, resolved(e.multiply, e.device)};
}

}  // namespace

void conv_fprop(const Exec& e, const ConvGeom& g, View x, View w, View bias, MutView y) {
  const auto& v = choose_variant(g.fprop_name(), e, fprop_variants, problem_of(e, g, y.dtype));
  v.run(e, g, x, w, bias, y);
  ran(e, v.name);
}

void conv_dgrad(const Exec& e, const ConvGeom& g, View dy, View w, View bias, MutView dx) {
  const auto& v = choose_variant(g.dgrad_name(), e, dgrad_variants, problem_of(e, g, dx.dtype));
  v.run(e, g, dy, w, bias, dx);
  ran(e, v.name);
}

void conv_wgrad(const Exec& e, const ConvGeom& g, View x, View dy, MutView dw, Write write) {
  const auto& v = choose_variant(g.wgrad_name(), e, wgrad_variants, problem_of(e, g, dw.dtype));
  v.run(e, g, x, dy, dw, write);
  ran(e, v.name);
}

std::vector<VariantInfo> conv_variants(ConvDirection direction, const ConvGeom& g, DType dtype,
                                       Multiply multiply) {
  const ConvProblem problem{g, dtype, resolved(multiply, {Device::Kind::cuda, 0})};
  if (direction == ConvDirection::fprop) return list_variants(fprop_variants, problem);
  if (direction == ConvDirection::dgrad) return list_variants(dgrad_variants, problem);
  return list_variants(wgrad_variants, problem);
}

}  // namespace sumi::kernels::cuda
