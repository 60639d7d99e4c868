// Arithmetic with broadcasting, scaling, filling, conversion and boxes: plain recomputation, and
// every backend against the reference.
#include "kernels/elementwise.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/cases/broadcast.h"
#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

constexpr Binary every_binary[] = {Binary::add, Binary::sub,     Binary::mul,
                                   Binary::div, Binary::maximum, Binary::minimum};

Job binary_job(Binary op, const cases::BroadcastCase& c, const std::vector<double>& a,
               const std::vector<double>& b) {
  return {std::string(name_of(op)) + " " + c.a.str() + " and " + c.b.str() + " to " + c.y.str(),
          {{c.a, a}, {c.b, b}},
          {c.y},
          [op](const Exec& e, const Ins& in, Outs& out, Write w) { binary(e, op, in[0], in[1], out[0], w); },
          true};
}
Job affine_job(const Shape& x, const Shape& y, double scale, double shift,
               const std::vector<double>& values) {
  return {
      "affine " + x.str() + " to " + y.str(),
      {{x, values}},
      {y},
      [=](const Exec& e, const Ins& in, Outs& out, Write w) { affine(e, in[0], scale, shift, out[0], w); },
      true};
}
Job box_job(const cases::BoxCase& c, const std::vector<double>& src) {
  return {"copy_box " + c.extent.str() + " from " + c.src.str() + " to " + c.dst.str(),
          {{c.src, src}},
          {c.dst},
          [c](const Exec& e, const Ins& in, Outs& out, Write w) {
            copy_box(e, in[0], c.src_at, out[0], c.dst_at, c.extent, w);
          },
          true,
          {integers(c.dst.count(), 9, 1)}};  // what lies outside the box keeps its value
}

}  // namespace

TEST_CASE("binary: values known by hand") {
  const cases::BroadcastCase c{{1, 2, 1, 1}, {1, 1, 1, 3}, {1, 2, 1, 3}};
  const auto of = [&](Binary op) { return expected(binary_job(op, c, {12, -6}, {1, 2, 3}), DType::f64)[0]; };
  CHECK(of(Binary::add) == std::vector<double>{13, 14, 15, -5, -4, -3});
  CHECK(of(Binary::sub) == std::vector<double>{11, 10, 9, -7, -8, -9});
  CHECK(of(Binary::mul) == std::vector<double>{12, 24, 36, -6, -12, -18});
  CHECK(of(Binary::div) == std::vector<double>{12, 6, 4, -6, -3, -2});
  CHECK(of(Binary::maximum) == std::vector<double>{12, 12, 12, 1, 2, 3});
  CHECK(of(Binary::minimum) == std::vector<double>{1, 2, 3, -6, -6, -6});
}

TEST_CASE("binary: backends against the reference") {
  for (const auto& c : cases::broadcast_cases)
    for (Binary op : every_binary)
      for (DType t : {DType::f32, DType::bf16}) {
        auto b = integers(c.b.count(), 2, t);
        if (op == Binary::div)
          for (double& v : b) v = v < 0 ? -0.5 : 2;
        check_job(binary_job(op, c, integers(c.a.count(), 1, t), b), t, exactly);
        for (double& v : b) v = v + 0.3 + 2 * (v > 0);
        check_job(binary_job(op, c, reals(c.a.count(), 1), b), t, rounding(t));
      }
}

TEST_CASE("maximum and minimum: NaN on either side stays NaN") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Shape s = Shape::vector(2);
  for (Device device : every_device())
    for (Binary op : {Binary::maximum, Binary::minimum}) {
      CAPTURE(device.str());
      const Result result = run(binary_job(op, {s, s, s}, {nan, 1}, {1, nan}), device, DType::f32);
      for (double y : result.values[0]) CHECK(std::isnan(y));
    }
}

TEST_CASE("affine: backends against the reference") {
  CHECK(expected(affine_job({1, 1, 1, 2}, {1, 2, 1, 2}, 2, 1, {3, 5}), DType::f64)[0] ==
        std::vector<double>{7, 11, 7, 11});
  for (const auto& c : cases::broadcast_cases)
    for (DType t : {DType::f32, DType::bf16}) {
      check_job(affine_job(c.a, c.y, -2, 1, integers(c.a.count(), 1, t)), t, exactly);
      check_job(affine_job(c.a, c.y, 0.3, -0.7, reals(c.a.count(), 1)), t, rounding(t));
    }
}

TEST_CASE("fill") {
  for (Device device : every_device())
    for (DType t : {DType::f32, DType::bf16})
      for (std::int64_t count : {1, 7, 1001}) {
        Bench b(device);
        Buffer y(Shape::vector(count), t, device);
        fill(b.exec, 0.1, y);
        expect_close("fill", y.get(), rounded(std::vector<double>(static_cast<std::size_t>(count), 0.1), t),
                     exactly);
        CHECK(y.overrun().empty());
      }
}

