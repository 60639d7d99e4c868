// Padding, resizing and pooling: values by hand, each gradient as the adjoint of its forward, and
// every backend against the reference.
#include "tests/cases/spatial.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

using Numbers = std::vector<double>;

Job pad_job(const cases::PadCase& c, const Numbers& x) {
  return {"pad " + c.x.str(),
          {{c.x, x}},
          {c.geom.padded(c.x)},
          [g = c.geom](const Exec& e, const Ins& in, Outs& out, Write) { pad(e, g, in[0], out[0]); }};
}
Job pad_grad_job(const cases::PadCase& c, const Numbers& dy) {
  return {
      "pad_grad " + c.x.str(),
      {{c.geom.padded(c.x), dy}},
      {c.x},
      [g = c.geom](const Exec& e, const Ins& in, Outs& out, Write w) { pad_grad(e, g, in[0], out[0], w); },
      true};
}

std::string text(const ResizeGeom& g) {
  const char* coords[] = {"half pixel", "align corners", "asymmetric"};
  return g.mode == ResizeMode::nearest ? "nearest" : coords[static_cast<int>(g.coords)];
}
Job resize_job(const ResizeGeom& g, const Shape& x, const Shape& y, const Numbers& values) {
  return {"resize " + x.str() + " to " + y.str() + ", " + text(g),
          {{x, values}},
          {y},
          [g](const Exec& e, const Ins& in, Outs& out, Write) { resize(e, g, in[0], out[0]); }};
}
Job padded_resize_job(const ResizeGeom& g, const PadGeom& pad, const Shape& x, const Shape& y,
                      const Numbers& values) {
  return {"resize " + x.str() + " to " + y.str() + " with a border, " + text(g),
          {{x, values}},
          {pad.padded(y)},
          [g, pad](const Exec& e, const Ins& in, Outs& out, Write) { resize(e, g, in[0], out[0], pad); }};
}
Job resize_grad_job(const ResizeGeom& g, const Shape& x, const Shape& y, const Numbers& dy) {
  return {"resize_grad " + y.str() + " to " + x.str() + ", " + text(g),
          {{y, dy}},
          {x},
          [g](const Exec& e, const Ins& in, Outs& out, Write w) { resize_grad(e, g, in[0], out[0], w); },
          true};
}
constexpr ResizeGeom all_geoms[] = {{ResizeMode::nearest, ResizeCoords::half_pixel},
                                    {ResizeMode::bilinear, ResizeCoords::half_pixel},
                                    {ResizeMode::bilinear, ResizeCoords::align_corners},
                                    {ResizeMode::bilinear, ResizeCoords::asymmetric}};

Job avg_job(const cases::PoolCase& c, const Numbers& x) {
  return {"avg_pool " + c.x.str(),
          {{c.x, x}},
          {c.geom.pooled(c.x)},
          [g = c.geom](const Exec& e, const Ins& in, Outs& out, Write) { avg_pool(e, g, in[0], out[0]); }};
}
Job avg_grad_job(const cases::PoolCase& c, const Numbers& dy) {
  return {"avg_pool_grad " + c.x.str(),
          {{c.geom.pooled(c.x), dy}},
          {c.x},
          [g = c.geom](const Exec& e, const Ins& in, Outs& out, Write w) {
            avg_pool_grad(e, g, in[0], out[0], w);
          },
          true};
}
Job pick_job(const cases::PoolCase& c, const Numbers& x, const Numbers& v) {
  return {"max_pool_pick " + c.x.str(),
          {{c.x, x}, {c.x, v}},
          {c.geom.pooled(c.x)},
          [g = c.geom](const Exec& e, const Ins& in, Outs& out, Write) {
            max_pool_pick(e, g, in[0], in[1], out[0]);
          }};
}
Job max_grad_job(const cases::PoolCase& c, const Numbers& x, const Numbers& dy) {
  return {"max_pool_grad " + c.x.str(),
          {{c.x, x}, {c.geom.pooled(c.x), dy}},
          {c.x},
          [g = c.geom](const Exec& e, const Ins& in, Outs& out, Write w) {
            max_pool_grad(e, g, in[0], in[1], out[0], w);
          },
          true};
}

// A shuffle of distinct values, so that no small step changes which one is the largest.
Numbers distinct(std::int64_t count) {
  Numbers x(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.125 * static_cast<double>(i);
  Dice dice(11);
  for (std::size_t i = x.size(); i > 1; --i) std::swap(x[i - 1], x[dice.next() % i]);
  return x;
}

}  // namespace

