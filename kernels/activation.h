// Elementwise functions of one operand, and their gradients.
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// `alpha` is the slope of leaky_relu; other functions ignore it. softplus(x) = log(1 + exp(x)),
// computed without overflow. heaviside(x) is 1 where x > 0, else 0; its derivative is 0 everywhere.
enum class Unary : std::uint8_t {
  identity,
  relu,
  leaky_relu,
  tanh,
  sigmoid,
  softplus,
  exp,
  log,
  sqrt,
  square,
  abs,
  reciprocal,
  heaviside
};

constexpr const char* name_of(Unary u) {
  constexpr const char* names[] = {"identity", "relu", "leaky_relu", "tanh", "sigmoid",    "softplus", "exp",
                                   "log",      "sqrt", "square",     "abs",  "reciprocal", "heaviside"};
  return names[static_cast<int>(u)];
}

// y = f(x). Same shape and dtype; y may be x (in place).
using UnaryForward = void(const Exec&, Unary, double alpha, View x, MutView y);
// dx (+)= f'(x) dy, given both x and y = f(x). At their kinks relu and abs have derivative 0 and
// leaky_relu has alpha, as in PyTorch. dx may be dy (in place).
using UnaryGrad = void(const Exec&, Unary, double alpha, View x, View y, View dy, MutView dx, Write);

namespace ref {
UnaryForward unary;
UnaryGrad unary_grad;
}  // namespace ref
namespace cpu {
UnaryForward unary;
UnaryGrad unary_grad;
}  // namespace cpu
namespace cuda {
UnaryForward unary;
UnaryGrad unary_grad;
}  // namespace cuda

inline void unary(const Exec& e, Unary f, double alpha, View x, MutView y) {
  check_on_device(name_of(f), e, {x, y});
  check_same_dtype(name_of(f), {x, y});
  check_shape(name_of(f), "y", y.shape, x.shape);
  on_device(
      name_of(f), e, [&] { ref::unary(e, f, alpha, x, y); }, [&] { cpu::unary(e, f, alpha, x, y); },
      [&] { cuda::unary(e, f, alpha, x, y); });
}
inline void unary_grad(const Exec& e, Unary f, double alpha, View x, View y, View dy, MutView dx,
                       Write write) {
  check_on_device(name_of(f), e, {x, y, dy, dx});
  check_same_dtype(name_of(f), {x, y, dy, dx});
  for (const View& v : {x, y, dy}) check_shape(name_of(f), "operand", v.shape, dx.shape);
  on_device(
      name_of(f), e, [&] { ref::unary_grad(e, f, alpha, x, y, dy, dx, write); },
      [&] { cpu::unary_grad(e, f, alpha, x, y, dy, dx, write); },
      [&] { cuda::unary_grad(e, f, alpha, x, y, dy, dx, write); });
}

// LeakyReLU by its own name: y = x where x > 0, slope * x elsewhere.
inline void leaky_relu(const Exec& e, double slope, View x, MutView y) {
  unary(e, Unary::leaky_relu, slope, x, y);
}
inline void leaky_relu_grad(const Exec& e, double slope, View x, View dy, MutView dx) {
  unary_grad(e, Unary::leaky_relu, slope, x, x, dy, dx, Write::overwrite);
}

}  // namespace sumi::kernels
