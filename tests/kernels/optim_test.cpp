// Adam, AdamW and RMSProp: steps computed by hand, weight decay, gradient scale and running
// average, rates and scale from the device's memory, and every backend against the reference; the
// scale that clips a gradient.
#include "kernels/optim.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

constexpr Optimizer rules[] = {Optimizer::adam, Optimizer::adamw, Optimizer::rmsprop};

// Outputs p, v, m if there is one, and the running average if `average` has values. The second
// input is the scale on the device, if `scaled`.
Job update_job(const OptimizerStep& s, std::int64_t count, std::uint64_t seed, bool average, bool scaled) {
  const Shape shape = Shape::vector(count);
  const bool has_m = s.rule != Optimizer::rmsprop;
  Job job{name_of(s.rule),
          {{shape, reals(count, seed)}},
          {shape, shape},
          [=](const Exec& e, const Ins& in, Outs& out, Write) {
            const MutView m = has_m ? out[2].mutable_view() : MutView{};
            const MutView ema = average ? out[has_m ? 3 : 2].mutable_view() : MutView{};
            optimizer_step(e, s, out[0], in[0], m, out[1], ema, scaled ? in[1].view() : View{});
          },
          false,
          {reals(count, seed + 1), reals(count, seed + 3, 0.001, 0.1)}};
  if (scaled) job.in.push_back({Shape::scalar(), {0.375}});
  if (has_m) {
    job.out.push_back(shape);
    job.initial.push_back(reals(count, seed + 2, -0.1, 0.1));
  }
  if (average) {
    job.out.push_back(shape);
    job.initial.push_back(reals(count, seed + 4));
  }
  return job;
}

}  // namespace

TEST_CASE("optim: three steps against the formulas") {
  const double lr = 0.01, b1 = 0.5, b2 = 0.9, eps = 1e-8, scale = 0.5, decay = 0.1, keep = 0.28;
  for (const Optimizer rule : rules) {  // the average's decay: 2/11 and 3/12, then its limit
    CAPTURE(name_of(rule));
    double p = 1.5, m = 0, v = 0, ema = 1;
    Bench bench(ref);
    const Shape one = Shape::vector(1);
    Buffer bp(one, DType::f64, ref, {p}), bm(one, DType::f64, ref, {m}), bv(one, DType::f64, ref, {v});
    Buffer be(one, DType::f64, ref, {ema}), bg(one, DType::f64, ref);
    for (int step = 1; step <= 3; ++step) {
      const double grad = 0.3 * step;
      double g = scale * grad;
      if (rule == Optimizer::adamw)
        p *= 1 - lr * decay;
      else
        g += decay * p;
      v = b2 * v + (1 - b2) * g * g;
      if (rule == Optimizer::rmsprop) {
        p -= lr * g / (std::sqrt(v) + eps);
      } else {
        m = b1 * m + (1 - b1) * g;
        const double m_hat = m / (1 - std::pow(b1, step)), v_hat = v / (1 - std::pow(b2, step));
        p -= lr * m_hat / (std::sqrt(v_hat) + eps);
      }
      const double now = std::min(keep, (1.0 + step) / (10 + step));
      ema = now * ema + (1 - now) * p;
      bg.set({grad});
      optimizer_step(bench.exec, {rule, lr, b1, b2, eps, decay, scale, keep, step}, bp, bg,
                     rule == Optimizer::rmsprop ? MutView{} : bm.mutable_view(), bv, be, {});
      CHECK(bp.get()[0] == doctest::Approx(p).epsilon(1e-14));
      CHECK(bm.get()[0] == doctest::Approx(m).epsilon(1e-14));
      CHECK(bv.get()[0] == doctest::Approx(v).epsilon(1e-14));
      CHECK(be.get()[0] == doctest::Approx(ema).epsilon(1e-14));
    }
  }
}

TEST_CASE("optim: Adam's first step is lr, whatever the gradient's size") {
  for (Device device : every_device()) {
    Bench b(device);
    const Shape s = Shape::vector(3);
    Buffer p(s, DType::f32, device, {1, 1, 1}), g(s, DType::f32, device, {1e-3, -5, 0});
    Buffer m(s, DType::f32, device, {0, 0, 0}), v(s, DType::f32, device, {0, 0, 0});
    optimizer_step(b.exec, {.lr = 0.25}, p, g, m, v, {}, {});
    expect_close("first step", p.get(), {0.75, 1.25, 1}, {2e-5, 0});
  }
}

