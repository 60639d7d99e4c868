// All instruction sets of this processor agree: AVX2 and AVX-512 bit-exactly, the baseline exactly
// on integers.
#include "kernels/isa.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "kernels/conv.h"
#include "kernels/gemm.h"
#include "tests/cases/conv.h"
#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

std::vector<Isa> below_the_best() {
  std::vector<Isa> sets;
  for (const Isa isa : {Isa::baseline, Isa::avx2})
    if (isa < cpu_isa()) sets.push_back(isa);
  return sets;
}

// The outputs of all three directions.
std::vector<std::vector<double>> convolve(const ConvGeom& g, const ConvPolicy& policy, bool small_integers) {
  const auto values = [&](const Shape& s, std::uint64_t seed) {
    return small_integers ? integers(s.count(), seed, 2) : reals(s.count(), seed);
  };
  Bench b(cpu);
  b.exec.conv = policy;
  const Buffer x(g.x_shape(), DType::f32, cpu, values(g.x_shape(), 1)),
      w(g.w_shape(), DType::f32, cpu, values(g.w_shape(), 2)),
      dy(g.y_shape(), DType::f32, cpu, values(g.y_shape(), 3));
  Buffer y(g.y_shape(), DType::f32, cpu), dx(g.x_shape(), DType::f32, cpu), dw(g.w_shape(), DType::f32, cpu);
  conv_fprop(b.exec, g, x, w, {}, y);
  conv_dgrad(b.exec, g, dy, w, {}, dx);
  conv_wgrad(b.exec, g, x, dy, dw, Write::overwrite);
  return {y.get(), dx.get(), dw.get()};
}

// The largest difference, relative to the largest value.
double difference(const std::vector<double>& got, const std::vector<double>& want) {
  double most = 0, scale = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    most = std::max(most, std::abs(got[i] - want[i]));
    scale = std::max(scale, std::abs(want[i]));
  }
  return most / scale;
}

std::vector<double> multiply(const GemmGeom& g, bool small_integers) {
  const Shape a{g.a_batch, g.m, 1, g.k}, b{g.b_batch, g.k, 1, g.n}, y{g.batch, g.m, 1, g.n};
  const auto values = [&](const Shape& s, std::uint64_t seed) {
    return small_integers ? integers(s.count(), seed, 2) : reals(s.count(), seed);
  };
  Bench bench(cpu);
  const Buffer left(a, DType::f32, cpu, values(a, 1)), right(b, DType::f32, cpu, values(b, 2));
  Buffer out(y, DType::f32, cpu);
  gemm(bench.exec, g, left, right, {}, out, Write::overwrite);
  return out.get();
}

}  // namespace

TEST_CASE("instruction sets: convolutions") {
  const ConvPolicy own{ConvBackend::native, true}, winograd{ConvBackend::native, false};
  for (const cases::ConvCase& c : cases::conv_cases) {
    const ConvGeom g = c.geom();
    CAPTURE(c.name);
    const auto exact = convolve(g, own, true), rounded = convolve(g, own, false);
    for (const Isa isa : below_the_best()) {
      const IsaScope scope(isa);
      CAPTURE(static_cast<int>(isa));
      CHECK(convolve(g, own, true) == exact);
      if (isa == Isa::avx2) CHECK(convolve(g, own, false) == rounded);
    }
  }
  for (const std::int64_t channels : {40, 48}) {  // eight and sixteen at a time
    const ConvGeom large = ConvGeom::make("winograd", {2, 19, 21, channels}, {channels + 16, 3, 3, channels},
                                          ConvOptions::same_pads(1, 1));
    const auto best = convolve(large, winograd, false);
    for (const Isa isa : below_the_best()) {
      const IsaScope scope(isa);
      const auto got = convolve(large, winograd, false);
      for (std::size_t i = 0; i < best.size(); ++i) {
        if (isa == Isa::avx2)
          CHECK(got[i] == best[i]);
        else
          CHECK(difference(got[i], best[i]) < 1e-5);
      }
    }
  }
}

// 192 columns, from which on rows are packed; several taps in a block, and several blocks.
TEST_CASE("instruction sets: convolutions with packed rows") {
  const ConvPolicy own{ConvBackend::native, true};
  for (const auto& [channels, filters] : {std::pair<std::int64_t, std::int64_t>{40, 200}, {200, 400}}) {
    const ConvGeom g = ConvGeom::make("packed", {1, 5, 6, channels}, {filters, 3, 3, channels},
                                      ConvOptions::same_pads(1, 1));
    const auto exact = convolve(g, own, true), rounded = convolve(g, own, false);
    for (const Isa isa : below_the_best()) {
      const IsaScope scope(isa);
      CAPTURE(static_cast<int>(isa));
      CHECK(convolve(g, own, true) == exact);
      if (isa == Isa::avx2) CHECK(convolve(g, own, false) == rounded);
    }
  }
}

TEST_CASE("instruction sets: matrix products of all remainders of a tile") {
  for (const std::int64_t m : {1, 5, 6, 7, 12, 13, 25})
    for (const std::int64_t n : {2, 15, 16, 17, 31, 32, 33, 65, 200})  // 200: packed rows
      for (const bool trans : {false, true}) {
        GemmGeom g{};
        g.batch = g.a_batch = g.b_batch = 1;
        g.m = m;
        g.n = n;
        g.k = 35;
        g.trans_a = g.trans_b = trans;
        CAPTURE(m);
        CAPTURE(n);
        const auto exact = multiply(g, true), rounded = multiply(g, false);
        for (const Isa isa : below_the_best()) {
          const IsaScope scope(isa);
          CHECK(multiply(g, true) == exact);
          if (isa == Isa::avx2) CHECK(multiply(g, false) == rounded);
        }
      }
}

}  // namespace sumi::test
