// Functions of one operand and their gradients: the tables of variants (LeakyReLU is one of the
// functions).
#include "kernels/activation.h"

#include "kernels/cuda/unary/variants.h"
#include "kernels/cuda/variant.h"

namespace sumi::kernels::cuda {
namespace {

bool is_aligned(const UnaryProblem& p) {
  return p.aligned;
}

constexpr auto kScalar = "one thread an element at a time";
constexpr auto kVectorized =
    "16 bytes a thread and instruction: 4 (f32) or 8 (bf16) times the bytes in flight, and fewer "
    "instructions";

constexpr Variant<UnaryProblem, UnaryForward> forward_variants[] = {
    {"scalar", kScalar, always, always, scalar_unary},
    {"vectorized", kVectorized, is_aligned, always, vectorized_unary},
};
constexpr Variant<UnaryProblem, UnaryGrad> grad_variants[] = {
    {"scalar", kScalar, always, always, scalar_unary_grad},
    {"vectorized", kVectorized, is_aligned, always, vectorized_unary_grad},
};

}  // namespace

void unary(const Exec& e, Unary f, double alpha, View x, MutView y) {
  const UnaryProblem problem{x.count(), x.dtype, are_aligned({x, y})};
  choose_variant(name_of(f), e, forward_variants, problem).run(e, f, alpha, x, y);
}

void unary_grad(const Exec& e, Unary f, double alpha, View x, View y, View dy, MutView dx, Write write) {
  const UnaryProblem problem{x.count(), x.dtype, are_aligned({x, y, dy, dx})};
  choose_variant(name_of(f), e, grad_variants, problem).run(e, f, alpha, x, y, dy, dx, write);
}

std::vector<VariantInfo> unary_variants(std::int64_t count, DType dtype) {
  return list_variants(forward_variants, {count, dtype, true});
}
std::vector<VariantInfo> unary_grad_variants(std::int64_t count, DType dtype) {
  return list_variants(grad_variants, {count, dtype, true});
}

}  // namespace sumi::kernels::cuda
