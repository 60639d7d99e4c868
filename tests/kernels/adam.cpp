// Adam: steps computed by hand, weight decay, gradient scale and running average, and every backend against
// the reference.
#include "kernels/adam.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

// Outputs p, m, v and, where `average` has values, the running average.
Job adam_job(const AdamStep& s, std::int64_t count, std::uint64_t seed, bool average) {
  const Shape shape = Shape::vector(count);
  Job job{"adam",
          {{shape, reals(count, seed)}},
          {shape, shape, shape},
          [s, average](const Exec& e, const Ins& in, Outs& out, Write) {
            adam(e, s, out[0], in[0], out[1], out[2], average ? out[3].mut() : MutView{});
          },
          false,
          {reals(count, seed + 1), reals(count, seed + 2, -0.1, 0.1), reals(count, seed + 3, 0.001, 0.1)}};
  if (average) {
    job.out.push_back(shape);
    job.initial.push_back(reals(count, seed + 4));
  }
  return job;
}

}  // namespace

TEST_CASE("adam: three steps against the formula") {
  const double lr = 0.01, b1 = 0.5, b2 = 0.9, eps = 1e-8, scale = 0.5, decay = 0.1, keep = 0.75;
  double p = 1.5, m = 0, v = 0, ema = 1;
  Bench bench(ref);
  const Shape one = Shape::vector(1);
  Buffer bp(one, DType::f64, ref, {p}), bm(one, DType::f64, ref, {m}), bv(one, DType::f64, ref, {v});
  Buffer be(one, DType::f64, ref, {ema}), bg(one, DType::f64, ref);
  for (int step = 1; step <= 3; ++step) {
    const double grad = 0.3 * step, g = scale * grad + decay * p;
    m = b1 * m + (1 - b1) * g;
    v = b2 * v + (1 - b2) * g * g;
    const double m_hat = m / (1 - std::pow(b1, step)), v_hat = v / (1 - std::pow(b2, step));
    p -= lr * m_hat / (std::sqrt(v_hat) + eps);
    ema = keep * ema + (1 - keep) * p;
    bg.set({grad});
    adam(bench.exec, {lr, b1, b2, eps, decay, scale, keep, step}, bp, bg, bm, bv, be);
    CHECK(bp.get()[0] == doctest::Approx(p).epsilon(1e-14));
    CHECK(bm.get()[0] == doctest::Approx(m).epsilon(1e-14));
    CHECK(bv.get()[0] == doctest::Approx(v).epsilon(1e-14));
    CHECK(be.get()[0] == doctest::Approx(ema).epsilon(1e-14));
  }
}

TEST_CASE("adam: the first step is lr, whatever the gradient's size") {
  for (Device device : every_device()) {
    Bench b(device);
    const Shape s = Shape::vector(3);
    Buffer p(s, DType::f32, device, {1, 1, 1}), g(s, DType::f32, device, {1e-3, -5, 0});
    Buffer m(s, DType::f32, device, {0, 0, 0}), v(s, DType::f32, device, {0, 0, 0});
    adam(b.exec, {.lr = 0.25}, p, g, m, v, {});
    expect_close("first step", p.get(), {0.75, 1.25, 1}, {2e-5, 0});
  }
}

TEST_CASE("adam: backends against the reference") {
  for (std::int64_t count : {1, 7, 33, 5003})
    for (bool average : {false, true})
      for (std::int64_t step : {1, 2, 1000}) {
        AdamStep s;
        s.step = step;
        s.ema_decay = 0.999;
        check_job(adam_job(s, count, 1, average), DType::f32, rounding(DType::f32));
        s.weight_decay = 0.01;
        s.grad_scale = 1.0 / 128;
        check_job(adam_job(s, count, 1, average), DType::f32, rounding(DType::f32));
        // The same operations in the same order, each rounded once: the same bits on every device.
        const auto bits = run(adam_job(s, count, 1, average), cpu, DType::f32).bits;
        for (Device device : computing_devices())
          CHECK(run(adam_job(s, count, 1, average), device, DType::f32).bits == bits);
      }
}

}  // namespace sumi::test
