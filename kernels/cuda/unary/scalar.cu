// Functions of one operand, variant 1: one thread per element. Adjacent threads process adjacent
// elements, so a warp reads 128 bytes (f32) or 64 (bf16) with one instruction.
#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/device/unary.cuh"
#include "kernels/cuda/unary/variants.h"

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

}  // namespace sumi::kernels::cuda
