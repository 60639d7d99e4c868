// Gradients against central differences, in f64 on the reference device.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "engine/ops.h"
#include "engine/random.h"
#include "engine/runtime/device.h"
#include "tests/support.h"

namespace sumi::gradcheck {

using test::error_of;

using Tensors = std::vector<Tensor>;
using Function = std::function<Tensor(const Tensors&)>;

inline const Device ref{Device::Kind::ref, 0};
// The device under test against ref: SUMI_TEST_DEVICE, or cpu.
inline const Device tested = [] {
  set_multiply(MatmulPrecision::f32);  // the tolerances are those of f32
  return parse_device(std::getenv("SUMI_TEST_DEVICE") ? std::getenv("SUMI_TEST_DEVICE") : "cpu");
}();

// Fixed values in [lo, hi): equal for equal streams.
inline Tensor numbers(const Shape& shape, std::uint64_t stream, double lo = -1, double hi = 1) {
  return RandomStream(20, stream).uniform(shape, DType::f64, ref, lo, hi);
}

// Like `numbers`, but at least 0.2 from zero, away from the kinks of relu and abs and the pole of
// division.
inline Tensor away_from_zero(const Shape& shape, std::uint64_t stream) {
  const Tensor t = numbers(shape, stream);
  std::vector<double> v = t.to_vector<double>();
  for (double& x : v) x += x < 0 ? -0.2 : 0.2;
  t.assign(v);
  return t;
}

// The same values in another dtype on another device.
inline Tensor convert(const Tensor& t, DType dtype, const Device& device) {
  return t ? Tensor::from(t.to_vector<double>(), t.shape(), dtype, device) : Tensor();
}

inline Tensors leaves(const Tensors& inputs) {
  Tensors copies;
  for (const Tensor& x : inputs) {
    copies.push_back(x.clone());
    copies.back().set_requires_grad(true);
  }
  return copies;
}

// The values, or zeros where a gradient is absent.
inline std::vector<double> values(const Tensor& g, const Tensor& like) {
  return g ? g.to_vector<double>() : std::vector<double>(static_cast<std::size_t>(like.count()), 0.0);
}

inline double dot(const Tensor& a, const Tensor& b) {
  const std::vector<double> x = a.to_vector<double>(), y = b.to_vector<double>();
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

// Empty if every element agrees within `tolerance` relative to 1 + |want|; else the first bad
// element, the number of bad ones, and the worst error. NaN never agrees.
inline std::string mismatch(const std::string& what, const std::vector<double>& got,
                            const std::vector<double>& want, double tolerance) {
  if (got.size() != want.size())
    return fmt::format("{}: {} values, expected {}", what, got.size(), want.size());
  std::size_t bad = 0, first = 0;
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double error = std::abs(got[i] - want[i]) / (1 + std::abs(want[i]));
    if (!(error <= tolerance) && bad++ == 0) first = i;
    if (!(error <= worst)) worst = error;
  }
  if (bad == 0) return "";
  return fmt::format("{}: index {} is {:.12g}, expected {:.12g}; {} of {} differ, worst {:.3g}", what, first,
                     got[first], want[first], bad, got.size(), worst);
}

inline void compare(const std::string& what, const std::vector<double>& got, const std::vector<double>& want,
                    double tolerance) {
  CHECK(mismatch(what, got, want, tolerance) == "");
}

// Two tensors. An absent one is a gradient on which nothing depends: zeros.
inline void compare(const std::string& what, const Tensor& got, const Tensor& want, double tolerance) {
  if (!got && !want) return;
  if (got && want)
    CHECK_MESSAGE(got.shape() == want.shape(),
                  what << ": " << got.shape().str() << ", " << want.shape().str());
  const std::vector<double> zeros(static_cast<std::size_t>((got ? got : want).count()));
  compare(what, got ? got.to_vector<double>() : zeros, want ? want.to_vector<double>() : zeros, tolerance);
}

// Central differences of a scalar function of tensors with respect to inputs[which], in place.
inline std::vector<double> differences(const std::function<double()>& f, const Tensor& input, double h) {
  const std::vector<double> at = input.to_vector<double>();
  std::vector<double> slopes(at.size());
  for (std::size_t i = 0; i < at.size(); ++i) {
    std::vector<double> moved = at;
    moved[i] = at[i] + h;
    input.assign(moved);
    const double up = f();
    moved[i] = at[i] - h;
    input.assign(moved);
    slopes[i] = (up - f()) / (2 * h);
  }
  input.assign(at);
  return slopes;
}

struct Options {
  double step = 1e-5;
  double tolerance = 1e-7;
};

// The first derivative in three ways: backward to leaves, grad, and grad(create_graph).
inline void check_first(const std::string& op, const Function& f, const Tensors& inputs, Options o = {}) {
  const Tensors xs = leaves(inputs);
  Tensor v;
  Tensors by_grad, by_graph;
  {
    Tape tape;
    const Tensor y = f(xs);
    v = numbers(y.shape(), 77);
    by_grad = tape.grad(y, xs, false, v);
    by_graph = tape.grad(y, xs, true, v);
    tape.backward(y, 0, v);
  }
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const std::vector<double> want = differences([&] { return dot(f(xs), v); }, xs[i], o.step);
    compare(fmt::format("{}: backward, input {}", op, i), values(xs[i].grad(), xs[i]), want, o.tolerance);
    compare(fmt::format("{}: grad, input {}", op, i), values(by_grad[i], xs[i]), want, o.tolerance);
    compare(fmt::format("{}: grad with create_graph, input {}", op, i), values(by_graph[i], xs[i]), want,
            o.tolerance);
  }
}

