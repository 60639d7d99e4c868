// Elementwise functions of one operand.
#include "kernels/activation.h"

#include "kernels/ref/loops.h"
#include "kernels/ref/scalar.h"

namespace sumi::kernels::ref {

void unary(const Exec&, Unary f, double alpha, View x, MutView y) {
  dispatch(x.dtype, [&]<class T>() {
    const T* xs = x.as<T>();
    T* ys = y.as<T>();
    for (std::int64_t i = 0; i < x.count(); ++i)
      ys[i] = static_cast<T>(unary_value(f, alpha, static_cast<double>(xs[i])));
  });
}

void unary_grad(const Exec&, Unary f, double alpha, View x, View y, View dy, MutView dx, Write write) {
  dispatch(x.dtype, [&]<class T>() {
    const T *xs = x.as<T>(), *ys = y.as<T>(), *dys = dy.as<T>();
    T* dxs = dx.as<T>();
    for (std::int64_t i = 0; i < x.count(); ++i) {
      const double slope = unary_slope(f, alpha, static_cast<double>(xs[i]), static_cast<double>(ys[i]));
      store(dxs[i], slope * static_cast<double>(dys[i]), write);
    }
  });
}

}  // namespace sumi::kernels::ref
