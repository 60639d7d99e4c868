// Normalization in all groupings: statistics by hand, gradients by central differences, and every
// backend against the reference.
#include "kernels/norm.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/cases/norm.h"
#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

constexpr double slope = 0.2;
constexpr Unary acts[] = {Unary::identity, Unary::relu, Unary::leaky_relu, Unary::tanh, Unary::sigmoid};

// The operands of one normalization.
struct Norm {
  NormGeom g;
  Unary act = Unary::identity;
  bool fixed_stats = false;
  std::vector<double> x, mean, var, gamma, beta, dy, residual;
  PadGeom pad = {};
};

Job stats_job(const NormGeom& g, const std::vector<double>& x) {
  return {"norm_stats",
          {{g.x, x}},
          {g.stat_shape(), g.stat_shape()},
          [g](const Exec& e, const Ins& in, Outs& out, Write) { norm_stats(e, g, in[0], out[0], out[1]); },
          false,
          {},
          {0, 1}};
}
std::vector<Operand> affine_operands(const Norm& n) {
  const Shape c = Shape::vector(n.g.x.c), s = n.g.stat_shape();
  return {{n.g.x, n.x}, {s, n.mean, true}, {s, n.var, true}, {c, n.gamma, true}, {c, n.beta, true}};
}
Job apply_job(const Norm& n) {
  auto in = affine_operands(n);
  in.push_back({n.g.x, n.residual});
  return {std::string("norm_apply, ") + name_of(n.act),
          in,
          {n.pad.padded(n.g.x)},
          [g = n.g, act = n.act, pad = n.pad](const Exec& e, const Ins& i, Outs& out, Write) {
            norm_apply(e, g, i[0], i[1], i[2], i[3], i[4], act, slope, i[5], out[0], pad);
          }};
}
// dx, dgamma, dbeta. dx is overwritten in either mode, so only the other two have initial values.
Job backward_job(const Norm& n) {
  auto in = affine_operands(n);
  in.push_back({n.g.x, n.dy});
  const Shape c = Shape::vector(n.g.x.c);
  return {std::string("norm_backward, ") + name_of(n.act) + (n.fixed_stats ? ", fixed" : ""),
          in,
          {n.g.x, c, c},
          [g = n.g, act = n.act, fixed = n.fixed_stats](const Exec& e, const Ins& i, Outs& out, Write w) {
            norm_backward(e, g, i[0], i[1], i[2], i[3], i[4], act, slope, fixed, i[5], out[0], out[1], w,
                          out[2], w);
          },
          true,
          {},
          {1, 2}};
}

Norm make(const cases::NormCase& c, Unary act, bool affine, DType t) {
  Norm n{c.geom(), act, false, {}, {}, {}, {}, {}, {}, {}};
  n.x = rounded(reals(c.x.count(), 1, -1, 2), t);
  auto stats = expected(stats_job(n.g, n.x), DType::f64);
  const DType wide = NormGeom::vector_dtype(t);
  n.mean = rounded(stats[0], wide);
  n.var = rounded(stats[1], wide);
  if (affine) {
    n.gamma = rounded(reals(c.x.c, 2, 0.5, 1.5), wide);
    n.beta = rounded(reals(c.x.c, 3, -0.5, 0.5), wide);
  }
  n.dy = rounded(reals(c.x.count(), 4), t);
  return n;
}

// Values of z = gamma x_hat + beta so near the kink of relu that rounding decides the side are
// moved.
void avoid_kinks(Norm& n) {
  if (n.act != Unary::relu && n.act != Unary::leaky_relu) return;
  Norm raw = n;
  raw.act = Unary::identity;
  const auto z = expected(apply_job(raw), DType::f64)[0];
  for (std::size_t i = 0; i < z.size(); ++i)
    if (std::abs(z[i]) < 2e-3) n.dy[i] = 0;
}

double value(Norm n, const std::vector<double>& dy) {
  if (!n.fixed_stats) {
    auto stats = expected(stats_job(n.g, n.x), DType::f64);
    n.mean = stats[0];
    n.var = stats[1];
  }
  n.residual.clear();
  return dot(expected(apply_job(n), DType::f64)[0], dy);
}

}  // namespace

