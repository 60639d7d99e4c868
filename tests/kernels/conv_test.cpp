// Convolution and transposed convolution: the reference against plain sums and the adjoint
// identity, every backend against the reference.
#include "kernels/conv.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/cases/conv.h"
#include "tests/kernels/harness.h"
#ifndef SUMI_CUDA
#include "kernels/emu/emu.h"
#endif

namespace sumi::test {
namespace {

using namespace sumi::kernels;

Job fprop_job(const ConvGeom& g, const std::vector<double>& x, const std::vector<double>& w,
              const std::vector<double>& bias) {
  return {
      "conv_fprop " + g.str(),
      {{g.x_shape(), x}, {g.w_shape(), w}, {Shape::vector(g.k), bias}},
      {g.y_shape()},
      [g](const Exec& e, const Ins& in, Outs& out, Write) { conv_fprop(e, g, in[0], in[1], in[2], out[0]); }};
}
Job dgrad_job(const ConvGeom& g, const std::vector<double>& dy, const std::vector<double>& w,
              const std::vector<double>& bias) {
  return {
      "conv_dgrad " + g.str(),
      {{g.y_shape(), dy}, {g.w_shape(), w}, {Shape::vector(g.c), bias}},
      {g.x_shape()},
      [g](const Exec& e, const Ins& in, Outs& out, Write) { conv_dgrad(e, g, in[0], in[1], in[2], out[0]); }};
}
Job wgrad_job(const ConvGeom& g, const std::vector<double>& x, const std::vector<double>& dy) {
  return {"conv_wgrad " + g.str(),
          {{g.x_shape(), x}, {g.y_shape(), dy}},
          {g.w_shape()},
          [g](const Exec& e, const Ins& in, Outs& out, Write write) {
            conv_wgrad(e, g, in[0], in[1], out[0], write);
          },
          true};
}

// The definition in another form: all taps, each tested for meeting the image.
std::vector<double> plain_fprop(const ConvGeom& g, const std::vector<double>& x,
                                const std::vector<double>& w) {
  std::vector<double> y(static_cast<std::size_t>(g.y_shape().count()));
  const std::int64_t groups = g.o.groups, cg = g.c / groups, kg = g.k / groups;
  for (std::int64_t n = 0; n < g.n; ++n)
    for (std::int64_t group = 0; group < groups; ++group)
      for (std::int64_t r = 0; r < g.r; ++r)
        for (std::int64_t s = 0; s < g.s; ++s)
          for (std::int64_t p = 0; p < g.p; ++p)
            for (std::int64_t q = 0; q < g.q; ++q) {
              const std::int64_t h = p * g.o.stride + r * g.o.dilation - g.o.pad_top;
              const std::int64_t v = q * g.o.stride + s * g.o.dilation - g.o.pad_left;
              if (h < 0 || v < 0 || h >= g.h || v >= g.w) continue;
              for (std::int64_t k = group * kg; k < (group + 1) * kg; ++k)
                for (std::int64_t c = 0; c < cg; ++c)
                  y[((n * g.p + p) * g.q + q) * g.k + k] +=
                      x[((n * g.h + h) * g.w + v) * g.c + group * cg + c] *
                      w[((k * g.r + r) * g.s + s) * cg + c];
            }
  return y;
}

void check_adjoint(const ConvGeom& g, bool transposed) {
  const auto x = integers(g.x_shape().count(), 1, 3), w = integers(g.w_shape().count(), 2, 3);
  const auto dy = integers(g.y_shape().count(), 3, 3);
  const auto y = only_output(fprop_job(g, x, w, {}));
  const auto dx = only_output(dgrad_job(g, dy, w, {})), dw = only_output(wgrad_job(g, x, dy));
  CAPTURE(g.str());
  CAPTURE(transposed);
  expect_close("conv_fprop " + g.str() + " against plain sums", y, plain_fprop(g, x, w), exactly);
  CHECK(dot(y, dy) == dot(x, dx));
  CHECK(dot(y, dy) == dot(w, dw));
}

void check_backends(const ConvGeom& g, bool with_bias) {
  const auto count = [](const Shape& s) { return s.count(); };
  for (DType t : {DType::f32, DType::bf16}) {
    const auto x = integers(count(g.x_shape()), 1, t), w = integers(count(g.w_shape()), 2, t);
    const auto dy = integers(count(g.y_shape()), 3, t);
    const auto bias = [&](std::int64_t n) { return with_bias ? integers(n, 4, t) : std::vector<double>(); };
    check_job(fprop_job(g, x, w, bias(g.k)), t, exactly);
    check_job(dgrad_job(g, dy, w, bias(g.c)), t, exactly);
    check_job(wgrad_job(g, x, dy), t, exactly);
  }
  const auto x = reals(count(g.x_shape()), 1), w = reals(count(g.w_shape()), 2),
             dy = reals(count(g.y_shape()), 3);
  const auto bias = [&](std::int64_t n) { return with_bias ? std::vector<double>() : reals(n, 4); };
  check_job(fprop_job(g, x, w, bias(g.k)), DType::f32, rounding(DType::f32));
  check_job(dgrad_job(g, dy, w, bias(g.c)), DType::f32, rounding(DType::f32));
  check_job(wgrad_job(g, x, dy), DType::f32, rounding(DType::f32));
}

}  // namespace

TEST_CASE("conv: sizes and text of a geometry") {
  const ConvGeom g = ConvGeom::make("t", {16, 64, 64, 3}, {64, 4, 4, 3}, ConvOptions::same_pads(2, 1));
  CHECK(g.y_shape() == Shape{16, 32, 32, 64});
  CHECK(g.str() == "n16h64w64c3k64r4s4u2p1");
  CHECK(g.macs() == 16LL * 32 * 32 * 64 * 4 * 4 * 3);
  const ConvGeom odd = ConvGeom::make("t", {1, 9, 8, 6}, {4, 3, 2, 3}, {2, 1, 0, 2, 3, 2, 2});
  CHECK(odd.y_shape() == Shape{1, 3, 6, 4});
  CHECK(odd.str() == "n1h9w8c6k4r3s2u2p1:0:2:3d2g2");
  const ConvGeom up =
      ConvGeom::make_transpose("t", {1, 5, 4, 7}, {7, 3, 3, 3}, ConvOptions::same_pads(2, 1), 1);
  CHECK(up.x_shape() == Shape{1, 10, 8, 3});
}

TEST_CASE("conv: values known by hand") {
  const ConvGeom g = ConvGeom::make("t", {1, 3, 3, 1}, {1, 2, 2, 1}, ConvOptions::same_pads(1, 0));
  const std::vector<double> x = {1, 2, 3, 4, 5, 6, 7, 8, 9}, w = {1, 2, 3, 4}, dy = {1, 2, 3, 4};
  CHECK(only_output(fprop_job(g, x, w, {10})) == std::vector<double>{47, 57, 77, 87});
  CHECK(only_output(dgrad_job(g, dy, w, {})) == std::vector<double>{1, 4, 4, 6, 20, 16, 9, 24, 16});
  CHECK(only_output(dgrad_job(g, dy, w, {1})) == std::vector<double>{2, 5, 5, 7, 21, 17, 10, 25, 17});
  CHECK(only_output(wgrad_job(g, x, dy)) == std::vector<double>{37, 47, 67, 77});
}

TEST_CASE("conv: the reference against plain sums, and its gradients as adjoints") {
  for (const auto& c : cases::conv_cases) check_adjoint(c.geom(), false);
}

TEST_CASE("conv: backends against the reference") {
  bool with_bias = false;
  for (const auto& c : cases::conv_cases) check_backends(c.geom(), with_bias = !with_bias);
}

TEST_CASE("conv: the log names what ran on CUDA") {
  const auto& devices = computing_devices();
  if (std::find(devices.begin(), devices.end(), cuda) == devices.end()) return;
  const ConvGeom g = ConvGeom::make("t", {1, 6, 5, 3}, {4, 3, 3, 3}, ConvOptions::same_pads(2, 1));
  const auto x = integers(g.x_shape().count(), 1, 3), w = integers(g.w_shape().count(), 2, 3);
  const auto dy = integers(g.y_shape().count(), 3, 3);
  CHECK(run(fprop_job(g, x, w, {}), cuda, DType::f32).log == KernelLog{"cuda naive"});
  CHECK(run(dgrad_job(g, dy, w, {}), cuda, DType::f32).log == KernelLog{"cuda naive"});
  CHECK(run(wgrad_job(g, x, dy), cuda, DType::f32).log == KernelLog{"cuda naive"});
}

TEST_CASE("conv_transpose: errors, launches and logs carry its own names, on every device") {
  const ConvGeom g =
      ConvGeom::make_transpose("t", {1, 3, 3, 2}, {2, 4, 4, 3}, ConvOptions::same_pads(2, 1), 0);
  const ConvGeom plain = ConvGeom::make("t", g.x_shape(), g.w_shape(), g.o);
  for (Device device : every_device()) {
    CAPTURE(device.str());
    const auto made = [&](const Shape& s) { return Buffer(s, DType::f32, device, reals(s.count(), 1)); };
    Buffer x = made(g.y_shape()), w = made(g.w_shape()), y = made(g.x_shape());
    Bench b(device);
    conv_transpose_fprop(b.exec, g, x, w, {}, y);
    conv_transpose_dgrad(b.exec, g, y, w, x);
    conv_transpose_wgrad(b.exec, g, x, y, w, Write::overwrite);
    const KernelLog log = b.log;
    const char* names[] = {"conv_transpose_fprop: ", "conv_transpose_dgrad: ", "conv_transpose_wgrad: "};
    if (!device.is_ref()) {  // which has one implementation and names none
      REQUIRE(log.size() == 3);
      for (std::size_t i = 0; i < 3; ++i) CHECK(log[i].starts_with(names[i]));
    }
    conv_dgrad(b.exec, plain, x, w, {}, y);
    CHECK((b.log.size() == log.size() || b.log.back().find("conv_") == std::string::npos));

    CHECK(error_of([&] { conv_transpose_fprop(b.exec, g, y, w, {}, y); }) ==
          "[conv_transpose_fprop] x is 1x6x6x3, expected 1x3x3x2");
    CHECK(error_of([&] { conv_transpose_dgrad(b.exec, g, x, w, x); }) ==
          "[conv_transpose_dgrad] y is 1x3x3x2, expected 1x6x6x3");
    CHECK(error_of([&] { conv_transpose_wgrad(b.exec, g, x, y, y, Write::overwrite); }) ==
          "[conv_transpose_wgrad] w is 1x6x6x3, expected 2x4x4x3");
    CHECK(error_of([&] {
            conv_transpose_fprop(b.exec, plain, x, w, {}, y);
          }).starts_with("[conv_transpose_fprop] takes a geometry of ConvGeom::make_transpose"));
    if (device.is_ref()) continue;
    Buffer x64({1, 3, 3, 2}, DType::f64, device), w64(g.w_shape(), DType::f64, device);
    Buffer y64(g.x_shape(), DType::f64, device);
    CHECK(error_of([&] {
            conv_transpose_fprop(b.exec, g, x64, w64, {}, y64);
          }).starts_with("[conv_transpose_fprop] f64"));
#ifndef SUMI_CUDA
    if (device.on_host()) continue;
    CHECK(emu::launch_count("conv_transpose_fprop_naive") > 0);
    CHECK(emu::launch_count("conv_transpose_dgrad_naive") > 0);
    CHECK(emu::launch_count("conv_transpose_wgrad_naive") > 0);
#endif
  }
}

TEST_CASE("conv_transpose: values known by hand") {
  // Stride 2 under a 2x2 filter: each pixel becomes a scaled copy of the filter.
  const ConvGeom g =
      ConvGeom::make_transpose("t", {1, 2, 2, 1}, {1, 2, 2, 1}, ConvOptions::same_pads(2, 0), 0);
  Bench b(ref);
  Buffer x({1, 2, 2, 1}, DType::f64, ref, {1, 2, 3, 4}), w({1, 2, 2, 1}, DType::f64, ref, {1, 2, 3, 4});
  Buffer bias(Shape::vector(1), DType::f64, ref, {1}), y(g.x_shape(), DType::f64, ref);
  conv_transpose_fprop(b.exec, g, x, w, bias, y);
  CHECK(y.get() == std::vector<double>{2, 3, 3, 5, 4, 5, 7, 9, 4, 7, 5, 9, 10, 13, 13, 17});
}

TEST_CASE("conv_transpose: the reference and its gradients as adjoints") {
  for (const auto& c : cases::conv_transpose_cases) {
    const ConvGeom g = c.geom();
    check_adjoint(g, true);
    // Under its own names: x and y have exchanged roles.
    const auto xv = integers(g.y_shape().count(), 5, 3), wv = integers(g.w_shape().count(), 6, 3);
    const auto dyv = integers(g.x_shape().count(), 7, 3);
    Bench b(ref);
    Buffer x(g.y_shape(), DType::f64, ref, xv), w(g.w_shape(), DType::f64, ref, wv);
    Buffer dy(g.x_shape(), DType::f64, ref, dyv), y(g.x_shape(), DType::f64, ref);
    Buffer dx(g.y_shape(), DType::f64, ref), dw(g.w_shape(), DType::f64, ref);
    conv_transpose_fprop(b.exec, g, x, w, {}, y);
    conv_transpose_dgrad(b.exec, g, dy, w, dx);
    conv_transpose_wgrad(b.exec, g, x, dy, dw, Write::overwrite);
    CAPTURE(c.name);
    CHECK(dot(y.get(), dyv) == dot(xv, dx.get()));
    CHECK(dot(y.get(), dyv) == dot(wv, dw.get()));
  }
}

TEST_CASE("conv_transpose: backends against the reference") {
  bool with_bias = false;
  for (const auto& c : cases::conv_transpose_cases) check_backends(c.geom(), with_bias = !with_bias);
}

}  // namespace sumi::test
