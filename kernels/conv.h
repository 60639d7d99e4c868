// Convolution and transposed convolution: one geometry, three functions each.
//
// Layouts: activations NHWC, weights KRSC ([k,r,s,c/groups]). All backends declare the same
// function types, so each signature is written once. Outputs are overwritten unless `Write` says
// otherwise. Operands share one dtype and live on exec.device; sums are accumulated in f32 or
// wider.
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// The three computations of a convolution: output, input gradient, weight gradient.
enum class ConvDirection : std::uint8_t { fprop, dgrad, wgrad };

// The parameters chosen by the caller; all others follow from the operands' shapes.
struct ConvOptions {
  int stride = 1;
  int pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;
  int dilation = 1;
  int groups = 1;

  static ConvOptions same_pads(int stride, int pad) { return {stride, pad, pad, pad, pad, 1, 1}; }
  bool operator==(const ConvOptions&) const = default;
};

// The sizes of one convolution x[n,h,w,c] * w[k,r,s,c/groups] -> y[n,p,q,k].
//   p = (h + pad_top + pad_bottom - dilation (r - 1) - 1) / stride + 1, rounded down; q likewise.
// A transposed convolution uses the same struct with exchanged roles: it reads [n,p,q,k] and writes
// [n,h,w,c]. `transposed` marks it, and its functions have names of their own.
struct ConvGeom {
  std::int64_t n, h, w, c, k, r, s, p, q;
  ConvOptions o;
  bool transposed = false;

  // Throws Error named `op` if channels, groups or sizes do not match.
  static ConvGeom make(const char* op, const Shape& x, const Shape& weight, const ConvOptions& o);

  // Transposed: x is [n,p,q,k], weight [k,r,s,c/groups]. The output height is h = (p - 1) stride -
  // pads + dilation (r - 1) + 1 + output_padding; output_padding must be smaller than the stride.
  static ConvGeom make_transpose(const char* op, const Shape& x, const Shape& weight, const ConvOptions& o,
                                 int output_padding);

  Shape x_shape() const { return {n, h, w, c}; }
  Shape w_shape() const { return {k, r, s, c / o.groups}; }
  Shape y_shape() const { return {n, p, q, k}; }
  std::int64_t macs() const { return n * p * q * k * r * s * (c / o.groups); }

  // The names of the three functions below in errors, logs and launches.
  const char* fprop_name() const { return transposed ? "conv_transpose_dgrad" : "conv_fprop"; }
  const char* dgrad_name() const { return transposed ? "conv_transpose_fprop" : "conv_dgrad"; }
  const char* wgrad_name() const { return transposed ? "conv_transpose_wgrad" : "conv_wgrad"; }

  // Returns "n16h64w64c3k64r4s4u2p1", followed by d (dilation) and g (groups) where they are not 1.
  // The pads are p1:2:1:2 (top:bottom:left:right) where they differ.
  std::string str() const;
  // The inverse of str(). Letters in any order; u, p, d and g default to 1, 0, 1, 1. The string
  // does not encode `transposed`. Throws Error named `where`, naming the invalid letter.
  static ConvGeom parse(const std::string& where, const std::string& text, bool transposed = false);
  bool operator==(const ConvGeom&) const = default;
};

// y = x * w + bias. bias: absent or [k].
using ConvFprop = void(const Exec&, const ConvGeom&, View x, View w, View bias, MutView y);
// dx = the gradient of fprop's x: each dy multiplied by w and scattered. bias (absent or [c]) is
// added per channel of dx; it serves as the bias of a transposed convolution.
using ConvDgrad = void(const Exec&, const ConvGeom&, View dy, View w, View bias, MutView dx);
// dw (+)= the gradient of fprop's weight. On CUDA devices dw may be f32 beside bf16 operands: the
// sums as they are, not rounded.
using ConvWgrad = void(const Exec&, const ConvGeom&, View x, View dy, MutView dw, Write);

namespace ref {
ConvFprop conv_fprop;
ConvDgrad conv_dgrad;
ConvWgrad conv_wgrad;
}  // namespace ref
namespace cpu {
ConvFprop conv_fprop;
ConvDgrad conv_dgrad;
ConvWgrad conv_wgrad;
}  // namespace cpu
namespace cuda {
ConvFprop conv_fprop;
ConvDgrad conv_dgrad;
ConvWgrad conv_wgrad;
}  // namespace cuda

