// Feature-wise linear modulation (FiLM, Perez 2018): a scale and a shift for each sample and
// channel, then a leaky ReLU, a residual, and the border that the next convolution reads, in one
// pass.
//   z = gamma x + beta      y = pad((z > 0 ? z : slope z) + residual)
// x [n,h,w,c]; gamma and beta [n,1,1,c], f32 where x is bf16. slope 1: no activation; 0: ReLU.
#pragma once

#include "kernels/pad.h"

namespace sumi::kernels {

// residual: absent or x's shape. y [pad.padded(x)]; without a border y may be x (in place).
using Film = void(const Exec&, View x, View gamma, View beta, double slope, View residual, const PadGeom&,
                  MutView y);
// Given dy [x's shape], the gradient before the residual, with dz = dy where z > 0 and slope dy
// elsewhere:
//   dx = gamma dz (absent: not wanted)   dgamma = the sum over h and w of x dz   dbeta = that of dz
// dx may be dy.
using FilmBackward = void(const Exec&, View x, View gamma, View beta, double slope, View dy, MutView dx,
                          MutView dgamma, MutView dbeta);

namespace ref {
Film film;
FilmBackward film_backward;
}  // namespace ref
namespace cpu {
Film film;
FilmBackward film_backward;
}  // namespace cpu
namespace cuda {
Film film;
FilmBackward film_backward;
}  // namespace cuda

// The dtype of gamma and beta beside an x of dtype t.
constexpr DType film_vector_dtype(DType t) {
  return t == DType::bf16 ? DType::f32 : t;
}

inline void check_film(const char* kernel, const Exec& e, View x, View gamma, View beta, View other) {
  check_on_device(kernel, e, {x, gamma, beta, other});
  check_same_dtype(kernel, {x, other});
  const DType wide = film_vector_dtype(x.dtype);
  for (const View& v : {gamma, beta}) {
    check_shape(kernel, "a scale or shift", v.shape, Shape{x.shape.n, 1, 1, x.shape.c});
    if (v.dtype != wide)
      fail(kernel, std::string("scales and shifts are ") + name_of(v.dtype) + ", but " + name_of(wide) +
                       " was expected beside an x of " + name_of(x.dtype));
  }
  if (other) check_shape(kernel, "an operand", other.shape, x.shape);
}
inline void film(const Exec& e, View x, View gamma, View beta, double slope, View residual,
                 const PadGeom& pad, MutView y) {
  check_film("film", e, x, gamma, beta, residual);
  check_on_device("film", e, {y});
  check_same_dtype("film", {x, y});
  pad.check("film", x.shape);
  check_shape("film", "y", y.shape, pad.padded(x.shape));
  on_device(
      "film", e, [&] { ref::film(e, x, gamma, beta, slope, residual, pad, y); },
      [&] { cpu::film(e, x, gamma, beta, slope, residual, pad, y); },
      [&] { cuda::film(e, x, gamma, beta, slope, residual, pad, y); });
}
inline void film_backward(const Exec& e, View x, View gamma, View beta, double slope, View dy, MutView dx,
                          MutView dgamma, MutView dbeta) {
  check_film("film_backward", e, x, gamma, beta, dy);
  check_film("film_backward", e, x, dgamma, dbeta, dx);
  on_device(
      "film_backward", e, [&] { ref::film_backward(e, x, gamma, beta, slope, dy, dx, dgamma, dbeta); },
      [&] { cpu::film_backward(e, x, gamma, beta, slope, dy, dx, dgamma, dbeta); },
      [&] { cuda::film_backward(e, x, gamma, beta, slope, dy, dx, dgamma, dbeta); });
}

}  // namespace sumi::kernels
