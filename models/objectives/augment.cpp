#include "models/objectives/augment.h"

#include <fmt/format.h>

#include "models/training/trainable_networks.h"

namespace sumi {
namespace {

Tensor one_each(const Tensor& x, double lo, double hi, RandomStream& stream) {
  return stream.uniform({x.shape().n, 1, 1, 1}, x.dtype(), x.device(), lo, hi);
}

Tensor mean_over(const Tensor& x, const Shape& shape) {
  return sum_to(x, shape, static_cast<double>(shape.count()) / static_cast<double>(x.count()));
}

// about + factor (x - about)
Tensor stretch(const Tensor& x, const Tensor& about, const Tensor& factor) {
  return add(about, mul(sub(x, about), factor));
}

Tensor recolor(Tensor x, RandomStream& stream) {
  const Shape s = x.shape();
  x = add(x, one_each(x, -0.5, 0.5, stream));
  x = stretch(x, mean_over(x, {s.n, s.h, s.w, 1}), one_each(x, 0, 2, stream));
  return stretch(x, mean_over(x, {s.n, 1, 1, 1}), one_each(x, 0.5, 1.5, stream));
}

// 0, 1, 2, ... along one axis of `shape`, whose other sizes are 1. Made by ops so that a captured
// step can contain it: a straight line from 0 to the last index, exact up to rounding.
Tensor count_along(const Shape& shape, const Tensor& like) {
  const std::int64_t size = shape.count();
  const Tensor zero = Tensor::zeros(Shape::scalar(), like.dtype(), like.device());
  if (size == 1) return zero;
  const Tensor last =
      Tensor::full(Shape::scalar(), static_cast<double>(size - 1), like.dtype(), like.device());
  const ResizeGeom line{.mode = ResizeMode::bilinear, .coords = ResizeCoords::align_corners};
  return reshape(resize2d(concat({zero, last}, 2), 1, size, line), shape);
}

// floor of a value in [0, most], as the number of thresholds 1 ... most that it reaches.
Tensor whole(const Tensor& value, std::int64_t most) {
  Tensor sum = Tensor::zeros(value.shape(), value.dtype(), value.device());
  for (std::int64_t k = 1; k <= most; ++k)
    sum = add(sum, heaviside(affine(value, 1, -static_cast<double>(k))));
  return sum;
}

// 1 where |a| < bound, else 0.
Tensor within(const Tensor& a, double bound) {
  return heaviside(affine(abs(a), -1, bound));
}

// A matrix for each image [n,size,1,size] that moves `size` rows down by a random whole number in
// [-most, most].
Tensor shifts(const Tensor& x, std::int64_t size, RandomStream& stream) {
  const std::int64_t most = (size + 4) / 8;
  const double choices = static_cast<double>(2 * most + 1);
  const Tensor by = affine(whole(one_each(x, 0, choices, stream), 2 * most), 1, -static_cast<double>(most));
  const Tensor from = count_along({1, 1, 1, size}, x), to = count_along({1, size, 1, 1}, x);
  return within(sub(sub(to, from), by), 0.5);
}

Tensor translate(const Tensor& x, RandomStream& stream) {
  const Shape s = x.shape();
  const Tensor rows = reshape(x, {s.n, s.h, 1, s.w * s.c});
  const Tensor moved = batched_matmul(shifts(x, s.h, stream), rows);
  // Columns: each row of an image times the image's matrix.
  const Tensor matrix = reshape(shifts(x, s.w, stream), {s.n, 1, s.w, s.w});
  const Tensor each = reshape(broadcast_to(matrix, {s.n, s.h, s.w, s.w}), {s.n * s.h, s.w, 1, s.w});
  return reshape(batched_matmul(each, reshape(moved, {s.n * s.h, s.w, 1, s.c})), s);
}

Tensor cut(const Tensor& x, RandomStream& stream) {
  const Shape s = x.shape();
  const auto band = [&](const Shape& axis, std::int64_t size) {
    const Tensor center = one_each(x, 0, static_cast<double>(size), stream);
    return within(sub(affine(count_along(axis, x), 1, 0.5), center), static_cast<double>(size) / 4);
  };
  const Tensor columns = band({1, 1, s.w, 1}, s.w),
               rows = band({1, s.h, 1, 1}, s.h);  // the order of the random numbers
  return mul(x, affine(mul(rows, columns), -1, 1));
}

}  // namespace

Augmentation parse_augmentation(const std::string& list) {
  Augmentation parts;
  for (const std::string& name : split_names(list)) {
    bool* part = name == "color"         ? &parts.color
                 : name == "translation" ? &parts.translation
                 : name == "cutout"      ? &parts.cutout
                                         : nullptr;
    if (!part)
      fail("--diffaugment",
           fmt::format("unknown part '{}'; give color, translation and cutout with commas", name));
    *part = true;
  }
  return parts;
}

Tensor augment(const Tensor& x, const Augmentation& parts, RandomStream& stream) {
  Tensor y = x;
  if (parts.color) y = recolor(y, stream);
  if (parts.translation) y = translate(y, stream);
  if (parts.cutout) y = cut(y, stream);
  return y;
}

}  // namespace sumi
