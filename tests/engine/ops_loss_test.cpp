// First and second derivatives of losses and color conversions, and the gradients saved by their
// single pass.
#include "engine/runtime/trace.h"
#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using gradcheck::check;
using gradcheck::numbers;
using gradcheck::Tensors;

TEST_CASE("ops: gradients of losses") {
  const Shape s{2, 2, 2, 3};
  const Tensor x = numbers(s, 1, -2, 2), t = numbers(s, 2, 3, 4);
  for (const Loss loss :
       {Loss::bce_logits, Loss::squared, Loss::l1, Loss::linear, Loss::hinge, Loss::huber}) {
    const std::string name = kernels::name_of(loss);
    for (const double value : {1.0, 0.0, 0.9, -1.0})
      check(fmt::format("{} against {}", name, value),
            [&](const Tensors& xs) { return loss_mean(loss, xs[0], value); }, {x});
    check(name + " against a fixed tensor", [&](const Tensors& xs) { return loss_mean(loss, xs[0], t); },
          {x});
  }
  for (const Loss loss : {Loss::squared, Loss::l1, Loss::huber})
    check(std::string(kernels::name_of(loss)) + " of two tensors",
          [&](const Tensors& xs) { return loss_mean(loss, xs[0], xs[1], 3.5); }, {x, t});
  check("squared of a tensor and itself squared",
        [](const Tensors& xs) { return loss_mean(Loss::squared, xs[0], square(xs[0])); }, {x});
  const Tensor wish = gradcheck::leaves({t})[0];
  CHECK(gradcheck::error_of([&] { loss_mean(Loss::hinge, x, wish); }) ==
        "[hinge] has no gradient for its target; detach it");
}

TEST_CASE("ops: gradients of losses of normal distributions") {
  const Shape s{3, 2, 1, 3};
  const Tensor x = numbers(s, 1), mean = numbers(s, 2), log_var = numbers(s, 3);
  check("gaussian_nll", [](const Tensors& t) { return gaussian_nll(t[0], t[1], t[2]); }, {x, mean, log_var});
  check("gaussian_nll of fixed x", [&](const Tensors& t) { return gaussian_nll(x, t[0], t[1]); },
        {mean, log_var});
  check("gaussian_nll of one tensor", [](const Tensors& t) { return gaussian_nll(t[0], square(t[0]), t[0]); },
        {x});
  check("gaussian_kl", [](const Tensors& t) { return gaussian_kl(t[0], t[1]); }, {mean, log_var});
}

TEST_CASE("ops: gradients of losses of images") {
  for (const Shape& s : {Shape{2, 3, 4, 2}, Shape{2, 1, 3, 1}, Shape{1, 3, 1, 2}, Shape{2, 1, 1, 3}})
    check("total_variation of " + s.str(), [](const Tensors& t) { return total_variation(t[0]); },
          {numbers(s, 1)});
  const Shape s{2, 2, 3, 3};
  for (const double delta : {1.0, 0.2})
    check(fmt::format("color_loss with delta {}", delta),
          [&](const Tensors& t) { return color_loss(t[0], t[1], delta); }, {numbers(s, 1), numbers(s, 2)});
}

TEST_CASE("ops: gradients of Gram matrices and of a style loss") {
  const Tensor x = numbers({2, 3, 2, 4}, 1), style = numbers({2, 5, 1, 4}, 2);
  check("gram_matrix", [](const Tensors& t) { return gram_matrix(t[0]); }, {x});
  check("gram_matrix with a divisor", [](const Tensors& t) { return gram_matrix(t[0], 4); }, {x});
  for (const Loss loss : {Loss::l1, Loss::squared})
    check(std::string("style loss, ") + kernels::name_of(loss),
          [&](const Tensors& t) { return loss_mean(loss, gram_matrix(t[0]), gram_matrix(style)); }, {x});
  const Tensor pixels =
      Tensor::from(std::vector<double>{1, 2, 3, 4, 5, 6}, {1, 3, 1, 2}, DType::f64, gradcheck::ref);
  gradcheck::compare("by hand, / 6", gram_matrix(pixels).to_vector<double>(),
                     {35. / 6, 44. / 6, 44. / 6, 56. / 6}, 1e-15);
  CHECK(gram_matrix(x).shape() == Shape{2, 4, 1, 4});
  CHECK(gradcheck::error_of([&] { gram_matrix(x, -1); }) == "[gram_matrix] the divisor -1 is negative");
}

