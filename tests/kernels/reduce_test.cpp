// Sums: values by hand, the adjoint of broadcasting, and every backend against the reference.
#include "kernels/reduce.h"

#include <doctest/doctest.h>

#include <limits>

#include "kernels/elementwise.h"
#include "tests/cases/broadcast.h"
#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

Job sum_job(const cases::SumCase& c, double scale, const std::vector<double>& x) {
  return {"sum_to " + c.x.str() + " to " + c.y.str(),
          {{c.x, x}},
          {c.y},
          [scale](const Exec& e, const Ins& in, Outs& out, Write w) { sum_to(e, in[0], scale, out[0], w); },
          true};
}
Job squares_job(const Shape& s, const std::vector<double>& x) {
  return {"sum_squares " + s.str(),
          {{s, x}},
          {Shape::scalar()},
          [](const Exec& e, const Ins& in, Outs& out, Write) { sum_squares(e, in[0], out[0]); }};
}

}  // namespace

TEST_CASE("sum_to: values known by hand, and the adjoint of broadcasting") {
  const std::vector<double> x = {1, 2, 3, 4, 5, 6};
  CHECK(expected(sum_job({{1, 2, 1, 3}, {1, 1, 1, 3}}, 1, x), DType::f64)[0] == std::vector<double>{5, 7, 9});
  CHECK(expected(sum_job({{1, 2, 1, 3}, {1, 2, 1, 1}}, 2, x), DType::f64)[0] == std::vector<double>{12, 30});
  CHECK(expected(sum_job({{1, 2, 1, 3}, {1, 1, 1, 1}}, 0.5, x), DType::f64)[0] == std::vector<double>{10.5});
  for (const auto& c : cases::sum_cases) {
    const auto big = integers(c.x.count(), 1, 3), small = integers(c.y.count(), 2, 3);
    Bench b(ref);
    Buffer source(c.y, DType::f64, ref, small), spread(c.x, DType::f64, ref);
    affine(b.exec, source, 1, 0, spread, Write::overwrite);
    CHECK(dot(spread.get(), big) == dot(expected(sum_job(c, 1, big), DType::f64)[0], small));
  }
}

TEST_CASE("sum_to: backends against the reference") {
  for (const auto& c : cases::sum_cases)
    for (DType t : {DType::f32, DType::bf16}) {
      check_job(sum_job(c, 1, integers(c.x.count(), 1, t)), t, exactly);
      check_job(sum_job(c, 1.0 / 3, reals(c.x.count(), 1, 0.1, 2)), t, rounding(t));
    }
}

TEST_CASE("sum_squares: backends against the reference") {
  CHECK(expected(squares_job(Shape::vector(3), {1, -2, 3}), DType::f64)[0][0] == 14);
  for (Shape s : {Shape{1, 1, 1, 1}, Shape{2, 3, 5, 7}, Shape{3, 17, 19, 33}})
    for (DType t : {DType::f32, DType::bf16}) {
      check_job(squares_job(s, integers(s.count(), 1, t)), t, exactly);
      check_job(squares_job(s, reals(s.count(), 1)), t, rounding(t));
    }
}

TEST_CASE("count_nonfinite") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (Device device : every_device())
    for (DType t : {DType::f32, DType::bf16}) {
      Bench b(device);
      std::vector<double> x = reals(4099, 1);
      Buffer clean(Shape::vector(4099), t, device, x);
      CHECK(count_nonfinite(b.exec, clean) == 0);
      x[0] = nan, x[17] = inf, x[4098] = -inf, x[2000] = -nan;
      Buffer bad(Shape::vector(4099), t, device, x);
      CHECK(count_nonfinite(b.exec, bad) == 4);
    }
}

}  // namespace sumi::test
