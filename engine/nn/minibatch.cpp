#include <fmt/format.h>

#include "engine/nn.h"

namespace sumi {

MinibatchDiscrimination::MinibatchDiscrimination(std::int64_t channels, int kernels, int dims, DType dtype,
                                                 const Device& device)
    : Module("minibatch"), channels_(channels), kernels_(kernels), dims_(dims) {
  t_ = add_parameter("minibatch.weight", Shape::matrix(kernels_ * dims_, channels_), dtype, device,
                     {TorchLayout::Kind::dense});
}

Tensor MinibatchDiscrimination::forward(const Tensor& x) {
  const Shape& s = x.shape();
  const std::int64_t n = s.n;
  // Small and dominated by differences, so computed in the parameters' dtype.
  const Tensor features =
      sum_to(cast(x, t_.dtype()), Shape::matrix(n, channels_), 1 / static_cast<double>(s.h * s.w));
  const Tensor m = dense(features, t_, {});
  // [n,n,kernels,dims]: the difference of every pair of samples.
  const Tensor apart = sub(reshape(m, {n, 1, kernels_, dims_}), reshape(m, {1, n, kernels_, dims_}));
  const Tensor close = exp(affine(sum_to(abs(apart), {n, n, kernels_, 1}), -1));
  // Subtracts a sample's similarity to itself, which is always 1.
  const Tensor sums = affine(sum_to(close, {n, 1, kernels_, 1}), 1, -1);
  const Tensor added = cast(reshape(sums, Shape::matrix(n, kernels_)), x.dtype());
  return concat({x, broadcast_to(added, {n, s.h, s.w, kernels_})}, 3);
}

Shape MinibatchDiscrimination::infer_shape(const Shape& x, Cost& cost) const {
  if (x.c != channels_) fail(name(), fmt::format("x {} does not have {} channels", x.str(), channels_));
  cost.macs += x.n * t_.count();
  const Shape y{x.n, x.h, x.w, x.c + kernels_};
  cost.saved_elements += y.count();
  return y;
}

}  // namespace sumi