TEST_CASE("norm_stats: what one statistic covers, by hand") {
  const Shape x{2, 1, 2, 2};  // n, w, c
  const std::vector<double> v = {1, 10, 3, 20, 5, 30, 7, 40};
  const auto batch = expected(stats_job({x, 0, 0}, v), DType::f64);
  CHECK(batch[0] == std::vector<double>{4, 25});
  CHECK(batch[1] == std::vector<double>{5, 125});
  const auto instance = expected(stats_job({x, 2, 0}, v), DType::f64);
  CHECK(instance[0] == std::vector<double>{2, 15, 6, 35});
  CHECK(instance[1] == std::vector<double>{1, 25, 1, 25});
  const auto layer = expected(stats_job({x, 1, 0}, v), DType::f64);
  CHECK(layer[0] == std::vector<double>{8.5, 20.5});
  CHECK(layer[1] == std::vector<double>{55.25, 223.25});
}

TEST_CASE("norm_apply: values known by hand") {
  Norm n{{{1, 1, 2, 1}, 0, 0}, Unary::leaky_relu, false, {1, 5}, {3}, {4}, {3}, {1}, {}, {10, 20}};
  CHECK(expected(apply_job(n), DType::f64)[0] == std::vector<double>{10 + slope * -2, 24});
}

TEST_CASE("norm: gradients by central differences, all groupings, activations and fixed statistics") {
  for (const auto& c : cases::norm_cases) {
    if (c.x.count() > 400) continue;
    for (Unary act : acts)
      for (bool fixed : {false, true}) {
        Norm n = make(c, act, act != Unary::tanh, DType::f64);
        n.fixed_stats = fixed;
        avoid_kinks(n);
        const auto grads = expected(backward_job(n), DType::f64);
        const std::string what = std::string(c.name) + ", " + name_of(act) + (fixed ? ", fixed: " : ": ");
        const auto by = [&](std::vector<double> Norm::*member) {
          return [&n, member](const std::vector<double>& v) {
            Norm moved = n;
            moved.*member = v;
            return value(moved, n.dy);
          };
        };
        check_gradient(what + "dx", by(&Norm::x), n.x, grads[0], 1e-6);
        if (n.gamma.empty()) continue;
        check_gradient(what + "dgamma", by(&Norm::gamma), n.gamma, grads[1], 1e-6);
        check_gradient(what + "dbeta", by(&Norm::beta), n.beta, grads[2], 1e-6);
      }
  }
}

TEST_CASE("norm: backends against the reference") {
  for (const auto& c : cases::norm_cases)
    for (DType t : {DType::f32, DType::bf16}) {
      CAPTURE(c.name);
      const Norm plain = make(c, Unary::identity, true, t);
      check_job(stats_job(plain.g, plain.x), t, rounding(t));
      for (Unary act : acts)
        for (bool affine : {true, false}) {
          Norm n = make(c, act, affine, t);
          // Near-kink elements are harmless forward.
          check_job(apply_job(n), t, rounding(t));
          n.residual = reals(c.x.count(), 6);
          check_job(apply_job(n), t, rounding(t));
          avoid_kinks(n);
          const Tol tol = t == DType::bf16 ? Tol{0x1p-8, 1e-3} : Tol{2e-5, 2e-5};
          check_job(backward_job(n), t, tol);
          n.fixed_stats = true;
          check_job(backward_job(n), t, tol);
        }
    }
}

TEST_CASE("norm_apply: with a border, as norm and padding one after the other") {
  for (const auto& c : cases::norm_cases)
    for (DType t : {DType::f32, DType::bf16})
      for (PadMode mode : {PadMode::zero, PadMode::reflect, PadMode::replicate}) {
        CAPTURE(c.name);
        Norm n = make(c, Unary::leaky_relu, true, t);
        n.residual = rounded(reals(c.x.count(), 6), t);
        const auto most = [&](std::int64_t size, int wish) {
          return mode == PadMode::reflect ? static_cast<int>(std::min<std::int64_t>(size - 1, wish)) : wish;
        };
        n.pad = {mode, most(c.x.h, 1), most(c.x.h, 2), most(c.x.w, 3), most(c.x.w, 0)};
        check_job(apply_job(n), t, rounding(t));
        // The same pixels, bit by bit, as without a border.
        Norm bare = n;
        bare.pad = {};
        const Shape s = c.x, p = n.pad.padded(s);
        for (Device device : computing_devices()) {
          const auto with = run(apply_job(n), device, t).values[0],
                     inner = run(apply_job(bare), device, t).values[0];
          std::vector<double> cut;
          for (std::int64_t i = 0; i < s.n * s.h; ++i) {
            const std::int64_t row = (i / s.h * p.h + n.pad.top + i % s.h) * p.w + n.pad.left;
            cut.insert(cut.end(), with.begin() + row * s.c, with.begin() + (row + s.w) * s.c);
          }
          CHECK(cut == inner);
        }
      }
}

