// Functions of one operand and their gradients: one thread an element at a time.
#include "kernels/activation.h"

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/device/unary.cuh"
#include "kernels/cuda/variant.h"

namespace sumi::kernels::cuda {

template <class T>
__global__ void unary_elements(Unary f, float alpha, std::int64_t count, const T* x, T* y) {
  for_each_element(count, [=](std::int64_t i) { y[i] = T(unary_value(f, alpha, static_cast<float>(x[i]))); });
}

template <class T>
__global__ void unary_grad_elements(Unary f, float alpha, std::int64_t count, const T* x, const T* y,
                                    const T* dy, T* dx, bool add) {
  for_each_element(count, [=](std::int64_t i) {
    const float slope = unary_slope(f, alpha, static_cast<float>(x[i]), static_cast<float>(y[i]));
    store(dx[i], slope * static_cast<float>(dy[i]), add);
  });
}

void scalar_unary(const Exec& e, Unary f, double alpha, View x, MutView y) {
  dispatch_f32_bf16(name_of(f), x.dtype, [&]<class T>() {
    launch(e, name_of(f), unary_elements<T>, {element_grid(x.count()), kElementBlock}, f,
           static_cast<float>(alpha), x.count(), x.as<T>(), y.as<T>());
  });
}

void scalar_unary_grad(const Exec& e, Unary f, double alpha, View x, View y, View dy, MutView dx,
                       Write write) {
  dispatch_f32_bf16(name_of(f), x.dtype, [&]<class T>() {
    launch(e, name_of(f), unary_grad_elements<T>, {element_grid(x.count()), kElementBlock}, f,
           static_cast<float>(alpha), x.count(), x.as<T>(), y.as<T>(), dy.as<T>(), dx.as<T>(),
           write == Write::accumulate);
  });
}

namespace {

constexpr Variant<UnaryProblem, UnaryForward> variants[] = {
    {"scalar", "one thread an element", always, always, scalar_unary},
};
constexpr Variant<UnaryProblem, UnaryGrad> grad_variants[] = {
    {"scalar", "one thread an element", always, always, scalar_unary_grad},
};

}  // namespace

void unary(const Exec& e, Unary f, double alpha, View x, MutView y) {
  const UnaryProblem problem{x.count(), x.dtype, is_aligned({x, y})};
  choose_variant(name_of(f), e, variants, problem).run(e, f, alpha, x, y);
}

void unary_grad(const Exec& e, Unary f, double alpha, View x, View y, View dy, MutView dx, Write write) {
  const UnaryProblem problem{x.count(), x.dtype, is_aligned({x, y, dy, dx})};
  choose_variant(name_of(f), e, grad_variants, problem).run(e, f, alpha, x, y, dy, dx, write);
}

std::vector<VariantInfo> unary_variants(std::int64_t count, DType dtype) {
  return list_variants(variants, {count, dtype, true});
}
std::vector<VariantInfo> unary_grad_variants(std::int64_t count, DType dtype) {
  return list_variants(grad_variants, {count, dtype, true});
}

}  // namespace sumi::kernels::cuda
