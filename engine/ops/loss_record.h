// Recording of losses whose kernels compute value and gradients in one pass.
#pragma once

#include <utility>
#include <vector>

#include "engine/ops.h"
#include "engine/ops/composed.h"

namespace sumi {

// The gradient of a loss with respect to one input if the loss's own gradient is 1. Absent: the
// input has none.
struct UnitGrad {
  Tensor grad;
  bool negative = false;  // minus `grad`
};

// Records the loss y of `inputs`. The backward pass scales unit_grads[i] by dy, on the device, and
// reads no input. For gradients that are to be differentiated again it uses `compose`, the loss
// written with differentiable ops.
template <class Compose>
Tensor record_loss(const char* name, const std::vector<Tensor>& inputs, const Tensor& y,
                   std::vector<UnitGrad> unit_grads, Compose compose) {
  return record(name, inputs, y,
                [inputs, unit_grads = std::move(unit_grads), compose](const Tensor& dy, Grads& g) {
                  if (Tape::recording()) return grads_through_composition(inputs, dy, g, compose);
                  for (std::size_t i = 0; i < unit_grads.size(); ++i) {
                    const auto& [grad, negative] = unit_grads[i];
                    if (grad && g.wants(static_cast<int>(i)))
                      g.put(static_cast<int>(i), mul(grad, negative ? affine(dy, -1) : dy));
                  }
                });
}

// Allocates a gradient of x's shape if the loss of `inputs` will be recorded; otherwise returns an
// absent tensor: the gradient is not computed.
inline Tensor room_for_grad(const std::vector<Tensor>& inputs, const Tensor& x) {
  return would_record(inputs) ? Tensor::empty_like(x) : Tensor();
}
inline Tensor room_for_loss(const Tensor& x) {
  return Tensor::empty(Shape::scalar(), x.dtype(), x.device());
}

}  // namespace sumi
