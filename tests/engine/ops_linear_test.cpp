// First and second derivatives of convolutions and matrix products.
#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using gradcheck::check;
using gradcheck::numbers;
using gradcheck::Tensors;

struct LinearCase {
  const char* name;
  Shape x, w;
  ConvOptions o;
  int output_padding = 0;
};

// {stride, top, bottom, left, right, dilation, groups}
const LinearCase conv_cases[] = {
    {"3x3", {2, 4, 5, 2}, {3, 3, 3, 2}, {1, 1, 1, 1, 1, 1, 1}},
    {"4x4, stride 2", {1, 6, 6, 2}, {2, 4, 4, 2}, {2, 1, 1, 1, 1, 1, 1}},
    {"pads that differ, a rest at the edge", {1, 5, 6, 2}, {2, 3, 2, 2}, {2, 0, 1, 2, 0, 1, 1}},
    {"dilation", {1, 6, 5, 1}, {2, 3, 2, 1}, {1, 2, 1, 0, 2, 2, 1}},
    {"groups", {2, 3, 4, 4}, {6, 2, 3, 2}, {1, 0, 1, 1, 1, 1, 2}},
    {"stride, dilation, groups", {1, 7, 6, 4}, {2, 2, 2, 2}, {3, 1, 2, 0, 1, 2, 2}},
    {"1x1", {2, 2, 3, 3}, {2, 1, 1, 3}, {1, 0, 0, 0, 0, 1, 1}},
};

TEST_CASE("ops: gradients of conv2d") {
  for (const LinearCase& c : conv_cases) {
    const Tensors inputs = {numbers(c.x, 1), numbers(c.w, 2), numbers(Shape::vector(c.w.n), 3)};
    const std::string name = std::string("conv2d ") + c.name;
    check(name, [&](const Tensors& t) { return conv2d(t[0], t[1], {}, c.o); }, {inputs[0], inputs[1]});
    check(
        name + ", bias", [&](const Tensors& t) { return conv2d(t[0], t[1], t[2], c.o); }, inputs);
  }
}

const LinearCase transpose_cases[] = {
    {"4x4, stride 2", {1, 3, 3, 2}, {2, 4, 4, 3}, {2, 1, 1, 1, 1, 1, 1}},
    {"from one pixel", {2, 1, 1, 3}, {3, 4, 4, 2}, {1, 0, 0, 0, 0, 1, 1}},
    {"output padding", {1, 3, 2, 2}, {2, 3, 3, 2}, {2, 1, 1, 1, 1, 1, 1}, 1},
    {"pads that differ", {1, 3, 4, 2}, {2, 3, 2, 1}, {2, 1, 0, 0, 1, 1, 1}, 1},
    {"stride 3, dilation, output padding", {1, 2, 3, 1}, {1, 2, 3, 2}, {3, 0, 1, 2, 1, 2, 1}, 2},
    {"groups", {1, 3, 2, 4}, {4, 3, 2, 2}, {2, 1, 0, 0, 1, 1, 2}},
};

TEST_CASE("ops: gradients of conv_transpose2d") {
  for (const LinearCase& c : transpose_cases) {
    const Tensors inputs = {numbers(c.x, 1), numbers(c.w, 2), numbers(Shape::vector(c.w.c * c.o.groups), 3)};
    const std::string name = std::string("conv_transpose2d ") + c.name;
    check(name, [&](const Tensors& t) { return conv_transpose2d(t[0], t[1], {}, c.o, c.output_padding); },
          {inputs[0], inputs[1]});
    check(
        name + ", bias",
        [&](const Tensors& t) { return conv_transpose2d(t[0], t[1], t[2], c.o, c.output_padding); }, inputs);
  }
}

TEST_CASE("ops: derivatives of convolutions exist to the third order") {
  const LinearCase& c = conv_cases[2];
  const gradcheck::Function conv = [&](const Tensors& t) { return square(conv2d(t[0], t[1], {}, c.o)); };
  // The gradient of square(conv) is differentiated twice more.
  check("gradient of conv2d squared",
        [&](const Tensors& t) {
          const Tensor dy = numbers({1, 2, 4, 2}, 5);
          if (Tape* tape = Tape::current()) return gradcheck::projected_gradient(*tape, conv, t, dy);
          Tape tape;
          return gradcheck::projected_gradient(tape, conv, t, dy);
        },
        {numbers(c.x, 1), numbers(c.w, 2)});
}

TEST_CASE("ops: gradients of matrix products") {
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      const std::string flags = fmt::format(" trans_a {} trans_b {}", ta, tb);
      const Shape a = ta ? Shape::matrix(3, 2) : Shape::matrix(2, 3);
      const Shape b = tb ? Shape::matrix(4, 3) : Shape::matrix(3, 4);
      check("matmul" + flags, [=](const Tensors& t) { return matmul(t[0], t[1], ta, tb); },
            {numbers(a, 1), numbers(b, 2)});
      // An image [n,h,w,c] is n matrices of h w rows.
      const Shape as = ta ? Shape{2, 3, 1, 2} : Shape{2, 2, 1, 3};
      const Shape bs = tb ? Shape{2, 2, 2, 3} : Shape{2, 3, 1, 4};
      check("batched_matmul" + flags, [=](const Tensors& t) { return batched_matmul(t[0], t[1], ta, tb); },
            {numbers(as, 3), numbers(bs, 4)});
    }
  const Tensor square_matrix = numbers(Shape::matrix(3, 3), 1);
  check("matmul of a matrix with itself", [](const Tensors& t) { return matmul(t[0], t[0], true, false); },
        {square_matrix});
  const Tensors in = {numbers(Shape::matrix(3, 4), 1), numbers(Shape::matrix(2, 4), 2),
                      numbers(Shape::vector(2), 3)};
  check("dense", [](const Tensors& t) { return dense(t[0], t[1], {}); }, {in[0], in[1]});
  check(
      "dense, bias", [](const Tensors& t) { return dense(t[0], t[1], t[2]); }, in);
  check("dense_weight_grad", [](const Tensors& t) { return dense_weight_grad(t[0], t[1]); },
        {in[0], numbers(Shape::matrix(3, 2), 4)});
}

}  // namespace
}  // namespace sumi
