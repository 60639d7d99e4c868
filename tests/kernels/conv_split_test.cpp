// Convolutions split into pieces: the reference on each piece gives the whole result, and so does
// oneDNN with any number of threads.
#include "kernels/cpu/conv_split.h"

#include <doctest/doctest.h>

#include "kernels/build.h"
#include "kernels/conv.h"
#include "kernels/thread_pool.h"
#include "tests/cases/conv.h"
#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;
using i64 = std::int64_t;
using sumi::cases::pads;
using sumi::cases::same;

// x, w and y of one convolution; the direction's output is NaN until it is written.
struct Operands {
  std::vector<float> x, w, y;
  std::vector<float>& out(ConvDirection d) {
    return d == ConvDirection::fprop ? y : d == ConvDirection::dgrad ? x : w;
  }
};

std::vector<float> small_integers(const Shape& shape, std::uint64_t seed) {
  const std::vector<double> values = integers(shape.count(), seed, 2);
  return {values.begin(), values.end()};
}

Operands operands(ConvDirection d, const ConvGeom& g) {
  Operands o{small_integers(g.x_shape(), 1), small_integers(g.w_shape(), 2), small_integers(g.y_shape(), 3)};
  std::fill(o.out(d).begin(), o.out(d).end(), std::numeric_limits<float>::quiet_NaN());
  return o;
}

// The convolution, or a piece of it at offsets into x and y.
void convolve(const Exec& e, ConvDirection d, const ConvGeom& g, Operands& o, i64 x_at = 0, i64 y_at = 0,
              Write write = Write::overwrite) {
  const MutView x{o.x.data() + x_at, DType::f32, g.x_shape(), e.device},
      w{o.w.data(), DType::f32, g.w_shape(), e.device},
      y{o.y.data() + y_at, DType::f32, g.y_shape(), e.device};
  if (d == ConvDirection::fprop) conv_fprop(e, g, x, w, {}, y);
  if (d == ConvDirection::dgrad) conv_dgrad(e, g, y, w, {}, x);
  if (d == ConvDirection::wgrad) conv_wgrad(e, g, x, y, w, write);
}

const ConvGeom geoms[] = {
    ConvGeom::make("3x3", {1, 33, 17, 16}, {16, 3, 3, 16}, same(1, 1)),
    ConvGeom::make("3x3 of three images", {3, 18, 17, 16}, {16, 3, 3, 16}, same(1, 1)),
    ConvGeom::make("1x1", {5, 16, 16, 32}, {32, 1, 1, 32}, same(1, 0)),
    ConvGeom::make("4x4, stride 2", {1, 64, 32, 3}, {24, 4, 4, 3}, same(2, 1)),
    ConvGeom::make("3x3, stride 2, a row left over", {1, 40, 24, 16}, {16, 3, 3, 16}, same(2, 1)),
    ConvGeom::make("2x2, stride 3, rows that no tap reads", {1, 61, 40, 16}, {16, 2, 2, 16}, same(3, 0)),
    ConvGeom::make("uneven pads", {2, 37, 16, 16}, {16, 3, 5, 16}, pads(1, 2, 0, 1, 3)),
    ConvGeom::make("dilation", {1, 40, 16, 16}, {16, 3, 3, 16}, same(1, 3, 3)),
    ConvGeom::make("depthwise", {1, 64, 64, 32}, {32, 3, 3, 1}, same(1, 1, 1, 32)),
};

// Calls check(g, d, threads, whole) for every geometry, direction and number of threads; `whole` is
// the reference result.
template <class Check>
void for_each_split(Check&& check) {
  for (const ConvGeom& g : geoms)
    for (const ConvDirection d : {ConvDirection::fprop, ConvDirection::dgrad, ConvDirection::wgrad}) {
      Bench bench(ref);
      Operands whole = operands(d, g);
      convolve(bench.exec, d, g, whole);
      for (const int threads : {1, 2, 3, 8}) {
        CAPTURE(g.str());
        CAPTURE(static_cast<int>(d));
        CAPTURE(threads);
        check(g, d, threads, whole);
      }
    }
}

}  // namespace

TEST_CASE("conv: the pieces of a split are the whole") {
  int several = 0;
  for_each_split([&](const ConvGeom& g, ConvDirection d, int threads, Operands& whole) {
    const auto pieces = cpu::split_conv(d, g, threads);
    if (threads == 1) CHECK(pieces.size() == 1);
    if (d == ConvDirection::wgrad) CHECK(pieces.size() <= static_cast<std::size_t>(threads));
    several += pieces.size() > 1;
    Bench bench(ref);
    Operands parts = operands(d, g);
    for (std::size_t i = 0; i < pieces.size(); ++i)
      convolve(bench.exec, d, pieces[i].geom, parts, pieces[i].x, pieces[i].y,
               i == 0 ? Write::overwrite : Write::accumulate);
    CHECK(parts.out(d) == whole.out(d));
  });
  CHECK(several > 50);
}

TEST_CASE("conv: oneDNN gives the same with any number of threads") {
  if (std::string(cpu_library()).find("oneDNN") == std::string::npos) return;
  const int before = num_threads();
  for_each_split([](const ConvGeom& g, ConvDirection d, int threads, Operands& whole) {
    set_num_threads(threads);
    Bench bench(cpu);
    bench.exec.conv.backend = ConvBackend::onednn;
    Operands got = operands(d, g);
    convolve(bench.exec, d, g, got);
    CHECK(got.out(d) == whole.out(d));
    if (d != ConvDirection::wgrad) return;
    convolve(bench.exec, d, g, got, 0, 0, Write::accumulate);
    for (float& v : got.w) v /= 2;
    CHECK(got.out(d) == whole.out(d));
  });
  set_num_threads(before);
}

}  // namespace sumi::test
