#include "models/training/comic_examples.h"

namespace sumi {
namespace {

constexpr double kMostNoise = 16, kExposure = 0.12;

}  // namespace

Tensor clamp01(const Tensor& x) {
  return affine(relu(affine(relu(x), -1, 1)), -1, 1);
}

Tensor mean_step(const Tensor& x, int axis) {
  Shape extent = x.shape(), first{0, 0, 0, 0}, second = first;
  --extent[axis];
  ++second[axis];
  return loss_mean(Loss::l1, slice(x, second, extent), slice(x, first, extent));
}

Tensor degraded(const Tensor& photo, RandomStream& stream) {
  const Shape one{photo.shape().n, 1, 1, 1};
  const Tensor exposure = exp(stream.uniform(one, photo.dtype(), photo.device(), -kExposure, kExposure));
  const Tensor sigma = stream.uniform(one, photo.dtype(), photo.device(), 0, kMostNoise / 255);
  const Tensor noise = stream.normal(photo.shape(), photo.dtype(), photo.device());
  return clamp01(add(mul(photo, exposure), mul(noise, sigma)));
}

StyleChoice style_choice(std::int64_t styles, const std::vector<std::int64_t>& learned, DType dtype,
                         const Device& device) {
  std::vector<double> numbers(static_cast<std::size_t>(styles), -1.0);
  for (std::size_t i = 0; i < learned.size(); ++i)
    numbers.at(static_cast<std::size_t>(learned[i])) = static_cast<double>(i);
  return {Tensor::from(numbers, Shape::matrix(1, styles), dtype, device), learned.size()};
}

// u in (0, learned]: number i is chosen where i < u <= i + 1, and -1 never.
Tensor one_hot_styles(std::int64_t count, const StyleChoice& choice, RandomStream& stream) {
  const auto choices = static_cast<double>(choice.learned);
  const Tensor& numbers = choice.numbers;
  const Tensor u =
      affine(stream.uniform(Shape::matrix(count, 1), numbers.dtype(), numbers.device()), -choices, choices);
  const Tensor above = sub(u, numbers);
  return sub(heaviside(above), heaviside(affine(above, 1, -1)));
}

}  // namespace sumi
