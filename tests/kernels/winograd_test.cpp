// Winograd's algorithms: all of them on small images, tiles in several chunks, and the error.
#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "kernels/build.h"
#include "kernels/conv.h"
#include "kernels/conv_plan.h"
#include "kernels/cpu/winograd.h"
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

// Tiles are independent, so images in a batch have the same bits as single images.
TEST_CASE("winograd: many tiles, in chunks, as image by image") {
  const ConvGeom all = ConvGeom::make("t", {4, 64, 62, 64}, {64, 3, 3, 64}, ConvOptions::same_pads(1, 1));
  const ConvGeom one = ConvGeom::make("t", {1, 64, 62, 64}, {64, 3, 3, 64}, ConvOptions::same_pads(1, 1));
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
  CHECK(relative_error(together.dw, dw) < 4e-6);  // sums over 16,000 pixels in two orders
}

namespace {

// The three directions by the algorithm for g, whether or not it would be selected, with a bias,
// accumulating onto ones in wgrad.
Run run_form(const ConvGeom& g, const std::vector<double>& x, const std::vector<double>& w,
             const std::vector<double>& dy, const std::vector<double>& bias) {
  Run r;
  Scratch scratch;
  const Exec e{cpu, &scratch, &r.log};
  const std::vector<double> halves(static_cast<std::size_t>(g.c), 0.5);
  Buffer bx(g.x_shape(), DType::f32, cpu, x), bw(g.w_shape(), DType::f32, cpu, w);
  Buffer bdy(g.y_shape(), DType::f32, cpu, dy), bb(Shape::vector(g.k), DType::f32, cpu, bias);
  Buffer bc(Shape::vector(g.c), DType::f32, cpu, halves);
  Buffer y(g.y_shape(), DType::f32, cpu), dx(g.x_shape(), DType::f32, cpu);
  Buffer dw(g.w_shape(), DType::f32, cpu, std::vector<double>(w.size(), 1.0));
  const auto f = [](Buffer& b) { return b.mutable_view().as<float>(); };
  cpu::winograd(e, cpu::Direction::fprop, g, {f(bx), f(bw), f(y), f(bb), false});
  cpu::winograd(e, cpu::Direction::dgrad, g, {f(dx), f(bw), f(bdy), f(bc), false});
  cpu::winograd(e, cpu::Direction::wgrad, g, {f(bx), f(dw), f(bdy), nullptr, true});
  for (const Buffer* b : {&bx, &bw, &bdy, &y, &dx, &dw}) CHECK(b->overrun().empty());
  r.y = y.get();
  r.dx = dx.get();
  r.dw = dw.get();
  for (double& v : r.dx) v -= 0.5;
  for (double& v : r.dw) v -= 1.0;
  return r;
}

}  // namespace

TEST_CASE("winograd: every form, any size and padding, as the definition has it") {
  const std::pair<int, int> forms[] = {{3, 1}, {4, 1}, {7, 1}, {3, 2}, {4, 2}};
  std::uint64_t seed = 7;
  for (const auto& [side, stride] : forms)
    for (const Shape& x_shape : {Shape{1, 9, 11, 5}, Shape{3, 16, 8, 17}, Shape{2, 7, 23, 8}})
      for (const std::array<int, 4>& pads :
           {std::array{0, 0, 0, 0}, std::array{1, 1, 1, 1}, std::array{0, 1, 2, 0}, std::array{3, 2, 1, 3}}) {
        ConvOptions o;
        o.stride = stride;
        o.pad_top = pads[0];
        o.pad_bottom = pads[1];
        o.pad_left = pads[2];
        o.pad_right = pads[3];
        const ConvGeom g = ConvGeom::make("t", x_shape, {19, side, side, x_shape.c}, o);
        CAPTURE(g.str());
        REQUIRE(cpu::winograd_knows(g));
        const auto x = rounded(reals(g.x_shape().count(), ++seed), DType::f32),
                   w = rounded(reals(g.w_shape().count(), ++seed), DType::f32),
                   dy = rounded(reals(g.y_shape().count(), ++seed), DType::f32),
                   bias = rounded(reals(g.k, ++seed), DType::f32);
        const Run got = run_form(g, x, w, dy, bias);
        Run want = run_all(g, x, w, dy, ref, DType::f64);
        for (std::size_t i = 0; i < want.y.size(); ++i) want.y[i] += bias[i % bias.size()];
        CHECK(relative_error(got.y, want.y) < 2e-6);
        CHECK(relative_error(got.dx, want.dx) < 2e-6);
        CHECK(relative_error(got.dw, want.dw) < 2e-6);
      }
}

