// Lesson 3: one convolution on the reference loops, its two gradients, and the transposed one as its mirror.
#include <cstdio>
#include <exception>
#include <numeric>
#include <vector>

#include "kernels/conv.h"

using namespace sumi;
using kernels::ConvGeom;
using kernels::ConvOptions;

namespace {

constexpr Device kRef{Device::Kind::ref, 0};
using Numbers = std::vector<double>;

View view(const Numbers& v, const Shape& shape) {
  return {v.data(), DType::f64, shape, kRef};
}
MutView mut(Numbers& v, const Shape& shape) {
  return {v.data(), DType::f64, shape, kRef};
}

void print(const char* name, const Numbers& v, std::size_t columns) {
  std::printf("%s\n", name);
  for (std::size_t i = 0; i < v.size(); ++i)
    std::printf("%6.4g%s", v[i], i % columns == columns - 1 ? "\n" : "");
}

double dot(const Numbers& a, const Numbers& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

int main() try {
  const Shape xs{1, 4, 4, 1}, ws{1, 3, 3, 1};  // NHWC and KRSC
  const ConvOptions options = ConvOptions::same_pads(/*stride=*/2, /*pad=*/1);
  const ConvGeom g = ConvGeom::make("lesson", xs, ws, options);
  const Shape ys = g.y_shape();
  Numbers x(16), w{0, 1, 0, 1, -4, 1, 0, 1, 0};
  std::iota(x.begin(), x.end(), 1.0);
  Scratch scratch;
  const Exec exec{kRef, &scratch};

  Numbers y(4), dx(16), dw(9);
  kernels::conv_fprop(exec, g, view(x, xs), view(w, ws), {}, mut(y, ys));
  const Numbers dy{1, 0, 0, 2};  // as if the loss were L = 1 y[0,0] + 2 y[1,1]
  kernels::conv_dgrad(exec, g, view(dy, ys), view(w, ws), {}, mut(dx, xs));
  kernels::conv_wgrad(exec, g, view(x, xs), view(dy, ys), mut(dw, ws), Write::overwrite);
  print("x", x, 4);
  print("w", w, 3);
  print("y = x * w, stride 2, pad 1", y, 2);
  print("dy", dy, 2);
  print("dx", dx, 4);
  print("dw", dw, 3);

  // One bilinear form, read three ways: the adjoint identity.
  std::printf("<y, dy> = %g   <x, dx> = %g   <w, dw> = %g\n", dot(y, dy), dot(x, dx), dot(w, dw));
  bool right = dot(y, dy) == dot(x, dx) && dot(x, dx) == dot(w, dw);

  // dx[1,2] by definition: how L changes when that pixel does.
  const double step = 0.5;
  Numbers nudged = x, y2(4);
  nudged[6] += step;
  kernels::conv_fprop(exec, g, view(nudged, xs), view(w, ws), {}, mut(y2, ys));
  std::printf("(L(x[1,2] + %g) - L(x)) / %g = %g   dx[1,2] = %g\n", step, step,
              (dot(y2, dy) - dot(y, dy)) / step, dx[6]);
  right = right && (dot(y2, dy) - dot(y, dy)) / step == dx[6];

  // The mirror: dy is the picture now, and 2 x 2 becomes 4 x 4. Two sizes shrink to 2 under stride 2, 3 and 4;
  // output padding 1 says that 4 is meant.
  const ConvGeom mirror = ConvGeom::make_transpose("lesson", ys, ws, options, /*output_padding=*/1);
  Numbers up(16);
  kernels::conv_transpose_fprop(exec, mirror, view(dy, ys), view(w, ws), {}, mut(up, xs));
  print("dy *T w", up, 4);
  return right && up == dx ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
