// An op of one's own with its gradient: swish(x) = x sigmoid(x), checked against a difference quotient. The
// gradient is written with ops, so it can be differentiated again; nothing needs to be registered.
#include <cmath>
#include <cstdio>
#include <exception>

#include "engine/ops.h"

using namespace sumi;

// swish'(x) = s + x s (1 - s) with s = sigmoid(x)
Tensor swish(const Tensor& x) {
  Tensor y;
  {
    const NoGrad no_grad;  // the steps inside are not recorded, only the whole
    y = mul(x, sigmoid(x));
  }
  return record("swish", {x}, y, [x](const Tensor& dy, Grads& grads) {
    const Tensor s = sigmoid(x);
    grads.put(0, mul(dy, add(s, mul(x, mul(s, affine(s, -1, 1))))));
  });
}

int main() try {
  const Device ref{Device::Kind::ref, 0};  // the reference device computes in double precision
  const std::vector<double> values{-2, -0.5, 0.1, 3};
  const Tensor x = Tensor::from(values, Shape::vector(4), DType::f64, ref);
  x.set_requires_grad(true);

  Tape tape;
  const Tensor y = sum(swish(x));
  const Tensor dx = tape.grad(y, {x}, /*create_graph=*/true)[0];
  const Tensor ddx = tape.grad(sum(dx), {x})[0];

  const auto f = [](double v) { return v / (1 + std::exp(-v)); };
  const double h = 1e-4;
  bool good = true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double v = values[i];
    const double first = (f(v + h) - f(v - h)) / (2 * h), second = (f(v + h) - 2 * f(v) + f(v - h)) / (h * h);
    const double ours = dx.to_vector<double>()[i], ours2 = ddx.to_vector<double>()[i];
    std::printf("x %5.2f  first %9.6f (quotient %9.6f)  second %9.6f (quotient %9.6f)\n", v, ours, first,
                ours2, second);
    good = good && std::abs(ours - first) < 1e-6 && std::abs(ours2 - second) < 1e-4;
  }
  return good ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