TEST_CASE("winograd: the error stays near 1e-6") {
  const std::array<int, 3> forms[] = {{3, 1, 0}, {4, 1, 1}, {7, 1, 0}, {3, 2, 1}, {4, 2, 1}};
  for (const auto& [side, stride, pad] : forms) {
    const ConvGeom g =
        ConvGeom::make("t", {4, 32, 32, 256}, {64, side, side, 256}, ConvOptions::same_pads(stride, pad));
    CAPTURE(g.str());
    const auto x = rounded(reals(g.x_shape().count(), 1, 0, 1), DType::f32),
               w = rounded(reals(g.w_shape().count(), 2), DType::f32),
               dy = rounded(reals(g.y_shape().count(), 3), DType::f32);
    const Run got = run_form(g, x, w, dy, std::vector<double>(64, 0.0));
    const Run want = run_all(g, x, w, dy, ref, DType::f64);
    CHECK(relative_error(got.y, want.y) < 2e-6);
    CHECK(relative_error(got.dx, want.dx) < 2e-6);
    CHECK(relative_error(got.dw, want.dw) < 2e-6);
  }
}

TEST_CASE("conv policy: who convolves on the CPU follows the Exec, and all agree") {
  const ConvGeom g = ConvGeom::make("t", {2, 32, 32, 64}, {64, 3, 3, 64}, ConvOptions::same_pads(1, 1));
  const Buffer x(g.x_shape(), DType::f32, cpu, reals(g.x_shape().count(), 1)),
      w(g.w_shape(), DType::f32, cpu, reals(g.w_shape().count(), 2));
  const auto run_as = [&](const ConvPolicy& policy, std::string& ran) {
    Bench b(cpu);
    b.exec.conv = policy;
    Buffer y(g.y_shape(), DType::f32, cpu);
    conv_fprop(b.exec, g, x, w, {}, y);
    REQUIRE(b.log.size() == 1);
    ran = b.log.front();
    return y.get();
  };
  std::string ran;
  const auto any = run_as({}, ran);
  CHECK(ran == "own winograd");
  const auto exact = run_as({ConvBackend::automatic, true}, ran);
  CHECK(ran != "own winograd");
  const auto own = run_as({ConvBackend::native, true}, ran);
  CHECK(ran == "own implicit gemm");
  const auto onednn = run_as({ConvBackend::onednn, false}, ran);
  const bool here = std::string(cpu_library()).find("oneDNN") != std::string::npos;
  CHECK(ran.starts_with(here ? "onednn" : "own implicit gemm"));
  for (const auto* other : {&exact, &own, &onednn}) CHECK(relative_error(*other, any) < 2e-6);
}

TEST_CASE("conv plan: each direction follows the plan where it can, and the rules where it has nothing") {
  const ConvGeom g = ConvGeom::make("t", {1, 8, 8, 16}, {16, 3, 3, 16}, ConvOptions::same_pads(1, 1)),
                 five = ConvGeom::make("t", {1, 8, 8, 16}, {16, 5, 5, 16}, ConvOptions::same_pads(1, 2));
  const ConvCall use{ConvDirection::fprop, g}, other{ConvDirection::dgrad, g},
      without{ConvDirection::fprop, five};
  CHECK(use.str() == "fprop n1h8w8c16k16r3s3u1p1");
  auto plan = std::make_shared<ConvPlan>();
  ConvPolicy policy;
  policy.plan = plan;
  const ConvAlgorithm rule = cpu::conv_method({}, use);
  for (const ConvAlgorithm m : kConvMethods) {
    plan->methods = {{use.str(), m}, {without.str(), m}};
    CHECK(cpu::conv_method(policy, use) == (cpu::conv_possible(m, use) ? m : rule));
    CHECK(cpu::conv_method(policy, other) == cpu::conv_method({}, other));
    if (m == ConvAlgorithm::winograd) {  // no algorithm for 5x5, and none if results must be exact
      CHECK(cpu::conv_method(policy, without) == cpu::conv_method({}, without));
      ConvPolicy exact = policy;
      exact.exact = true;
      CHECK(cpu::conv_method(exact, use) != ConvAlgorithm::winograd);
    }
  }
  // The selected algorithm runs, and the request is recorded.
  Bench b(cpu);
  ConvCalls uses;
  b.exec.conv = policy;
  b.exec.conv_uses = &uses;
  const Buffer x(g.x_shape(), DType::f32, cpu, reals(g.x_shape().count(), 1)),
      w(g.w_shape(), DType::f32, cpu, reals(g.w_shape().count(), 2));
  Buffer y(g.y_shape(), DType::f32, cpu);
  conv_fprop(b.exec, g, x, w, {}, y);
  CHECK(b.log.front() == "own winograd");
  REQUIRE(uses.uses.size() == 1);
  CHECK(uses.uses.front().str() == use.str());
}

}  // namespace sumi::test
