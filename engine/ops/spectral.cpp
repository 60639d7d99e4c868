// Spectral normalization of a weight. u and v are constants, so sigma = u^T W v is linear in the
// weight and its gradient is their outer product.
#include <fmt/format.h>

#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"
#include "kernels/spectral_norm.h"

namespace sumi {
namespace {

Tensor spectral_sigma(const Tensor& w, const Tensor& u, const Tensor& v, bool update) {
  Op op("spectral_norm", {w});
  const Tensor sigma = Tensor::empty(Shape::scalar(), w.dtype(), w.device());
  kernels::spectral_norm(exec_on(w.device()), w.view(), update, 1e-12, u.mutable_view(), v.mutable_view(),
                         sigma.mutable_view());
  op.done(sigma);
  if (!would_record({w})) return sigma;
  // The next call updates u and v; this call's gradient needs their current values.
  const Tensor column = u.clone().view_as(Shape::matrix(u.count(), 1));
  const Tensor row = v.clone().view_as(Shape::matrix(1, v.count()));
  return record(op.name(), {w}, sigma, [shape = w.shape(), column, row](const Tensor& dy, Grads& g) {
    g.put(0, reshape(matmul(mul(column, dy), row), shape));
  });
}

}  // namespace

Tensor spectral_normalize(const Tensor& w, const Tensor& u, const Tensor& v, bool update) {
  return div(w, spectral_sigma(w, u, v, update));
}

}  // namespace sumi
