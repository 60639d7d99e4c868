// First and second derivatives of the norms: the fused first derivative, the composed one, and the
// composed second derivative against central differences.
#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using gradcheck::check;
using gradcheck::compare;
using gradcheck::numbers;
using gradcheck::Tensors;

const Shape kX{2, 3, 2, 4};

struct Act {
  Unary f;
  double alpha;
};

TEST_CASE("norm: gradients of batch, group, layer and instance norm with every activation") {
  const Tensors all = {numbers(kX, 1), numbers(Shape::vector(4), 2, 0.5, 1.5), numbers(Shape::vector(4), 3)};
  for (const std::int64_t groups : {0, 1, 2, 4})
    for (const Act& a : {Act{Unary::identity, 0},
                         {Unary::relu, 0},
                         {Unary::leaky_relu, 0.2},
                         {Unary::tanh, 0},
                         {Unary::sigmoid, 0}}) {
      const NormOptions o{groups, 1e-5, a.f, a.alpha};
      const std::string name = fmt::format("norm, groups {}, {}", groups, kernels::name_of(a.f));
      const gradcheck::Options loose{1e-5, 1e-6};
      check(
          name, [&](const Tensors& t) { return normalize(t[0], t[1], t[2], o); }, all, loose);
      check(
          name + ", no gamma nor beta", [&](const Tensors& t) { return normalize(t[0], {}, {}, o); },
          {all[0]}, loose);
    }
}

TEST_CASE("norm: gamma without beta, beta without gamma, fixed inputs") {
  const Tensor x = numbers(kX, 1), gamma = numbers(Shape::vector(4), 2, 0.5, 1.5),
               beta = numbers(Shape::vector(4), 3);
  const gradcheck::Options loose{1e-5, 1e-6};
  check(
      "gamma only", [](const Tensors& t) { return batch_norm(t[0], t[1], {}); }, {x, gamma}, loose);
  check(
      "beta only", [](const Tensors& t) { return layer_norm(t[0], {}, t[1]); }, {x, beta}, loose);
  check(
      "x fixed", [&](const Tensors& t) { return group_norm(x, 2, t[0], t[1]); }, {gamma, beta}, loose);
  check(
      "instance", [](const Tensors& t) { return instance_norm(t[0]); }, {x}, loose);
  check(
      "large eps", [](const Tensors& t) { return batch_norm(t[0], {}, {}, 0.5); }, {x}, loose);
  check(
      "norm of a product with itself", [](const Tensors& t) { return instance_norm(mul(t[0], t[0])); }, {x},
      loose);
}

TEST_CASE("norm: gradients with running statistics") {
  const RunningStats running{numbers(Shape::vector(4), 4), numbers(Shape::vector(4), 5, 0.5, 2), 0.9};
  for (const Unary act : {Unary::identity, Unary::leaky_relu, Unary::tanh})
    check("norm at inference",
          [&](const Tensors& t) {
            return normalize(t[0], t[1], t[2], {0, 1e-5, act, 0.2}, &running, false);
          },
          {numbers(kX, 1), numbers(Shape::vector(4), 2, 0.5, 1.5), numbers(Shape::vector(4), 3)});
}

TEST_CASE("norm: values by the definition, running statistics by PyTorch's rule") {
  const Tensor x = numbers(kX, 1);
  const std::vector<double> v = x.to_vector<double>();
  std::vector<double> mean(4), var(4), want(v.size());
  for (std::size_t i = 0; i < v.size(); ++i) mean[i % 4] += v[i] / 12;
  for (std::size_t i = 0; i < v.size(); ++i) var[i % 4] += (v[i] - mean[i % 4]) * (v[i] - mean[i % 4]) / 12;
  for (std::size_t i = 0; i < v.size(); ++i) want[i] = (v[i] - mean[i % 4]) / std::sqrt(var[i % 4] + 1e-3);
  const RunningStats running{Tensor::zeros(Shape::vector(4), DType::f64, gradcheck::ref),
                             Tensor::full(Shape::vector(4), 1, DType::f64, gradcheck::ref), 0.8};
  compare("batch norm", normalize(x, {}, {}, {0, 1e-3}, &running, true).to_vector<double>(), want, 1e-13);
  std::vector<double> running_mean(4), running_var(4);
  for (std::size_t c = 0; c < 4; ++c) {
    running_mean[c] = 0.2 * mean[c];
    running_var[c] = 0.8 + 0.2 * var[c] * 12 / 11;
  }
  compare("running mean", running.mean.to_vector<double>(), running_mean, 1e-14);
  compare("running var", running.var.to_vector<double>(), running_var, 1e-14);
  normalize(x, {}, {}, {0, 1e-3}, &running, false);
  compare("running mean after inference", running.mean.to_vector<double>(), running_mean, 1e-14);
}

TEST_CASE("norm: errors") {
  const RunningStats running{Tensor::zeros(Shape::vector(4), DType::f64, gradcheck::ref),
                             Tensor::zeros(Shape::vector(4), DType::f64, gradcheck::ref), 0.9};
  CHECK(gradcheck::error_of([&] {
          normalize(numbers({1, 1, 1, 4}, 1), {}, {}, {}, &running, true);
        }) ==
        "[batch_norm] x 1x1x1x4 gives one value per channel; training needs more (a larger --batch-size)");
  CHECK(gradcheck::error_of([&] { group_norm(numbers(kX, 1), 3, {}, {}); }) ==
        "[norm] 3 groups do not divide the 4 channels of x 2x3x2x4");
}

}  // namespace
}  // namespace sumi
