// Feature-wise linear modulation: one fused op, and its composition for second derivatives.
#include "kernels/film.h"

#include "engine/export/op_graph.h"
#include "engine/ops.h"
#include "engine/ops/composed.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"

namespace sumi {
namespace {

Tensor film_composition(const Tensor& x, const Tensor& gamma, const Tensor& beta, const Tensor& residual,
                        const FilmOptions& o) {
  const Tensor z = add(mul(cast(x, gamma.dtype()), gamma), beta);
  Tensor y = cast(o.slope == 1 ? z : leaky_relu(z, o.slope), x.dtype());
  if (residual) y = add(y, residual);
  return o.next_pad.any() ? pad2d(y, o.next_pad) : y;
}

// dx; those of gamma and beta go to the inputs 1 and 2.
Tensor film_grads(const Tensor& x, const Tensor& gamma, const Tensor& beta, double slope, const Tensor& dy,
                  Grads& grads) {
  Op op("film_grad", {x, dy});
  const Tensor dx = grads.wants(0) ? Tensor::empty_like(x) : Tensor();
  const Tensor dgamma = Tensor::empty_like(gamma), dbeta = Tensor::empty_like(beta);
  kernels::film_backward(exec_on(x.device()), x.view(), gamma.view(), beta.view(), slope, dy.view(),
                         dx.mutable_view(), dgamma.mutable_view(), dbeta.mutable_view());
  op.done(dx);
  grads.put(1, dgamma);
  grads.put(2, dbeta);
  return dx;
}

}  // namespace

Tensor film(const Tensor& x, const Tensor& gamma, const Tensor& beta, const FilmOptions& o,
            const Tensor& residual) {
  Op op("film", {x});
  op.reads({x, gamma, beta, residual});
  o.next_pad.check("film", x.shape());
  const Tensor y = Tensor::empty(o.next_pad.padded(x.shape()), x.dtype(), x.device());
  kernels::film(exec_on(x.device()), x.view(), gamma.view(), beta.view(), o.slope, residual.view(),
                o.next_pad, y.mutable_view());
  op.done(y);
  if (GraphRecorder* const graph = GraphRecorder::current())
    graph->add_composition(
        {x, gamma, beta, residual}, [&] { return film_composition(x, gamma, beta, residual, o); }, y);
  return record(
      "film", {x, gamma, beta, residual}, y, [x, gamma, beta, residual, o](const Tensor& given, Grads& g) {
        if (Tape::recording())
          return grads_through_composition({x, gamma, beta, residual}, given, g,
                                           [&] { return film_composition(x, gamma, beta, residual, o); });
        const Tensor dy = o.next_pad.any() ? pad2d_grad(given, o.next_pad, x.shape()) : given;
        const Tensor dx = film_grads(x, gamma, beta, o.slope, dy, g);
        if (dx) g.put(0, dx);
        if (residual && g.wants(3)) g.put(3, dy);
      });
}

}  // namespace sumi
