// Exchange of an image with a history of images.
#include "kernels/replay_buffer.h"

#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"

namespace sumi {

Tensor pool_exchange(const Tensor& x, const Tensor& history, const ReplayBufferOp& move,
                     const ReplayBufferOp* deferred, const Shape& y_shape) {
  Op op("pool_exchange", {x});
  const Tensor y = Tensor::empty(y_shape, x.dtype(), x.device());
  kernels::pool_exchange(exec_on(x.device()), move, deferred, x.view(), history.mutable_view(),
                         y.mutable_view());
  op.done(y);
  return y;
}

}  // namespace sumi
