// The exchange of a picture with a history of pictures.
#include "kernels/image_pool.h"

#include "engine/device.h"
#include "engine/ops.h"
#include "engine/trace.h"

namespace sumi {

Tensor pool_exchange(const Tensor& x, const Tensor& history, const PoolMove& move, const PoolMove* late,
                     const Shape& y_shape) {
  Op op("pool_exchange", {x});
  const Tensor y = Tensor::empty(y_shape, x.dtype(), x.device());
  kernels::pool_exchange(exec_on(x.device()), move, late, x.view(), history.mut(), y.mut());
  op.done(y);
  return y;
}

}  // namespace sumi
