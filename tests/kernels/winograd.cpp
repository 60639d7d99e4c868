// What the table of convolutions is too small for: Winograd's tiles in several chunks, and its error.
#include <doctest/doctest.h>

#include <cmath>

#include "kernels/conv.h"
#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

struct Run {
  std::vector<double> y, dx, dw;
  KernelLog log;
};

Run run_all(const ConvGeom& g, const std::vector<double>& x, const std::vector<double>& w,
            const std::vector<double>& dy, Device device, DType t) {
  Run r;
  Scratch scratch;
  const Exec e{device, &scratch, &r.log};
  const Buffer bx(g.x_shape(), t, device, x), bw(g.w_shape(), t, device, w), bdy(g.y_shape(), t, device, dy);
  Buffer y(g.y_shape(), t, device), dx(g.x_shape(), t, device), dw(g.w_shape(), t, device);
  conv_fprop(e, g, bx, bw, {}, y);
  conv_dgrad(e, g, bdy, bw, {}, dx);
  conv_wgrad(e, g, bx, bdy, dw, Write::overwrite);
  r.y = y.get();
  r.dx = dx.get();
  r.dw = dw.get();
  return r;
}

std::vector<double> part(const std::vector<double>& all, std::int64_t i, std::int64_t size) {
  return {all.begin() + i * size, all.begin() + (i + 1) * size};
}

double relative_error(const std::vector<double>& got, const std::vector<double>& want) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    difference += (got[i] - want[i]) * (got[i] - want[i]);
    size += want[i] * want[i];
  }
  return std::sqrt(difference / size);
}

}  // namespace

// A tile knows nothing of its neighbours, so pictures together have the bits of pictures alone.
TEST_CASE("winograd: many tiles, in chunks, as picture by picture") {
  const ConvGeom all = ConvGeom::make("t", {4, 64, 62, 32}, {32, 3, 3, 32}, ConvOptions::same_pads(1, 1));
  const ConvGeom one = ConvGeom::make("t", {1, 64, 62, 32}, {32, 3, 3, 32}, ConvOptions::same_pads(1, 1));
  const auto x = reals(all.x_shape().count(), 1), w = reals(all.w_shape().count(), 2),
             dy = reals(all.y_shape().count(), 3);
  const Run together = run_all(all, x, w, dy, cpu, DType::f32);
  for (const std::string& ran : together.log) CHECK(ran == "own winograd");
  std::vector<double> dw(together.dw.size(), 0.0);
  const std::int64_t size = one.x_shape().count();
  for (std::int64_t i = 0; i < all.n; ++i) {
    const Run alone = run_all(one, part(x, i, size), w, part(dy, i, size), cpu, DType::f32);
    CHECK(alone.y == part(together.y, i, size));
    CHECK(alone.dx == part(together.dx, i, size));
    for (std::size_t j = 0; j < dw.size(); ++j) dw[j] += alone.dw[j];
  }
  CHECK(relative_error(together.dw, dw) < 1e-6);
}

TEST_CASE("winograd: the error stays near 1e-6") {
  const ConvGeom g = ConvGeom::make("t", {1, 14, 14, 256}, {64, 3, 3, 256}, ConvOptions::same_pads(1, 0));
  const auto x = reals(g.x_shape().count(), 1, 0, 1), w = reals(g.w_shape().count(), 2),
             dy = reals(g.y_shape().count(), 3);
  // The reference computes with the operands as f32 has them.
  const Run got = run_all(g, x, w, dy, cpu, DType::f32);
  const Run want =
      run_all(g, rounded(x, DType::f32), rounded(w, DType::f32), rounded(dy, DType::f32), ref, DType::f64);
  for (const std::string& ran : got.log) CHECK(ran == "own winograd");
  CHECK(relative_error(got.y, want.y) < 2e-6);
  CHECK(relative_error(got.dx, want.dx) < 2e-6);
  CHECK(relative_error(got.dw, want.dw) < 2e-6);
}

}  // namespace sumi::test