// x, w and y have the roles they have in fprop.
inline void check_conv(const char* kernel, const Exec& e, const ConvGeom& g, View x, View w, View y,
                       View bias, std::int64_t bias_size) {
  check_on_device(kernel, e, {x, w, y, bias});
  check_same_dtype(kernel, {x, w, y, bias});
  check_shape(kernel, g.transposed ? "y" : "x", x.shape, g.x_shape());
  check_shape(kernel, "w", w.shape, g.w_shape());
  check_shape(kernel, g.transposed ? "x" : "y", y.shape, g.y_shape());
  if (bias) check_shape(kernel, "bias", bias.shape, Shape::vector(bias_size));
}

// Runs one of the three on exec's device. The log entries of a transposed convolution begin with
// its name.
template <class Ref, class Cpu, class Cuda>
void run_conv(const char* kernel, const Exec& e, const ConvGeom& g, Ref&& ref, Cpu&& cpu, Cuda&& cuda) {
  const std::size_t first = e.log ? e.log->size() : 0;
  on_device(kernel, e, ref, cpu, cuda);
  if (!e.log || !g.transposed) return;
  for (std::size_t i = first; i < e.log->size(); ++i) (*e.log)[i].insert(0, std::string(kernel) + ": ");
}

inline void conv_fprop(const Exec& e, const ConvGeom& g, View x, View w, View bias, MutView y) {
  check_conv(g.fprop_name(), e, g, x, w, y, bias, g.k);
  run_conv(
      g.fprop_name(), e, g, [&] { ref::conv_fprop(e, g, x, w, bias, y); },
      [&] { cpu::conv_fprop(e, g, x, w, bias, y); }, [&] { cuda::conv_fprop(e, g, x, w, bias, y); });
}
inline void conv_dgrad(const Exec& e, const ConvGeom& g, View dy, View w, View bias, MutView dx) {
  check_conv(g.dgrad_name(), e, g, dx, w, dy, bias, g.c);
  run_conv(
      g.dgrad_name(), e, g, [&] { ref::conv_dgrad(e, g, dy, w, bias, dx); },
      [&] { cpu::conv_dgrad(e, g, dy, w, bias, dx); }, [&] { cuda::conv_dgrad(e, g, dy, w, bias, dx); });
}
inline void conv_wgrad(const Exec& e, const ConvGeom& g, View x, View dy, MutView dw, Write write) {
  View weights = dw;
  if (!e.device.on_host() && x.dtype == DType::bf16 && dw.dtype == DType::f32) weights.dtype = x.dtype;
  check_conv(g.wgrad_name(), e, g, x, weights, dy, {}, 0);
  run_conv(
      g.wgrad_name(), e, g, [&] { ref::conv_wgrad(e, g, x, dy, dw, write); },
      [&] { cpu::conv_wgrad(e, g, x, dy, dw, write); }, [&] { cuda::conv_wgrad(e, g, x, dy, dw, write); });
}

// Transposed convolution: x [n,p,q,k] -> y [n,h,w,c], weight [k,r,s,c/groups], with `g` from
// make_transpose. The same three computations with exchanged roles, under their own names.
inline void check_transposed(const char* kernel, const ConvGeom& g) {
  if (!g.transposed) fail(kernel, "takes a geometry of ConvGeom::make_transpose, not " + g.str());
}
inline void conv_transpose_fprop(const Exec& e, const ConvGeom& g, View x, View w, View bias, MutView y) {
  check_transposed("conv_transpose_fprop", g);
  conv_dgrad(e, g, x, w, bias, y);
}
inline void conv_transpose_dgrad(const Exec& e, const ConvGeom& g, View dy, View w, MutView dx) {
  check_transposed("conv_transpose_dgrad", g);
  conv_fprop(e, g, dy, w, {}, dx);
}
inline void conv_transpose_wgrad(const Exec& e, const ConvGeom& g, View x, View dy, MutView dw, Write write) {
  check_transposed("conv_transpose_wgrad", g);
  conv_wgrad(e, g, dy, x, dw, write);
}

}  // namespace sumi::kernels
