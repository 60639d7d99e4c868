// Feature-wise linear modulation. Forward: a thread computes one element of y at a time; an element
// of a mirrored border is computed again from its source. Backward: a thread computes one element
// of dx at a time; the two parameter gradients are sums over the rows of each sample (sums.cuh),
// whose order depends on the sizes alone. dz is computed three times from x and dy, and never
// stored.
#include "kernels/film.h"

#include "kernels/base/dispatch.h"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/pad.cuh"
#include "kernels/cuda/sums.cuh"

namespace sumi::kernels::cuda {

// residual may be null.
template <class T>
__global__ void film_elements(std::int64_t count, PadGeom pad, bool any, Shape s, Shape t, const float* gamma,
                              const float* beta, float slope, const T* x, const T* residual, T* y) {
  for_each_element(count, [&](std::int64_t k) {
    const std::int64_t i = any ? padded_from(pad, s, t, k) : k;
    if (i < 0) {
      y[k] = T(0.0F);
      return;
    }
    const std::int64_t vector = i / (s.h * s.w * s.c) * s.c + i % s.c;
    const float z = gamma[vector] * static_cast<float>(x[i]) + beta[vector], value = z > 0 ? z : slope * z;
    y[k] = T(residual ? value + static_cast<float>(residual[i]) : value);
  });
}

// dz of element i; by_x: times x, the term of dgamma.
template <class T>
struct FilmTerm {
  const float *gamma, *beta;
  float slope;
  std::int64_t plane, c;  // elements of a sample (h w c); channels
  const T *x, *dy;
  bool by_x;

  __device__ float gamma_of(std::int64_t i) const { return gamma[i / plane * c + i % c]; }
  __device__ float operator()(std::int64_t i) const {
    const auto value = static_cast<float>(x[i]), grad = static_cast<float>(dy[i]);
    const float dz = gamma_of(i) * value + beta[i / plane * c + i % c] > 0 ? grad : slope * grad;
    return by_x ? value * dz : dz;
  }
};

template <class T>
__global__ void film_input_grad(std::int64_t count, FilmTerm<T> term, T* dx) {
  for_each_element(count, [&](std::int64_t i) { dx[i] = T(term.gamma_of(i) * term(i)); });
}

void film(const Exec& e, View x, View gamma, View beta, double slope, View residual, const PadGeom& pad,
          MutView y) {
  dispatch_f32_bf16("film", x.dtype, [&]<class T>() {
    launch(e, "film_elements", film_elements<T>, {element_grid(y.count()), kElementBlock}, y.count(), pad,
           pad.any(), x.shape, y.shape, gamma.as<float>(), beta.as<float>(), static_cast<float>(slope),
           x.as<T>(), residual ? residual.as<T>() : nullptr, y.as<T>());
  });
}

void film_backward(const Exec& e, View x, View gamma, View beta, double slope, View dy, MutView dx,
                   MutView dgamma, MutView dbeta) {
  const Shape& s = x.shape;
  const RowChunks chunks(s.n, s.h * s.w, s.c);
  dispatch_f32_bf16("film_backward", x.dtype, [&]<class T>() {
    FilmTerm<T> term{gamma.as<float>(),
                     beta.as<float>(),
                     static_cast<float>(slope),
                     s.h * s.w * s.c,
                     s.c,
                     x.as<T>(),
                     dy.as<T>(),
                     true};
    sum_rows(e, chunks, term, 1, dgamma.as<float>(), false);
    term.by_x = false;
    sum_rows(e, chunks, term, 1, dbeta.as<float>(), false);
    if (dx)
      launch(e, "film_input_grad", film_input_grad<T>, {element_grid(x.count()), kElementBlock}, x.count(),
             term, dx.as<T>());
  });
}

}  // namespace sumi::kernels::cuda