TEST_CASE("optim: backends against the reference") {
  for (const Optimizer rule : rules)
    for (std::int64_t count : {1, 7, 33, 5003})
      for (bool average : {false, true})
        for (std::int64_t step : {1, 2, 1000}) {
          OptimizerStep s;
          s.rule = rule;
          s.step = step;
          s.ema_decay = 0.999;
          check_job(update_job(s, count, 1, average, false), DType::f32, rounding(DType::f32));
          s.weight_decay = 0.01;
          s.grad_scale = 1.0 / 128;
          for (bool scaled : {false, true}) {
            const Job job = update_job(s, count, 1, average, scaled);
            check_job(job, DType::f32, rounding(DType::f32));
            // The same operations in the same order, each rounded once: the same bits on every
            // device.
            const auto bits = run(job, cpu, DType::f32).bits;
            for (Device device : computing_devices()) CHECK(run(job, device, DType::f32).bits == bits);
          }
        }
}

TEST_CASE("optim: rates from the device's memory give the bits of those that the host passes") {
  for (Device device : every_device())
    for (const Optimizer rule : rules)
      for (std::int64_t step : {1, 3, 1000}) {
        OptimizerStep s{rule, 0.003, 0.5, 0.999, 1e-8, 0.01, 1, 0.9, step};
        const auto want = run(update_job(s, 1000, 1, true, false), device, DType::f32).bits;
        const StepRates rates = step_rates(s);
        Buffer words(Shape::vector(4), DType::f64, device,
                     {rates.rate, rates.root, rates.shrink, rates.keep});
        s.rates = static_cast<const StepRates*>(words.view().data);
        s.lr = 1e9;  // not looked at
        s.step = 77;
        CHECK(run(update_job(s, 1000, 1, true, false), device, DType::f32).bits == want);
      }
}

TEST_CASE("ema: the decay rises to its limit") {
  CHECK(ema_decay_at(0.999, 1) == 2.0 / 11);
  CHECK(ema_decay_at(0.999, 90) == 0.91);
  CHECK(ema_decay_at(0.999, 8989) < 0.999);
  CHECK(ema_decay_at(0.999, 8991) == 0.999);
  CHECK(ema_decay_at(0.1, 1) == 0.1);
  CHECK(ema_decay_at(0, 5) == 0);
}

TEST_CASE("ema: backends against the reference, and the decay from the device's memory") {
  const auto job = [](std::int64_t count, double decay, const double* deferred) {
    const Shape shape = Shape::vector(count);
    return Job{"ema",
               {{shape, reals(count, 1)}},
               {shape},
               [=](const Exec& e, const Ins& in, Outs& out, Write) {
                 ema_update(e, decay, deferred, in[0], out[0]);
               },
               false,
               {reals(count, 2)}};
  };
  CHECK(only_output(job(1, 1, nullptr)) == reals(1, 2));
  CHECK(only_output(job(1, 0, nullptr)) == reals(1, 1));
  for (const std::int64_t count : {1, 7, 5003}) {
    check_job(job(count, 0.75, nullptr), DType::f32, rounding(DType::f32));
    const auto bits = run(job(count, 0.75, nullptr), cpu, DType::f32).bits;
    for (Device device : every_device()) {
      Buffer word(Shape::scalar(), DType::f64, device, {0.75});
      const auto* deferred = static_cast<const double*>(word.view().data);
      CHECK(run(job(count, 1e9, deferred), device, DType::f32).bits == bits);
    }
  }
}

TEST_CASE("optim: a scale of the gradient on the device is as good as one of the host's") {
  for (Device device : every_device())
    for (const Optimizer rule : rules) {
      OptimizerStep s;
      s.rule = rule;
      const auto want = [&] {
        s.grad_scale = 0.375;
        return run(update_job(s, 100, 1, false, false), device, DType::f32).bits;
      }();
      s.grad_scale = 1;
      CHECK(run(update_job(s, 100, 1, false, true), device, DType::f32).bits == want);
    }
}

TEST_CASE("clip_scale: the norm, and what brings it down to the limit") {
  for (Device device : every_device())
    for (DType t : {DType::f32, DType::f64}) {
      if (t == DType::f64 && !device.is_ref()) continue;
      Bench b(device);
      Buffer squares(Shape::vector(3), t, device, {4, 0, 12}), scale(Shape::scalar(), t, device),
          norm(Shape::scalar(), t, device);
      const double rel = t == DType::f32 ? 1e-7 : 1e-15;
      for (const double clip : {0.5, 3.9, 4.0, 4.1, 100.0}) {
        CAPTURE(clip);
        clip_scale(b.exec, squares, clip, scale, norm);
        CHECK(norm.get()[0] == 4);
        CHECK(scale.get()[0] == doctest::Approx(clip <= 4 ? clip / (4 + 1e-6) : 1).epsilon(rel));
      }
      clip_scale(b.exec, squares, 2, scale, {});  // the norm is not requested
      CHECK(scale.get()[0] == doctest::Approx(2 / (4 + 1e-6)).epsilon(rel));
    }
}

}  // namespace sumi::test