// sum_i <u_i, d<dy, f>/dx_i>, built on the tape with create_graph; xs and dy are leaves. u_i are
// fixed.
inline Tensor projected_gradient(Tape& tape, const Function& f, const Tensors& xs, const Tensor& dy) {
  const Tensors grads = tape.grad(f(xs), xs, true, dy);
  Tensor total = Tensor::zeros(Shape::scalar(), dy.dtype(), dy.device());
  for (std::size_t i = 0; i < grads.size(); ++i)
    if (grads[i])
      total =
          add(total, sum(mul(grads[i], convert(numbers(xs[i].shape(), 200 + i), dy.dtype(), dy.device()))));
  return total;
}

// The second derivative: the gradient of projected_gradient with respect to the inputs and dy, by
// backward and by grad, against central differences of the first derivative.
inline void check_second(const std::string& op, const Function& f, const Tensors& inputs, Options o = {}) {
  Tensors xs = leaves(inputs);
  {
    const NoGrad no_grad;
    xs.push_back(numbers(f(xs).shape(), 99));
  }
  const Tensor dy = xs.back();
  dy.set_requires_grad(true);
  const auto first = [&](Tape& tape) {
    return projected_gradient(tape, f, Tensors(xs.begin(), xs.end() - 1), dy);
  };
  Tensors by_grad;
  {
    Tape tape;
    const Tensor s = first(tape);
    by_grad = tape.grad(s, xs);
    tape.backward(s);
  }
  const auto value = [&] {
    Tape tape;
    return first(tape).item();
  };
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const std::vector<double> want = differences(value, xs[i], o.step);
    const std::string input = i + 1 == xs.size() ? "dy" : fmt::format("input {}", i);
    compare(fmt::format("{}: second derivative by backward, {}", op, input), values(xs[i].grad(), xs[i]),
            want, o.tolerance);
    compare(fmt::format("{}: second derivative by grad, {}", op, input), values(by_grad[i], xs[i]), want,
            o.tolerance);
  }
}

inline void check(const std::string& op, const Function& f, const Tensors& inputs, Options o = {}) {
  check_first(op, f, inputs, o);
  check_second(op, f, inputs, o);
}

}  // namespace sumi::gradcheck
