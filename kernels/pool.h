// Average and maximum pooling without padding.
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// Windows of size x size, `stride` apart; p = (h - size) / stride + 1, rounded down; q likewise.
struct PoolGeom {
  int size = 2, stride = 2;

  Shape pooled(const Shape& x) const {
    return {x.n, (x.h - size) / stride + 1, (x.w - size) / stride + 1, x.c};
  }
  void check(const char* op, const Shape& x) const {
    if (size < 1 || stride < 1 || size > x.h || size > x.w)
      fail(op, "a window of " + std::to_string(size) + " does not fit " + x.str() + " (NHWC)");
  }
};

// y [pooled(x)] = the mean of each window.
using AvgPool = void(const Exec&, const PoolGeom&, View x, MutView y);
// dx (+)= the adjoint of avg_pool applied to dy.
using AvgPoolGrad = void(const Exec&, const PoolGeom&, View dy, MutView dx, Write);
// y [pooled(x)] = v at the position of the first maximum in each window of x. With v = x this is
// max pooling; with v = the gradient of max_pool_grad's result it is that op's own gradient.
using MaxPoolPick = void(const Exec&, const PoolGeom&, View x, View v, MutView y);
// dx (+)= each dy, added at the position of the first maximum in its window of x (row-major order;
// NaN wins).
using MaxPoolGrad = void(const Exec&, const PoolGeom&, View x, View dy, MutView dx, Write);

namespace ref {
AvgPool avg_pool;
AvgPoolGrad avg_pool_grad;
MaxPoolPick max_pool_pick;
MaxPoolGrad max_pool_grad;
}  // namespace ref
namespace cpu {
AvgPool avg_pool;
AvgPoolGrad avg_pool_grad;
MaxPoolPick max_pool_pick;
MaxPoolGrad max_pool_grad;
}  // namespace cpu
namespace cuda {
AvgPool avg_pool;
AvgPoolGrad avg_pool_grad;
MaxPoolPick max_pool_pick;
MaxPoolGrad max_pool_grad;
}  // namespace cuda

inline void check_pool(const char* kernel, const Exec& e, const PoolGeom& g, View x, View y) {
  check_on_device(kernel, e, {x, y});
  check_same_dtype(kernel, {x, y});
  g.check(kernel, x.shape);
  check_shape(kernel, "y", y.shape, g.pooled(x.shape));
}
inline void avg_pool(const Exec& e, const PoolGeom& g, View x, MutView y) {
  check_pool("avg_pool", e, g, x, y);
  on_device(
      "avg_pool", e, [&] { ref::avg_pool(e, g, x, y); }, [&] { cpu::avg_pool(e, g, x, y); },
      [&] { cuda::avg_pool(e, g, x, y); });
}
inline void avg_pool_grad(const Exec& e, const PoolGeom& g, View dy, MutView dx, Write write) {
  check_pool("avg_pool_grad", e, g, dx, dy);
  on_device(
      "avg_pool_grad", e, [&] { ref::avg_pool_grad(e, g, dy, dx, write); },
      [&] { cpu::avg_pool_grad(e, g, dy, dx, write); }, [&] { cuda::avg_pool_grad(e, g, dy, dx, write); });
}
inline void max_pool_pick(const Exec& e, const PoolGeom& g, View x, View v, MutView y) {
  check_pool("max_pool", e, g, x, y);
  check_pool("max_pool", e, g, v, y);
  on_device(
      "max_pool", e, [&] { ref::max_pool_pick(e, g, x, v, y); }, [&] { cpu::max_pool_pick(e, g, x, v, y); },
      [&] { cuda::max_pool_pick(e, g, x, v, y); });
}
inline void max_pool_grad(const Exec& e, const PoolGeom& g, View x, View dy, MutView dx, Write write) {
  check_pool("max_pool_grad", e, g, x, dy);
  check_pool("max_pool_grad", e, g, dx, dy);
  on_device(
      "max_pool_grad", e, [&] { ref::max_pool_grad(e, g, x, dy, dx, write); },
      [&] { cpu::max_pool_grad(e, g, x, dy, dx, write); },
      [&] { cuda::max_pool_grad(e, g, x, dy, dx, write); });
}

}  // namespace sumi::kernels
