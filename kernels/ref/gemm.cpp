// The matrix product by its definition.
#include "kernels/gemm.h"

#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {

void gemm(const Exec&, const GemmGeom& g, View a, View b, View bias, MutView y, Write write) {
  dispatch(a.dtype, [&]<class T>() {
    const T *as = a.as<T>(), *bs = b.as<T>(), *biases = bias ? bias.as<T>() : nullptr;
    T* ys = y.as<T>();
    // Element (row, i) of op(a) and (i, col) of op(b).
    const std::int64_t a_row = g.trans_a ? 1 : g.k, a_i = g.trans_a ? g.m : 1;
    const std::int64_t b_col = g.trans_b ? g.k : 1, b_i = g.trans_b ? 1 : g.n;
    for (std::int64_t batch = 0; batch < g.batch; ++batch) {
      const T* a_mat = as + (g.a_batch == 1 ? 0 : batch) * g.m * g.k;
      const T* b_mat = bs + (g.b_batch == 1 ? 0 : batch) * g.k * g.n;
      for (std::int64_t row = 0; row < g.m; ++row)
        for (std::int64_t col = 0; col < g.n; ++col) {
          double sum = biases ? static_cast<double>(biases[col]) : 0.0;
          for (std::int64_t i = 0; i < g.k; ++i)
            sum += static_cast<double>(a_mat[row * a_row + i * a_i]) *
                   static_cast<double>(b_mat[i * b_i + col * b_col]);
          store(ys[(batch * g.m + row) * g.n + col], sum, write);
        }
    }
  });
}

}  // namespace sumi::kernels::ref
