// Image losses that combine adjacent elements or channels, with their gradients in the same pass.
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// Total variation as in AnimeGANv2, of squared differences of adjacent pixels (which smooths edges
// more than absolute differences would). With dh = x[i + 1, j] - x[i, j], of which there are n (h -
// 1) w c, and dw likewise,
//   y[1] = mean of dh^2 / 2 + mean of dw^2 / 2        (a side of 1 adds 0)
//   dx   = the derivative of y[1] with respect to x [n,h,w,c]; absent if not requested
using TotalVariation = void(const Exec&, View x, MutView y, MutView dx);

// AnimeGANv2's color loss. x and target [n,h,w,3], sRGB in [-1, 1], compared as YUV
// (kernels/color.h):
//   y[1] = mean over the pixels of l1(Y) + huber(U) + huber(V)     (kernels/loss.h), with delta > 0
//   dx   = the derivative of y[1] with respect to x, the negative of that with respect to target;
//          absent if not requested
using ColorLoss = void(const Exec&, double delta, View x, View target, MutView y, MutView dx);

namespace ref {
TotalVariation total_variation;
ColorLoss color_loss;
}  // namespace ref
namespace cpu {
TotalVariation total_variation;
ColorLoss color_loss;
}  // namespace cpu
namespace cuda {
TotalVariation total_variation;
ColorLoss color_loss;
}  // namespace cuda

// The factors of the sums of squares in total_variation: of dh^2 and of dw^2 for an image of shape
// x.
struct VariationShares {
  double h, w;
  explicit VariationShares(const Shape& x)
      : h(x.h > 1 ? 0.5 / static_cast<double>(x.n * (x.h - 1) * x.w * x.c) : 0),
        w(x.w > 1 ? 0.5 / static_cast<double>(x.n * x.h * (x.w - 1) * x.c) : 0) {}
};

inline void check_image_loss(const char* kernel, const Exec& e, View x, View target, View y, View dx) {
  check_on_device(kernel, e, {x, target, y, dx});
  check_same_dtype(kernel, {x, target, y, dx});
  if (x.count() == 0) fail(kernel, x.shape.str() + " has no element");
  check_shape(kernel, "y", y.shape, Shape::scalar());
  if (dx) check_shape(kernel, "dx", dx.shape, x.shape);
}
inline void total_variation(const Exec& e, View x, MutView y, MutView dx) {
  check_image_loss("total_variation", e, x, {}, y, dx);
  on_device(
      "total_variation", e, [&] { ref::total_variation(e, x, y, dx); },
      [&] { cpu::total_variation(e, x, y, dx); }, [&] { cuda::total_variation(e, x, y, dx); });
}
inline void color_loss(const Exec& e, double delta, View x, View target, MutView y, MutView dx) {
  check_image_loss("color_loss", e, x, target, y, dx);
  check_shape("color_loss", "target", target.shape, x.shape);
  if (x.shape.c != 3) fail("color_loss", x.shape.str() + " (NHWC) has not three channels");
  if (!(delta > 0)) fail("color_loss", "delta is " + std::to_string(delta) + "; it must be above 0");
  on_device(
      "color_loss", e, [&] { ref::color_loss(e, delta, x, target, y, dx); },
      [&] { cpu::color_loss(e, delta, x, target, y, dx); },
      [&] { cuda::color_loss(e, delta, x, target, y, dx); });
}

}  // namespace sumi::kernels