TEST_CASE("pad: values known by hand") {
  const Shape row{1, 1, 3, 1};
  CHECK(only_output(pad_job({row, {PadMode::zero, 0, 0, 1, 2}}, {1, 2, 3})) == Numbers{0, 1, 2, 3, 0, 0});
  CHECK(only_output(pad_job({row, {PadMode::reflect, 0, 0, 2, 1}}, {1, 2, 3})) == Numbers{3, 2, 1, 2, 3, 2});
  CHECK(only_output(pad_job({row, {PadMode::replicate, 0, 0, 2, 1}}, {1, 2, 3})) ==
        Numbers{1, 1, 1, 2, 3, 3});
  const Shape square{1, 2, 2, 1};
  CHECK(only_output(pad_job({square, {PadMode::reflect, 1, 0, 0, 1}}, {1, 2, 3, 4})) ==
        Numbers{3, 4, 3, 1, 2, 1, 3, 4, 3});
  CHECK(only_output(pad_grad_job({square, {PadMode::reflect, 1, 0, 0, 1}}, {1, 2, 3, 4, 5, 6, 7, 8, 9})) ==
        Numbers{10, 5, 20, 10});
}

TEST_CASE("pad: its gradient is its adjoint; backends against the reference") {
  for (const auto& c : cases::pad_cases) {
    const std::int64_t small = c.x.count(), big = c.geom.padded(c.x).count();
    const auto x = integers(small, 1, 3), dy = integers(big, 2, 3);
    CHECK(dot(only_output(pad_job(c, x)), dy) == dot(x, only_output(pad_grad_job(c, dy))));
    for (DType t : {DType::f32, DType::bf16}) {
      check_job(pad_job(c, reals(small, 3)), t, exactly);
      check_job(pad_grad_job(c, integers(big, 2, t)), t, exactly);
    }
  }
}

TEST_CASE("resize: values known by hand") {
  const Shape two{1, 1, 2, 1}, four{1, 1, 4, 1}, three{1, 1, 3, 1};
  const auto along = [](ResizeCoords coords, const Shape& x, const Shape& y, const Numbers& v) {
    return only_output(resize_job({ResizeMode::bilinear, coords}, x, y, v));
  };
  // PyTorch's interpolate on [0, 4] to four, and from four to two.
  CHECK(along(ResizeCoords::half_pixel, two, four, {0, 4}) == Numbers{0, 1, 3, 4});
  CHECK(along(ResizeCoords::half_pixel, four, two, {0, 1, 2, 3}) == Numbers{0.5, 2.5});
  CHECK(along(ResizeCoords::align_corners, two, three, {0, 4}) == Numbers{0, 2, 4});
  CHECK(along(ResizeCoords::align_corners, four, {1, 1, 1, 1}, {7, 1, 2, 3}) == Numbers{7});
  CHECK(along(ResizeCoords::asymmetric, two, four, {0, 4}) == Numbers{0, 2, 4, 4});
  CHECK(only_output(resize_job({}, two, {1, 2, 4, 1}, {1, 2})) == Numbers{1, 1, 2, 2, 1, 1, 2, 2});
  CHECK(only_output(resize_job({}, {1, 1, 5, 1}, three, {0, 1, 2, 3, 4})) == Numbers{0, 1, 3});
  CHECK(only_output(resize_grad_job({}, two, four, {1, 2, 3, 4})) == Numbers{3, 7});
  CHECK(only_output(resize_grad_job({ResizeMode::bilinear}, two, four, {1, 2, 3, 4})) == Numbers{3.25, 6.75});
}

TEST_CASE("resize: its gradient is its adjoint; backends against the reference") {
  for (const auto& c : cases::resize_cases)
    for (const ResizeGeom& g : all_geoms) {
      const auto x = reals(c.x.count(), 1), dy = reals(c.y().count(), 2);
      CHECK(dot(only_output(resize_job(g, c.x, c.y(), x)), dy) ==
            doctest::Approx(dot(x, only_output(resize_grad_job(g, c.x, c.y(), dy)))).epsilon(1e-12));
      for (DType t : {DType::f32, DType::bf16}) {
        const bool copies = g.mode == ResizeMode::nearest;
        check_job(resize_job(g, c.x, c.y(), x), t, copies ? exactly : rounding(t));
        check_job(resize_grad_job(g, c.x, c.y(), copies ? integers(c.y().count(), 2, t) : dy), t,
                  copies ? exactly : rounding(t));
      }
    }
}

