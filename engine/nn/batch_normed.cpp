#include <functional>

#include "engine/nn.h"

namespace sumi {
namespace {

void for_each_norm(Module& network, const std::function<void(BatchNormed&)>& f) {
  network.apply([&](Module& m) {
    if (auto* const norm = dynamic_cast<BatchNormed*>(&m)) f(*norm);
  });
}

}  // namespace

void set_reference(Module& network, std::int64_t count) {
  for_each_norm(network, [&](BatchNormed& norm) { norm.set_reference(count); });
}

void use_batch_stats_in_eval(Module& network) {
  for_each_norm(network, [](BatchNormed& norm) { norm.use_batch_stats_in_eval(); });
}

Tensor BatchNormed::virtual_norm(const Tensor& given, const Tensor& gamma, const Tensor& beta,
                                 double eps) const {
  const Tensor x = cast(given, gamma.dtype());
  const std::int64_t count = reference_;
  Shape one = x.shape(), many = one;
  if (count < 1 || count > x.shape().n)
    fail(name(), "virtual batch norm needs a reference batch in front of the samples");
  one.n = count;
  many.n = x.shape().n - count;
  const auto inner = static_cast<double>(one.h * one.w);
  const Shape channels = Shape::vector(one.c);
  const auto apply = [&](const Tensor& part, const Tensor& mean, const Tensor& mean_square) {
    // Rounding may make a small difference of large numbers negative.
    const Tensor deviation = sqrt(affine(relu(sub(mean_square, square(mean))), 1, eps));
    const Tensor scaled = mul(div(sub(part, mean), deviation), gamma);
    return add(scaled, beta);
  };
  const Tensor first = slice(x, {0, 0, 0, 0}, one);
  const double all = 1 / (static_cast<double>(count) * inner);
  const Tensor mean = sum_to(first, channels, all), mean_square = sum_to(square(first), channels, all);
  const Tensor reference_out = apply(first, mean, mean_square);
  if (many.n == 0) return cast(reference_out, given.dtype());
  const Tensor rest = slice(x, {count, 0, 0, 0}, many);
  const Shape each{many.n, 1, 1, many.c};
  const double share = 1 / static_cast<double>(count + 1);
  const auto joined = [&](const Tensor& own, const Tensor& reference) {
    return add(affine(own, share), affine(reference, 1 - share));
  };
  const Tensor rest_out = apply(rest, joined(sum_to(rest, each, 1 / inner), mean),
                                joined(sum_to(square(rest), each, 1 / inner), mean_square));
  return cast(concat({reference_out, rest_out}, 0), given.dtype());
}

}  // namespace sumi
