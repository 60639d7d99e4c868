// y = pad(act(gamma (x - mean) / sqrt(var + eps) + beta) + residual): one thread per element of y.
// Adjacent threads have adjacent channels, so that x and y are accessed contiguously and the
// statistics come from cache. A border element is recomputed from the one that it mirrors.
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/device/unary.cuh"
#include "kernels/cuda/norm.cuh"
#include "kernels/cuda/pad.cuh"

namespace sumi::kernels::cuda {

// The source of an element of y: index in x, or -1 for a zero border.
struct PadSource {
  PadGeom pad;
  Shape x, y;
  bool any;

  __device__ std::int64_t operator()(std::int64_t i) const { return any ? padded_from(pad, x, y, i) : i; }
};

// residual may be null; y may be x if there is no border.
template <class T>
__global__ void norm_apply_elements(Affine affine, Unary act, float alpha, PadSource source,
                                    std::int64_t count, const T* x, const T* residual, T* y) {
  const NormLayout& l = affine.layout;
  for_each_element(count, [&](std::int64_t k) {
    const std::int64_t i = source(k);
    if (i < 0) {
      y[k] = T(0.0F);
      return;
    }
    const ChannelMap map = affine.at(i / l.c / l.rows, i % l.c);
    const float value = unary_value(act, alpha, map.z(map.x_hat(static_cast<float>(x[i]))));
    y[k] = T(residual ? value + static_cast<float>(residual[i]) : value);
  });
}

void norm_apply(const Exec& e, const NormGeom& g, View x, View mean, View var, View gamma, View beta,
                Unary act, double alpha, View residual, const PadGeom& pad, MutView y) {
  dispatch_f32_bf16("norm_apply", x.dtype, [&]<class T>() {
    launch(e, "norm_apply_elements", norm_apply_elements<T>, {element_grid(y.count()), kElementBlock},
           Affine(NormLayout(g), mean, var, gamma, beta), act, static_cast<float>(alpha),
           PadSource{pad, x.shape, y.shape, pad.any()}, y.count(), x.as<T>(),
           residual ? residual.as<T>() : nullptr, y.as<T>());
  });
}

}  // namespace sumi::kernels::cuda