TEST_CASE("ops: gradients of color conversions") {
  const Tensor x = numbers({2, 2, 3, 3}, 1, -0.9, 0.9);
  check("rgb_to_yuv", [](const Tensors& t) { return square(convert_color(Color::rgb_to_yuv, t[0])); }, {x});
  check("yuv_to_rgb", [](const Tensors& t) { return square(convert_color(Color::yuv_to_rgb, t[0])); }, {x});
  for (const Color c : {Color::rgb_to_lab, Color::lab_to_rgb}) {
    const Tensor leaf = gradcheck::leaves({x})[0];
    const auto value = [&] { return mean(square(convert_color(c, leaf))); };
    const std::vector<double> want = gradcheck::differences([&] { return value().item(); }, leaf, 1e-6);
    Tape tape;
    const Tensor y = value();
    CHECK(gradcheck::error_of([&] { tape.grad(y, {leaf}, /*create_graph=*/true); }) ==
          std::string("[") + kernels::name_of(c) +
              "] has no second derivative; detach its input or do without create_graph");
    tape.backward(y);
    gradcheck::compare(kernels::name_of(c), leaf.grad().to_vector<double>(), want, 1e-7);
  }
}

TEST_CASE("ops: losses on the device under test") {
  const Shape s{2, 9, 11, 3};
  using Of = Tensor (*)(const Tensors&);
  const std::vector<std::pair<const char*, Of>> table = {
      {"huber", [](const Tensors& t) { return loss_mean(Loss::huber, t[0], t[1], 0.5); }},
      {"gaussian_nll", [](const Tensors& t) { return gaussian_nll(t[0], t[1], t[2]); }},
      {"gaussian_kl", [](const Tensors& t) { return gaussian_kl(t[0], t[1]); }},
      {"total_variation", [](const Tensors& t) { return total_variation(t[0]); }},
      {"color_loss", [](const Tensors& t) { return color_loss(t[0], t[1]); }},
      {"style loss",
       [](const Tensors& t) { return loss_mean(Loss::l1, gram_matrix(t[0]), gram_matrix(t[1])); }},
      {"lab", [](const Tensors& t) {
         return loss_mean(Loss::squared, convert_color(Color::rgb_to_lab, t[0]), 0.1);
       }}};
  for (const auto& [name, loss] : table) {
    const auto run = [&, loss = loss](DType dtype, const Device& device) {
      Tensors xs;
      for (std::uint64_t i = 0; i < 3; ++i) {
        xs.push_back(gradcheck::convert(numbers(s, i + 1, -0.9, 0.9), dtype, device));
        xs.back().set_requires_grad(true);
      }
      Tape tape;
      const Tensor y = loss(xs);
      tape.backward(affine(y, 3));
      std::vector<double> all = {y.item()};
      for (const Tensor& x : xs)
        for (double d : gradcheck::values(x.grad(), x)) all.push_back(100 * d);
      return all;
    };
    gradcheck::compare(name, run(DType::f32, gradcheck::tested), run(DType::f64, gradcheck::ref), 1e-5);
  }
}

TEST_CASE("ops: a loss is one op forward and one product with dy backward, and without gradients one op") {
  const Tensor x = numbers({1, 2, 2, 3}, 1);
  const auto names = [&](const Tensor& of, bool backward) {
    Trace trace;
    Tape tape;
    const Tensor y = loss_mean(Loss::bce_logits, of, 1);
    if (backward) tape.backward(y);
    std::vector<std::string> ops;
    for (const OpRecord& r : trace.records) ops.push_back(r.op);
    return ops;
  };
  CHECK(names(x, false) == std::vector<std::string>{"bce_logits"});
  CHECK(names(gradcheck::leaves({x})[0], true) == std::vector<std::string>{"bce_logits", "mul"});
}

}  // namespace
}  // namespace sumi