TEST_CASE("resize: a border in the same pass is what padding the result gives") {
  constexpr PadGeom borders[] = {
      {PadMode::reflect, 1, 2, 2, 0}, {PadMode::replicate, 0, 3, 1, 1}, {PadMode::zero, 2, 0, 1, 3}};
  const Shape x{2, 3, 4, 5}, y{2, 6, 8, 5};
  for (const ResizeGeom& g : all_geoms)
    for (const PadGeom& pad : borders) {
      const auto values = reals(x.count(), 1);
      const Job job = padded_resize_job(g, pad, x, y, values);
      CHECK(only_output(job) == only_output(pad_job({y, pad}, only_output(resize_job(g, x, y, values)))));
      for (DType t : {DType::f32, DType::bf16})
        check_job(job, t, g.mode == ResizeMode::nearest ? exactly : rounding(t));
    }
}

TEST_CASE("pool: values known by hand, ties and NaN") {
  const cases::PoolCase c{{1, 2, 4, 1}, {2, 2}};
  CHECK(only_output(avg_job(c, {1, 2, 3, 4, 5, 6, 7, 8})) == Numbers{3.5, 5.5});
  CHECK(only_output(avg_grad_job(c, {4, 8})) == Numbers{1, 1, 2, 2, 1, 1, 2, 2});
  CHECK(only_output(pick_job(c, {1, 9, 3, 4, 5, 6, 7, 4}, {10, 11, 12, 13, 14, 15, 16, 17})) ==
        Numbers{11, 16});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (Device device : every_device())
    for (DType t : {DType::f32, DType::bf16}) {
      // A tie goes to the first in row-major order; NaN wins over all values.
      const auto tie = run(max_grad_job(c, {2, 2, 1, 1, 2, 2, 1, 3}, {1, 5}), device, t);
      CHECK(tie.values[0] == Numbers{1, 0, 0, 0, 0, 0, 0, 5});
      const auto with_nan = run(max_grad_job(c, {9, 2, nan, 1, nan, nan, 1, 3}, {1, 5}), device, t);
      CHECK(with_nan.values[0] == Numbers{0, 0, 5, 0, 1, 0, 0, 0});
      // The same in every one of eleven channels, most of which the processor compares side by
      // side; with windows that overlap and with a row and a column that no window holds.
      for (const PoolGeom& g : {PoolGeom{2, 2}, PoolGeom{2, 1}}) {
        const cases::PoolCase one{{1, 3, 5, 1}, g}, many{{1, 3, 5, 11}, g};
        const auto spread = [](const Numbers& x) {
          Numbers y;
          for (double v : x) y.insert(y.end(), 11, v);
          return y;
        };
        const Numbers x = {9, 2, nan, 1, 1, nan, nan, 1, 3, nan, -0.0, 0, 7, 7, 7};
        const Numbers v = integers(15, 20, 4), dy = integers(g.pooled(one.x).count(), 2, 5);
        for (const auto& [a, b] : {std::pair{pick_job(one, x, v), pick_job(many, spread(x), spread(v))},
                                   {max_grad_job(one, x, dy), max_grad_job(many, spread(x), spread(dy))}}) {
          const Numbers want = run(a, ref, t).values[0];
          CHECK(run(b, device, t).values[0] == spread(want));
        }
      }
    }
}

TEST_CASE("pool: gradients as adjoints and by central differences; backends against the reference") {
  for (const auto& c : cases::pool_cases) {
    const std::int64_t small = c.geom.pooled(c.x).count(), big = c.x.count();
    const auto dy = integers(small, 2, 3);
    const auto x = distinct(big), v = integers(big, 3, 3);
    CHECK(dot(only_output(avg_job(c, v)), dy) ==
          doctest::Approx(dot(v, only_output(avg_grad_job(c, dy)))).epsilon(1e-12));
    CHECK(dot(only_output(pick_job(c, x, v)), dy) == dot(v, only_output(max_grad_job(c, x, dy))));
    if (big < 500)
      check_gradient(
          "max_pool", [&](const Numbers& at) { return dot(only_output(pick_job(c, at, at)), dy); }, x,
          only_output(max_grad_job(c, x, dy)));
    for (DType t : {DType::f32, DType::bf16}) {
      check_job(avg_job(c, reals(big, 1)), t, rounding(t));
      check_job(avg_grad_job(c, reals(small, 2)), t, rounding(t));
      const auto ties = integers(big, 4, 2);
      check_job(pick_job(c, ties, reals(big, 5)), t, exactly);
      check_job(max_grad_job(c, ties, integers(small, 2, t)), t, exactly);
    }
  }
}

}  // namespace sumi::test
