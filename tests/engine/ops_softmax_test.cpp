// Softmax and cross-entropy: derivatives, agreement with their definitions, and the device under
// test.
#include <algorithm>

#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using gradcheck::check;
using gradcheck::convert;
using gradcheck::numbers;
using gradcheck::Tensors;

const Shape logits{2, 2, 3, 5};

// Weights of classes: rows that do not sum to 1, and zeros among them.
Tensor weights() {
  const Tensor t = numbers(logits, 9, 0, 1);
  std::vector<double> v = t.to_vector<double>();
  for (std::size_t i = 0; i < v.size(); i += 3) v[i] = 0;
  t.assign(v);
  return t;
}

TEST_CASE("ops: gradients of softmax") {
  check("softmax", [](const Tensors& t) { return softmax(t[0]); }, {numbers(logits, 1, -3, 3)});
  check("softmax of one class", [](const Tensors& t) { return softmax(t[0]); }, {numbers({2, 1, 1, 1}, 1)});
}

TEST_CASE("ops: gradients of cross_entropy") {
  const Tensor target = weights();
  check("cross_entropy", [&](const Tensors& t) { return cross_entropy(t[0], target); },
        {numbers(logits, 1, -3, 3)});
  // Of a function of the logits, through both.
  check("cross_entropy of squares", [&](const Tensors& t) { return cross_entropy(square(t[0]), target); },
        {numbers(logits, 2)});
}

TEST_CASE("ops: softmax and cross_entropy are what their definitions say") {
  const Tensor x = numbers(logits, 1, -3, 3), target = weights();
  const Tensor e = exp(x);
  const Tensor share = div(e, sum_to(e, {2, 2, 3, 1}));
  gradcheck::compare("softmax", softmax(x), share, 1e-12);
  gradcheck::compare("cross_entropy", cross_entropy(x, target),
                     affine(sum(mul(target, log(share))), -1.0 / 12), 1e-12);
  // exp would overflow.
  gradcheck::compare("softmax, large", softmax(affine(x, 1, 5000)), share, 1e-9);
}

TEST_CASE("ops: softmax and cross_entropy on the device under test") {
  const Shape s{3, 4, 2, 70};
  const Tensor x = numbers(s, 1, -4, 4), target = numbers(s, 2, 0, 0.1);
  const auto values = [&](DType dtype, const Device& device) {
    const Tensor a = convert(x, dtype, device), t = convert(target, dtype, device);
    const Tensor v = convert(numbers(s, 3), dtype, device);
    a.set_requires_grad(true);
    Tape tape;
    const Tensor y = softmax(a), loss = cross_entropy(a, t);
    Tensors all{y, loss, tape.grad(y, {a}, false, v)[0], tape.grad(loss, {a})[0],
                tape.grad(loss, {a}, true)[0]};
    Tensors second;
    for (const Tensor& g : {tape.grad(y, {a}, true, v)[0], all[4]})
      second.push_back(tape.grad(g, {a}, false, v)[0]);
    all.insert(all.end(), second.begin(), second.end());
    return all;
  };
  const Tensors want = values(DType::f64, gradcheck::ref), got = values(DType::f32, gradcheck::tested);
  for (std::size_t i = 0; i < want.size(); ++i) {
    // Compared at their own size: gradients of means are small.
    const std::vector<double> a = want[i].to_vector<double>(), b = got[i].to_vector<double>();
    double largest = 0, worst = 0;
    for (std::size_t j = 0; j < a.size(); ++j) {
      largest = std::max(largest, std::abs(a[j]));
      worst = std::max(worst, std::abs(a[j] - b[j]));
      CHECK_FALSE(std::isnan(b[j]));
    }
    CAPTURE(i);
    CHECK(largest > 0);
    CHECK(worst <= 2e-5 * largest);
  }
}

TEST_CASE("ops: errors of softmax and cross_entropy") {
  const Tensor x = convert(numbers(logits, 1), DType::f32, gradcheck::tested);
  const Tensor t = convert(weights(), DType::f32, gradcheck::tested);
  CHECK(gradcheck::error_of([&] { cross_entropy(x, t.batch_slice(0, 1)); }) ==
        "[cross_entropy] target is 1x2x3x5, expected 2x2x3x5");
  t.set_requires_grad(true);
  CHECK(gradcheck::error_of([&] { cross_entropy(x, t); }) ==
        "[cross_entropy] has no gradient for its target; detach it");
}

}  // namespace
}  // namespace sumi
