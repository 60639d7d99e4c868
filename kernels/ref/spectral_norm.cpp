// Power iteration by its formulas.
#include "kernels/spectral_norm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {
namespace {

// y = x / max(|x|, eps)
template <class T>
void normalize(const std::vector<double>& x, double eps, T* y) {
  double squares = 0;
  for (const double value : x) squares += value * value;
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = static_cast<T>(x[i] / std::max(std::sqrt(squares), eps));
}

}  // namespace

void spectral_norm(const Exec&, View w, bool update, double eps, MutView u, MutView v, MutView sigma) {
  const auto rows = static_cast<std::size_t>(u.count()), columns = static_cast<std::size_t>(v.count());
  dispatch(w.dtype, [&]<class T>() {
    const T* ws = w.as<T>();
    T *us = u.as<T>(), *vs = v.as<T>();
    if (update) {
      std::vector<double> x(columns, 0.0);
      for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < columns; ++c)
          x[c] += static_cast<double>(ws[r * columns + c]) * static_cast<double>(us[r]);
      normalize(x, eps, vs);
    }
    std::vector<double> x(rows, 0.0);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c)
        x[r] += static_cast<double>(ws[r * columns + c]) * static_cast<double>(vs[c]);
    if (update) normalize(x, eps, us);
    double sum = 0;
    for (std::size_t r = 0; r < rows; ++r) sum += static_cast<double>(us[r]) * x[r];
    *sigma.as<T>() = static_cast<T>(sum);
  });
}

}  // namespace sumi::kernels::ref
