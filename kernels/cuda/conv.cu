// Convolution on CUDA: which implementation runs.
#include "kernels/conv.h"

#include "kernels/cuda/conv/variants.h"

namespace sumi::kernels::cuda {
namespace {

// One rung of a ladder: what it is called in the log, where it may run, and the function.
template <class Run>
struct Variant {
  const char* name;
  bool (*fits)(const ConvGeom&, DType);
  Run* run;
};

bool always(const ConvGeom&, DType) {
  return true;
}

// Best first; the last fits everything. The choice is a rule on shape and dtype and never a measurement, so
// the same call gives the same bits every time.
constexpr Variant<ConvFprop> fprop_variants[] = {{"cuda naive", always, naive_fprop}};
constexpr Variant<ConvDgrad> dgrad_variants[] = {{"cuda phases", always, phases_dgrad}};
constexpr Variant<ConvWgrad> wgrad_variants[] = {{"cuda naive", always, naive_wgrad}};

template <class Run, std::size_t count, class... A>
void run_best(const Variant<Run> (&variants)[count], const Exec& e, const ConvGeom& g, DType dtype,
              const A&... operands) {
  const Variant<Run>* v = variants;
  while (!v->fits(g, dtype)) ++v;
  v->run(e, g, operands...);
  e.ran(v->name);
}

}  // namespace

void conv_fprop(const Exec& e, const ConvGeom& g, View x, View w, View bias, MutView y) {
  run_best(fprop_variants, e, g, y.dtype, x, w, bias, y);
}

void conv_dgrad(const Exec& e, const ConvGeom& g, View dy, View w, View bias, MutView dx) {
  run_best(dgrad_variants, e, g, dx.dtype, dy, w, bias, dx);
}

void conv_wgrad(const Exec& e, const ConvGeom& g, View x, View dy, MutView dw, Write write) {
  run_best(wgrad_variants, e, g, dw.dtype, x, dy, dw, write);
}

}  // namespace sumi::kernels::cuda
