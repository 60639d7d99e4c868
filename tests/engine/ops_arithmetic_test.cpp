// First and second derivatives of arithmetic, reductions, activations and ops that move elements.
#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using gradcheck::away_from_zero;
using gradcheck::check;
using gradcheck::numbers;
using gradcheck::Tensors;

TEST_CASE("ops: gradients of arithmetic with broadcasting") {
  const std::vector<std::pair<Shape, Shape>> shapes = {
      {{2, 3, 2, 4}, {2, 3, 2, 4}}, {{2, 3, 2, 4}, {1, 1, 1, 4}}, {{2, 1, 1, 1}, {2, 3, 2, 2}},
      {{1, 3, 1, 2}, {2, 1, 4, 1}}, {{1, 1, 1, 1}, {1, 2, 2, 3}},
  };
  for (const auto& [a, b] : shapes) {
    const std::string with = " of " + a.str() + " and " + b.str();
    const Tensors xs = {away_from_zero(a, 1), away_from_zero(b, 2)};
    check(
        "add" + with, [](const Tensors& x) { return add(x[0], x[1]); }, xs);
    check(
        "sub" + with, [](const Tensors& x) { return sub(x[0], x[1]); }, xs);
    check(
        "mul" + with, [](const Tensors& x) { return mul(x[0], x[1]); }, xs);
    // 1/b^3 of |b| >= 0.2 is large, and so is the error of its differences.
    check("div" + with, [](const Tensors& x) { return div(x[0], x[1]); }, xs, {1e-6, 1e-6});
  }
  check("affine", [](const Tensors& x) { return affine(x[0], -1.5, 0.25); }, {numbers({2, 2, 2, 3}, 3)});
  check("x y x / (x + 3)",
        [](const Tensors& x) { return div(mul(mul(x[0], x[1]), x[0]), affine(x[0], 1, 3)); },
        {numbers({1, 2, 2, 3}, 4), numbers({1, 1, 1, 3}, 5)});
}

TEST_CASE("ops: gradients of reductions and repetition") {
  const Tensor x = numbers({2, 3, 4, 3}, 1);
  for (const Shape& to : {Shape{2, 3, 4, 3}, Shape{1, 1, 1, 3}, Shape{2, 1, 1, 1}, Shape{2, 1, 1, 3},
                          Shape{1, 3, 1, 3}, Shape{1, 1, 1, 1}})
    check("square of sum_to " + to.str(), [&](const Tensors& t) { return square(sum_to(t[0], to, -0.5)); },
          {x});
  for (const Shape& from : {Shape{1, 1, 1, 3}, Shape{2, 1, 4, 1}, Shape{1, 1, 1, 1}})
    check("square of broadcast_to from " + from.str(),
          [&](const Tensors& t) {
            return square(broadcast_to(t[0], {2, 3, 4, 3}));
          },
          {numbers(from, 2)});
  check("sum", [](const Tensors& t) { return square(sum(t[0])); }, {x});
  check("mean", [](const Tensors& t) { return mean(square(t[0])); }, {x});
}

TEST_CASE("ops: gradients of functions of one operand") {
  const Shape s{2, 3, 2, 3};
  const Tensor any = away_from_zero(s, 1), positive = numbers(s, 2, 0.3, 2);
  using Op = Tensor (*)(const Tensor&);
  const std::vector<std::tuple<const char*, Op, Tensor>> table = {
      {"relu", relu, any},       {"tanh", tanh, any},
      {"sigmoid", sigmoid, any}, {"softplus", softplus, any},
      {"exp", exp, any},         {"square", square, any},
      {"abs", abs, any},         {"log", log, positive},
      {"sqrt", sqrt, positive},  {"reciprocal", reciprocal, positive},
  };
  for (const auto& [name, op, x] : table) {
    check(name, [op = op](const Tensors& t) { return op(t[0]); }, {x});
    check(std::string(name) + " squared", [op = op](const Tensors& t) { return square(op(t[0])); }, {x});
  }
  check("leaky_relu", [](const Tensors& t) { return leaky_relu(t[0], 0.2); }, {any});
  check("leaky_relu of a product", [](const Tensors& t) { return leaky_relu(mul(t[0], t[1]), 0.01); },
        {any, away_from_zero(s, 3)});
  // 0 where differences are 0 too, but as a factor it passes the other operand's gradient.
  check("heaviside times a variable", [](const Tensors& t) { return mul(heaviside(t[0]), square(t[1])); },
        {any, away_from_zero(s, 3)});
  check("identity", [](const Tensors& t) { return square(unary(Unary::identity, t[0])); }, {any});
}

TEST_CASE("ops: a fused gradient without a derivative of its own says so by name") {
  const Tensor x = gradcheck::leaves({numbers({1, 1, 1, 3}, 1)})[0];
  const Tape tape;
  CHECK(gradcheck::error_of([&] { unary_grad(Unary::tanh, 0, x, x, x); }) ==
        "[tanh] the fused gradient has no gradient of its own; differentiate the op instead");
}

TEST_CASE("ops: gradients of ops that move elements") {
  const Tensor x = numbers({2, 3, 4, 3}, 1);
  check("reshape", [](const Tensors& t) { return square(reshape(t[0], {4, 1, 6, 3})); }, {x});
  const std::vector<Shape> others = {{1, 3, 4, 3}, {2, 2, 4, 3}, {2, 3, 1, 3}, {2, 3, 4, 5}};
  for (int axis = 0; axis < 4; ++axis)
    check(fmt::format("concat along axis {}", axis),
          [&](const Tensors& t) {
            return square(concat({t[0], t[1], t[0]}, axis));
          },
          {x, numbers(others[static_cast<std::size_t>(axis)], 2)});
  check("slice", [](const Tensors& t) { return square(slice(t[0], {1, 0, 2, 1}, {1, 2, 2, 2})); }, {x});
  check("scatter_slice",
        [](const Tensors& t) {
          return square(affine(scatter_slice(t[0], {3, 3, 5, 4}, {1, 0, 1, 0}), 1, 2));
        },
        {x});
}

}  // namespace
}  // namespace sumi
