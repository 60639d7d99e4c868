// Feature-wise linear modulation: values by hand, derivatives by central differences, and every
// backend against the reference.
#include "kernels/film.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

using Numbers = std::vector<double>;

Shape vectors_of(const Shape& s) {
  return {s.n, 1, 1, s.c};
}

Job film_job(const Shape& s, const Numbers& x, const Numbers& gamma, const Numbers& beta, double slope,
             const PadGeom& pad = {}, const Numbers& residual = {}) {
  Job job{"film " + s.str(),
          {{s, x}, {vectors_of(s), gamma, true}, {vectors_of(s), beta, true}},
          {pad.padded(s)},
          [slope, pad](const Exec& e, const Ins& in, Outs& out, Write) {
            film(e, in[0], in[1], in[2], slope, in.size() > 3 ? in[3].view() : View{}, pad, out[0]);
          }};
  if (!residual.empty()) job.in.push_back({s, residual});
  return job;
}

// Outputs: dgamma, dbeta, and dx where it is wanted.
Job backward_job(const Shape& s, const Numbers& x, const Numbers& gamma, const Numbers& beta, double slope,
                 const Numbers& dy, bool with_dx = true) {
  Job job{"film_backward " + s.str(),
          {{s, x}, {vectors_of(s), gamma, true}, {vectors_of(s), beta, true}, {s, dy}},
          {vectors_of(s), vectors_of(s), s},
          [slope](const Exec& e, const Ins& in, Outs& out, Write) {
            film_backward(e, in[0], in[1], in[2], slope, in[3],
                          out.size() > 2 ? out[2].mutable_view() : MutView{}, out[0], out[1]);
          }};
  job.wide_out = {0, 1};
  if (!with_dx) job.out.resize(2);
  return job;
}

constexpr Shape shapes[] = {{1, 1, 1, 1}, {2, 3, 2, 5}, {3, 5, 7, 16}, {2, 40, 33, 3}, {1, 2, 3, 600}};

}  // namespace

TEST_CASE("film: one pixel of two samples by hand") {
  const Shape s{2, 1, 1, 2};
  // 2 * 3 - 1 = 5, and -1 * 2 + 0.5 = -1.5 of which the slope leaves -0.375; the second sample
  // has its own vectors.
  CHECK(only_output(film_job(s, {3, 2, 3, 2}, {2, -1, 1, 0}, {-1, 0.5, 1, -2}, 0.25)) ==
        Numbers{5, -0.375, 4, -0.5});
  CHECK(only_output(film_job(s, {3, 2, 3, 2}, {2, -1, 1, 0}, {-1, 0.5, 1, -2}, 1, {}, {1, 1, 1, 1})) ==
        Numbers{6, -0.5, 5, -1});
}

TEST_CASE("film: the gradients by central differences") {
  for (const Shape& s : shapes) {
    if (s.count() > 100) continue;
    const Numbers x = reals(s.count(), 1), gamma = reals(s.n * s.c, 2), beta = reals(s.n * s.c, 3),
                  dy = reals(s.count(), 4);
    const Values got = expected(backward_job(s, x, gamma, beta, 0.2, dy), DType::f64);
    const auto value = [&](const Numbers& at_x, const Numbers& at_gamma, const Numbers& at_beta) {
      return dot(only_output(film_job(s, at_x, at_gamma, at_beta, 0.2)), dy);
    };
    check_gradient(
        "dgamma " + s.str(), [&](const Numbers& at) { return value(x, at, beta); }, gamma, got[0]);
    check_gradient(
        "dbeta " + s.str(), [&](const Numbers& at) { return value(x, gamma, at); }, beta, got[1]);
    check_gradient(
        "dx " + s.str(), [&](const Numbers& at) { return value(at, gamma, beta); }, x, got[2]);
  }
}

TEST_CASE("film: backends against the reference") {
  for (const Shape& s : shapes)
    for (const DType t : {DType::f32, DType::bf16}) {
      const Numbers x = reals(s.count(), 1), gamma = reals(s.n * s.c, 2), beta = reals(s.n * s.c, 3),
                    more = reals(s.count(), 4);
      for (const double slope : {1.0, 0.2, 0.0}) {
        check_job(film_job(s, x, gamma, beta, slope), t, rounding(t));
        if (s.h > 1 && s.w > 1)
          check_job(film_job(s, x, gamma, beta, slope, {PadMode::reflect, 1, 1, 1, 1}, more), t, rounding(t));
        check_job(film_job(s, x, gamma, beta, slope, {PadMode::zero, 0, 2, 1, 0}), t, rounding(t));
        check_job(backward_job(s, x, gamma, beta, slope, more), t, rounding(t));
        check_job(backward_job(s, x, gamma, beta, slope, more, false), t, rounding(t));
      }
    }
}

TEST_CASE("film: the sums have the same bits whatever dx is wanted") {
  const Shape s{2, 40, 33, 3};
  const Numbers x = reals(s.count(), 1), gamma = reals(6, 2), beta = reals(6, 3), dy = reals(s.count(), 4);
  for (const Device device : every_device()) {
    const Result with = run(backward_job(s, x, gamma, beta, 0.2, dy), device, DType::f32);
    const Result without = run(backward_job(s, x, gamma, beta, 0.2, dy, false), device, DType::f32);
    CHECK(with.bits[0] == without.bits[0]);
    CHECK(with.bits[1] == without.bits[1]);
  }
}

TEST_CASE("film: errors name the operand") {
  Bench b(cpu);
  Buffer x({2, 3, 3, 4}, DType::f32, cpu, reals(72, 1)), y({2, 3, 3, 4}, DType::f32, cpu);
  Buffer gamma({2, 1, 1, 4}, DType::f32, cpu, reals(8, 2)), wrong({1, 1, 1, 4}, DType::f32, cpu, reals(4, 2));
  CHECK(has(error_of([&] { film(b.exec, x, wrong, gamma, 1, {}, {}, y); }), "a scale or shift"));
  CHECK(has(error_of([&] { film(b.exec, x, gamma, gamma, 1, wrong, {}, y); }), "an operand"));
  CHECK(has(error_of([&] { film(b.exec, x, gamma, gamma, 1, {}, {PadMode::zero, 1, 1, 1, 1}, y); }), "y"));
}

}  // namespace sumi::test
