// Errors carry the op's name and the shapes.
#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using gradcheck::error_of;
using gradcheck::numbers;

TEST_CASE("autograd: errors of backward and grad") {
  const Tensor x = gradcheck::leaves({numbers({1, 2, 2, 1}, 1)})[0];
  Tape tape;
  const Tensor y = square(x);
  CHECK(error_of([&] { tape.backward(y); }) ==
        "[backward] a result 1x2x2x1 is not a single number; give its gradient dy");
  CHECK(error_of([&] {
          tape.backward(y, 0, numbers({1, 1, 1, 4}, 1));
        }) == "[backward] dy 1x1x1x4 for y 1x2x2x1");
  CHECK(error_of([&] { tape.backward(sum(y), 7); }) == "[backward] the mark lies behind the end of the tape");
  const Tensor wrong = record("my_op", {x}, x.clone(),
                              [](const Tensor& dy, Grads& g) { g.put(0, sum_to(dy, Shape::scalar())); });
  CHECK(error_of([&] { tape.backward(sum(wrong)); }) == "[my_op] gradient 1x1x1x1 for input 0 of 1x2x2x1");
  CHECK(error_of([&] { Tensor().shape(); }) == "[tensor] an absent tensor was used");
}

TEST_CASE("autograd: errors of ops name the op and the shapes") {
  const auto t = [](const Shape& s) { return numbers(s, 1); };
  const Tensor x = t({1, 4, 4, 3});
  CHECK(error_of([&] {
          conv2d(x, t({5, 3, 3, 2}), {}, {});
        }) == "[conv2d] weight 5x3x3x2 (KRSC) expects 2 input channels, but x 1x4x4x3 (NHWC) has 3");
  CHECK(error_of([&] {
          conv_transpose2d(x, t({5, 3, 3, 2}), {}, {});
        }) ==
        "[conv_transpose2d] weight 5x3x3x2 (KRSC) expects 5 input channels, but x 1x4x4x3 (NHWC) has 3");
  CHECK(error_of([&] { dense(t(Shape::matrix(2, 3)), t(Shape::matrix(4, 5)), {}); }) ==
        "[dense] weight 4x1x1x5 (out x 1 x 1 x in) expects 5 inputs, but x 2x1x1x3 has 3");
  CHECK(error_of([&] { dense(x, t(Shape::matrix(4, 3)), {}); }) ==
        "[dense] 1x4x4x3 is not a matrix [rows,1,1,cols]; reshape it first");
  CHECK(error_of([&] { matmul(t(Shape::matrix(2, 3)), t(Shape::matrix(2, 3)), true, true); }) ==
        "[matmul] a 2x1x1x3 transposed and b 2x1x1x3 transposed do not multiply");
  CHECK(error_of([&] { add(x, t({1, 4, 3, 3})); }) == "[add] 1x4x4x3 and 1x4x3x3 do not broadcast");
  CHECK(error_of([&] {
          concat({x, t({1, 4, 3, 3})}, 3);
        }) == "[concat] 1x4x4x3 and 1x4x3x3 differ outside axis 3");
  CHECK(error_of([&] {
          reshape(x, {1, 1, 1, 47});
        }) == "[reshape] 1x4x4x3 does not have the 1x1x1x47 elements asked for");
  CHECK(error_of([&] { sum_to(x, {1, 2, 1, 1}); }) == "[sum_to] 1x4x4x3 does not reduce to 1x2x1x1");
  CHECK(error_of([&] {
          broadcast_to(x, {1, 4, 5, 3});
        }) == "[broadcast_to] 1x4x4x3 does not broadcast to 1x4x5x3");
  CHECK(error_of([&] {
          slice(x, {0, 3, 0, 0}, {1, 2, 1, 1});
        }) == "[slice] a box of 1x2x1x1 at 0x3x0x0 lies outside 1x4x4x3");
  CHECK(error_of([&] {
          scatter_slice(x, {1, 4, 4, 3}, {0, 1, 0, 0});
        }) == "[scatter_slice] a box of 1x4x4x3 at 0x1x0x0 lies outside 1x4x4x3");
  CHECK(error_of([&] { max_pool2d(x, {5, 1}); }) == "[max_pool2d] a window of 5 does not fit 1x4x4x3 (NHWC)");
  CHECK(error_of([&] {
          pad2d(x, {PadMode::reflect, 4, 0, 0, 0});
        }) == "[pad2d] reflection padding must be smaller than the image, which is 1x4x4x3 (NHWC)");
  CHECK(error_of([&] {
          loss_mean(Loss::l1, x, t({1, 4, 4, 1}));
        }) == "[l1] target is 1x4x4x1, expected 1x4x4x3");
  CHECK(error_of([&] { x.item(); }) == "[item] a tensor 1x4x4x3 is not a single number");
  CHECK(error_of([&] { x.batch_slice(0, 2); }) == "[batch_slice] samples 0 to 2 of 1x4x4x3");
}

TEST_CASE("autograd: operands of two types or devices are refused") {
  const Tensor x = numbers({1, 1, 1, 3}, 1);
  CHECK(error_of([&] { add(x, gradcheck::convert(x, DType::f32, gradcheck::ref)); }) ==
        "[add] operands of two types: f64 and f32");
  CHECK(error_of([&] { add(x, gradcheck::convert(x, DType::f32, gradcheck::tested)); }) ==
        "[add] an operand 1x1x1x3 lives on " + gradcheck::tested.str() + ", the kernel runs on ref");
  CHECK(error_of([&] { tanh(gradcheck::convert(x, DType::f64, gradcheck::tested)); }).find("--device ref") !=
        std::string::npos);
}

}  // namespace
}  // namespace sumi
