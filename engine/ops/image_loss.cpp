// Image losses: total variation and color.
#include "kernels/image_loss.h"

#include "engine/ops.h"
#include "engine/ops/loss_record.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"

namespace sumi {
namespace {

// scale * the sum of squared differences of adjacent pixels along h (axis 1) or w (axis 2).
Tensor squared_steps(const Tensor& x, int axis, double scale) {
  if (x.shape()[axis] == 1) return sum_to(x, Shape::scalar(), 0);  // no adjacent pixels
  Shape extent = x.shape(), first{0, 0, 0, 0}, second = first;
  --extent[axis];
  ++second[axis];
  return sum_to(square(sub(slice(x, second, extent), slice(x, first, extent))), Shape::scalar(), scale);
}

Tensor variation_composition(const Tensor& x) {
  const kernels::VariationShares share(x.shape());
  return add(squared_steps(x, 1, share.h), squared_steps(x, 2, share.w));
}

Tensor color_composition(const Tensor& x, const Tensor& target, double delta) {
  const Tensor a = convert_color(Color::rgb_to_yuv, x), b = convert_color(Color::rgb_to_yuv, target);
  const Shape s = x.shape();
  const auto channels = [&](const Tensor& t, std::int64_t first, std::int64_t count) {
    return slice(t, {0, 0, 0, first}, {s.n, s.h, s.w, count});
  };
  // The mean over U and V together is half the sum of their means.
  return add(loss_mean(Loss::l1, channels(a, 0, 1), channels(b, 0, 1)),
             affine(loss_mean(Loss::huber, channels(a, 1, 2), channels(b, 1, 2), delta), 2));
}

}  // namespace

Tensor total_variation(const Tensor& x) {
  Op op("total_variation", {x});
  const Tensor y = room_for_loss(x), dx = room_for_grad({x}, x);
  kernels::total_variation(exec_on(x.device()), x.view(), y.mutable_view(), dx.mutable_view());
  op.done(y);
  return record_loss(op.name(), {x}, y, {{dx}}, [x] { return variation_composition(x); });
}

Tensor color_loss(const Tensor& x, const Tensor& target, double delta) {
  Op op("color_loss", {x, target});
  const Tensor y = room_for_loss(x), dx = room_for_grad({x, target}, x);
  kernels::color_loss(exec_on(x.device()), delta, x.view(), target.view(), y.mutable_view(),
                      dx.mutable_view());
  op.done(y);
  return record_loss(op.name(), {x, target}, y, {{dx}, {dx, /*negative=*/true}},
                     [=] { return color_composition(x, target, delta); });
}

}  // namespace sumi
