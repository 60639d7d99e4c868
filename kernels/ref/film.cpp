// Feature-wise linear modulation, element by element, in double.
#include "kernels/film.h"

#include <vector>

#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {
namespace {

// Element [n,0,0,c] of a vector of each sample.
double scale_at(View v, std::int64_t n, std::int64_t c) {
  double value = 0;
  dispatch(v.dtype, [&]<class T>() { value = static_cast<double>(v.as<T>()[n * v.shape.c + c]); });
  return value;
}

}  // namespace

void film(const Exec& e, View x, View gamma, View beta, double slope, View residual, const PadGeom& pad,
          MutView y) {
  const Shape s = x.shape;
  std::vector<double> made(static_cast<std::size_t>(s.count()));
  dispatch(x.dtype, [&]<class T>() {
    for_each_index(s, [&](const Shape& at) {
      const std::int64_t i = offset(s, at);
      const double z =
          scale_at(gamma, at.n, at.c) * static_cast<double>(x.as<T>()[i]) + scale_at(beta, at.n, at.c);
      made[static_cast<std::size_t>(i)] =
          (z > 0 ? z : slope * z) + (residual ? static_cast<double>(residual.as<T>()[i]) : 0);
    });
    std::vector<T> stored(made.begin(), made.end());
    ref::pad(e, pad, View{stored.data(), x.dtype, s, x.device}, y);
  });
}

void film_backward(const Exec&, View x, View gamma, View beta, double slope, View dy, MutView dx,
                   MutView dgamma, MutView dbeta) {
  const Shape s = x.shape;
  std::vector<double> scales(static_cast<std::size_t>(s.n * s.c)), shifts(scales.size());
  dispatch(x.dtype, [&]<class T>() {
    for_each_index(s, [&](const Shape& at) {
      const std::int64_t i = offset(s, at);
      const double value = static_cast<double>(x.as<T>()[i]), scale = scale_at(gamma, at.n, at.c);
      const double z = scale * value + scale_at(beta, at.n, at.c);
      const double dz = static_cast<double>(dy.as<T>()[i]) * (z > 0 ? 1 : slope);
      const auto vector = static_cast<std::size_t>(at.n * s.c + at.c);
      scales[vector] += value * dz;
      shifts[vector] += dz;
      if (dx) dx.as<T>()[i] = static_cast<T>(scale * dz);
    });
  });
  dispatch(dgamma.dtype, [&]<class V>() {
    for (std::size_t i = 0; i < scales.size(); ++i) {
      dgamma.as<V>()[i] = static_cast<V>(scales[i]);
      dbeta.as<V>()[i] = static_cast<V>(shifts[i]);
    }
  });
}

}  // namespace sumi::kernels::ref