TEST_CASE("norm_stats: a mean far from zero does not eat the variance") {
  for (const auto& c : cases::norm_cases) {
    auto x = reals(c.x.count(), 1, -1, 1);
    for (double& v : x) v += 300;
    CAPTURE(c.name);
    check_job(stats_job(c.geom(), x), DType::f32, {1e-4, 1e-4});
  }
}

TEST_CASE("norm_stats: many chunks, columns and outliers, each channel on a scale of its own") {
  // Narrow, and so wide that columns are cut; rows for several chunks, and a number that nothing
  // divides.
  for (const Shape s :
       {Shape{1, 131, 67, 3}, Shape{2, 37, 9, 40}, Shape{3, 11, 13, 300}, Shape{1, 1, 5, 600}})
    for (const std::int64_t groups : {std::int64_t{0}, s.c, std::int64_t{1}}) {
      const NormGeom g{s, groups, 1e-5};
      auto x = reals(s.count(), 1, -1, 1);
      for (std::int64_t i = 0; i < s.count(); ++i) {
        const std::int64_t c = i % s.c, row = i / s.c % (s.h * s.w);
        double& v = x[static_cast<std::size_t>(i)];
        v = std::ldexp(v, static_cast<int>(c % 7) * 3);
        if (groups != 1 && c % 2 == 0 && row % 64 < 8) v += 1e4;  // where a block's center is taken
      }
      CAPTURE(s.str());
      CAPTURE(groups);
      const Job job = stats_job(g, rounded(x, DType::f32));
      const Values want = expected(job, DType::f32),
                   got = run(job, Device{Device::Kind::cpu}, DType::f32).values;
      for (std::size_t i = 0; i < want[1].size(); ++i) {
        CHECK(got[1][i] == doctest::Approx(want[1][i]).epsilon(4e-6));
        CHECK(std::abs(got[0][i] - want[0][i]) <= 1e-6 * (std::abs(want[0][i]) + std::sqrt(want[1][i])));
      }
    }
}

TEST_CASE("norm_backward: absent gradients of gamma and beta") {
  for (Device device : every_device()) {
    const Norm n = make(cases::norm_cases[1], Unary::relu, true, DType::f32);
    Bench b(device);
    const Shape c = Shape::vector(n.g.x.c);
    Buffer x(n.g.x, DType::f32, device, n.x), mean(c, DType::f32, device, n.mean),
        var(c, DType::f32, device, n.var);
    Buffer gamma(c, DType::f32, device, n.gamma), beta(c, DType::f32, device, n.beta);
    Buffer dy(n.g.x, DType::f32, device, n.dy), dx(n.g.x, DType::f32, device);
    norm_backward(b.exec, n.g, x, mean, var, gamma, beta, Unary::relu, 0, false, dy, dx, {}, Write::overwrite,
                  {}, Write::overwrite);
    expect_close("dx alone on " + device.str(), dx.get(), expected(backward_job(n), DType::f32)[0],
                 {2e-5, 2e-5});
  }
}

TEST_CASE("norm_apply: in place") {
  for (Device device : every_device())
    for (std::size_t i : {1U, 8U}) {
      const Norm n = make(cases::norm_cases[i], Unary::leaky_relu, true, DType::f32);
      Bench b(device);
      const Shape s = n.g.stat_shape();
      Buffer y(n.g.x, DType::f32, device, n.x), mean(s, DType::f32, device, n.mean),
          var(s, DType::f32, device, n.var);
      norm_apply(b.exec, n.g, y, mean, var, {}, {}, Unary::leaky_relu, slope, {}, y);
      Norm bare = n;
      bare.gamma.clear();
      bare.beta.clear();
      expect_close("in place on " + device.str(), y.get(), expected(apply_job(bare), DType::f32)[0],
                   rounding(DType::f32));
    }
}

TEST_CASE("norm_running: PyTorch's running statistics") {
  const NormGeom g{{2, 1, 2, 2}, 0, 1e-5};
  for (Device device : every_device()) {
    Bench b(device);
    const Shape c = Shape::vector(2);
    Buffer mean(c, DType::f32, device, {4, 25}), var(c, DType::f32, device, {6, 120});
    Buffer running_mean(c, DType::f32, device, {0, 1}), running_var(c, DType::f32, device, {1, 2});
    norm_running(b.exec, g, mean, var, 0.75, running_mean, running_var);
    // Four elements for each statistic: the unbiased variances are 8 and 160.
    expect_close("running mean", running_mean.get(), {1, 7}, rounding(DType::f32));
    expect_close("running var", running_var.get(), {2.75, 41.5}, rounding(DType::f32));
    CHECK(running_mean.overrun().empty());
    CHECK(running_var.overrun().empty());
  }
}

}  // namespace sumi::test
