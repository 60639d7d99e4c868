// y = act(gamma (x - mean) / sqrt(var + eps) + beta) + residual: one thread an element at a time. Neighbouring
// threads have neighbouring channels, so that x and y are read and written in whole runs and the statistics come from
// cache.
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/device/unary.cuh"
#include "kernels/cuda/norm.cuh"

namespace sumi::kernels::cuda {

// residual may be null; y may be x.
template <class T>
__global__ void norm_apply_elements(Affine<T> affine, Unary act, float alpha, const T* x, const T* residual,
                                    T* y) {
  const NormLayout& l = affine.layout;
  for_each_element(l.outer * l.rows * l.c, [&](std::int64_t i) {
    const ChannelMap map = affine.at(i / l.c / l.rows, i % l.c);
    const float value = unary_value(act, alpha, map.z(map.x_hat(static_cast<float>(x[i]))));
    y[i] = T(residual ? value + static_cast<float>(residual[i]) : value);
  });
}

void norm_apply(const Exec& e, const NormGeom& g, View x, View mean, View var, View gamma, View beta,
                Unary act, double alpha, View residual, MutView y) {
  dispatch_f32_bf16("norm_apply", x.dtype, [&]<class T>() {
    launch(e, "norm_apply_elements", norm_apply_elements<T>, {element_grid(x.count()), kElementBlock},
           Affine<T>(NormLayout(g), mean, var, gamma, beta), act, static_cast<float>(alpha), x.as<T>(),
           residual ? residual.as<T>() : nullptr, y.as<T>());
  });
}

}  // namespace sumi::kernels::cuda