TEST_CASE("cast: round to nearest even, NaN and infinity kept, the same bits everywhere") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> x = {1.00390625, 1.01171875, 1.005, -1.00390625, 0,  -0.0,
                           3.4e38,     inf,        -inf,  1e-40,       nan};
  const std::size_t known = x.size();
  for (double v : reals(200, 3, -100, 100)) x.push_back(v);
  const Shape s = Shape::vector(static_cast<std::int64_t>(x.size()));
  std::vector<std::uint8_t> first;
  for (Device device : every_device()) {
    Bench b(device);
    Buffer wide(s, DType::f32, device, x), narrow(s, DType::bf16, device), back(s, DType::f32, device);
    cast(b.exec, wide, narrow);
    cast(b.exec, narrow, back);
    auto y = narrow.get();
    CHECK(y[0] == 1);  // a tie, to even
    CHECK(y[1] == 1.015625);
    CHECK(y[2] == 1.0078125);
    CHECK(y[3] == -1);
    CHECK((y[4] == 0 && y[5] == 0 && std::signbit(y[5])));
    CHECK((y[6] == inf && y[7] == inf && y[8] == -inf));
    CHECK(std::isnan(y[known - 1]));
    auto z = back.get();
    y.erase(y.begin() + static_cast<std::ptrdiff_t>(known) - 1);
    z.erase(z.begin() + static_cast<std::ptrdiff_t>(known) - 1);
    expect_close("there and back", z, y, exactly);
    // To its own type: a copy.
    for (Buffer* of : {&wide, &narrow}) {
      Buffer copy(s, of->view().dtype, device);
      cast(b.exec, *of, copy);
      auto got = copy.get(), want = of->get();
      CHECK(std::isnan(got[known - 1]));
      got[known - 1] = want[known - 1] = 0;
      CHECK(got == want);
    }
    // Added to what is there, in the wider type: 1 + 2^-8 would be 1 in bf16.
    Buffer sum(s, DType::f32, device, std::vector<double>(x.size(), 0x1p-8));
    cast(b.exec, narrow, sum, Write::accumulate);
    CHECK(sum.get()[0] == 1 + 0x1p-8);
    CHECK(sum.get()[1] == 1.015625 + 0x1p-8);
    auto bits = narrow.bits();
    bits[2 * known - 2] = bits[2 * known - 1] = 0;  // which NaN: a GPU's instruction gives 0x7FFF
    if (first.empty()) first = bits;
    CHECK(first == bits);
  }
  Bench b(ref);
  Buffer f64(s, DType::f64, ref, x), f32(s, DType::f32, ref);
  cast(b.exec, f64, f32);
  CHECK(f32.get()[2] == static_cast<double>(1.005F));
}

TEST_CASE("copy_box: concatenation and slices") {
  Job job = box_job({{1, 1, 2, 2}, {0, 0, 1, 0}, {1, 1, 2, 3}, {0, 0, 0, 1}, {1, 1, 1, 2}}, {1, 2, 3, 4});
  job.initial = {{9, 9, 9, 9, 9, 9}};
  CHECK(expected(job, DType::f64)[0] == std::vector<double>{9, 3, 4, 9, 9, 9});
  CHECK(expected(job, DType::f64, Write::accumulate)[0] == std::vector<double>{9, 12, 13, 9, 9, 9});
  for (const auto& c : cases::box_cases)
    for (DType t : {DType::f32, DType::bf16})
      check_job(box_job(c, integers(c.src.count(), 1, t)), t, exactly);
}

// Views behind an element: their addresses are no multiples of a vector.
TEST_CASE("fill and cast: addresses that are no multiples of a vector") {
  const auto behind_first = [](auto view) {
    view.data = reinterpret_cast<decltype(view.data)>(reinterpret_cast<std::uintptr_t>(view.data) +
                                                      size_of(view.dtype));
    view.shape = Shape::vector(view.shape.c - 1);
    return view;
  };
  const Shape s = Shape::vector(38);
  const std::vector<double> x = integers(38, 1, DType::bf16);
  for (Device device : computing_devices())
    for (DType from : {DType::f32, DType::bf16}) {
      Bench b(device);
      const Buffer source(s, from, device, x);
      Buffer filled(s, from, device, x);
      fill(b.exec, 3, behind_first(filled.mutable_view()));
      std::vector<double> want(38, 3);
      want[0] = x[0];
      CHECK(filled.get() == want);
      for (DType to : {DType::f32, DType::bf16}) {
        Buffer cast_to(s, to, device, std::vector<double>(38, 7));
        cast(b.exec, behind_first(source.view()), behind_first(cast_to.mutable_view()));
        want = x;
        want[0] = 7;
        CHECK(cast_to.get() == want);
      }
    }
}

}  // namespace sumi::test
