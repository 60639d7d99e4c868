// Random numbers: Philox's published vectors, the functions against libm, moments, splitting, and
// the same bits on every backend.
#include "kernels/random.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <numbers>

#include "kernels/base/philox.h"
#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

enum class Draw { uniform, normal, bernoulli };
constexpr Draw every_draw[] = {Draw::uniform, Draw::normal, Draw::bernoulli};

void draw(const Exec& e, Draw what, const RandomKey& key, MutView y) {
  if (what == Draw::uniform) uniform(e, key, -1, 3, y);
  if (what == Draw::normal) normal(e, key, 0.5, 2, y);
  if (what == Draw::bernoulli) bernoulli(e, key, 0.3, 1 / 0.3, y);
}
Buffer drawn(Draw what, const RandomKey& key, std::int64_t count, Device device, DType t) {
  Bench b(device);
  Buffer y(Shape::vector(count), t, device);
  draw(b.exec, what, key, y);
  CHECK(y.overrun().empty());
  return y;
}

void check_vector(philox::Words counter, std::uint32_t key0, std::uint32_t key1, philox::Words want) {
  const philox::Words got = philox::scramble(counter, key0, key1);
  for (int i = 0; i < 4; ++i) CHECK(got.v[i] == want.v[i]);
}

}  // namespace

TEST_CASE("philox: the published test vectors") {
  constexpr std::uint32_t ones = 0xFFFFFFFFU;
  check_vector({{0, 0, 0, 0}}, 0, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  check_vector({{ones, ones, ones, ones}}, ones, ones, {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  check_vector({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0,
               {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

TEST_CASE("philox: logarithm, sine and cosine against libm") {
  double log_err = 0, sin_err = 0, cos_err = 0;
  for (std::int32_t i = 0; i < 1 << 24; i = i < 4096 ? i + 1 : i + 97) {
    const float u = static_cast<float>(i + 1) * 0x1p-24F;
    const double log = std::log(static_cast<double>(u)), angle = 2 * std::numbers::pi * i * 0x1p-24;
    log_err = std::max(log_err, std::abs(philox::log_unit(u) / log - 1));
    const philox::SinCos at = philox::sin_cos_turn(i);
    sin_err = std::max(sin_err, std::abs(at.sin - std::sin(angle)));
    cos_err = std::max(cos_err, std::abs(at.cos - std::cos(angle)));
  }
  CHECK(log_err < 3e-7);
  CHECK(sin_err < 1e-7);
  CHECK(cos_err < 1e-7);
  CHECK(philox::log_unit(1.0F) == 0);
}

TEST_CASE("random: moments") {
  const std::int64_t count = 1 << 18;
  const auto mean_power = [&](const std::vector<double>& x, int power) {
    double sum = 0;
    for (double v : x) sum += std::pow(v, power);
    return sum / static_cast<double>(count);
  };
  // Bounds are five standard errors of each mean.
  const double root = std::sqrt(static_cast<double>(count));
  Bench b(ref);
  Buffer y(Shape::vector(count), DType::f32, ref);
  normal(b.exec, {1, 2, 3}, 0, 1, y);
  const auto z = y.get();
  CHECK(std::abs(mean_power(z, 1)) < 5 / root);
  CHECK(std::abs(mean_power(z, 2) - 1) < 5 * std::sqrt(2.0) / root);
  CHECK(std::abs(mean_power(z, 3)) < 5 * std::sqrt(15.0) / root);
  CHECK(std::abs(mean_power(z, 4) - 3) < 5 * std::sqrt(96.0) / root);
  double neighbors = 0;
  for (std::size_t i = 1; i < z.size(); ++i) neighbors += z[i] * z[i - 1];
  CHECK(std::abs(neighbors / static_cast<double>(count)) < 5 / root);
  uniform(b.exec, {1, 2, 3}, 0, 1, y);
  const auto u = y.get();
  CHECK(std::abs(mean_power(u, 1) - 0.5) < 5 * std::sqrt(1.0 / 12) / root);
  CHECK(std::abs(mean_power(u, 2) - 1.0 / 3) < 5 * std::sqrt(4.0 / 45) / root);
  for (double v : u) REQUIRE((v >= 0 && v < 1));
  bernoulli(b.exec, {1, 2, 3}, 0.3, 1, y);
  CHECK(std::abs(mean_power(y.get(), 1) - 0.3) < 5 * std::sqrt(0.21) / root);
}

TEST_CASE("random: mean and std, limits of bernoulli, the upper end of uniform") {
  for (Device device : every_device()) {
    Bench b(device);
    Buffer z(Shape::vector(64), DType::f32, device), y(Shape::vector(64), DType::f32, device);
    normal(b.exec, {5, 0, 0}, 0, 1, z);
    normal(b.exec, {5, 0, 0}, 3, 0.5, y);
    auto want = z.get();
    for (double& v : want) v = 3 + 0.5 * v;
    expect_close("mean and std", y.get(), want, rounding(DType::f32));
    bernoulli(b.exec, {5, 0, 0}, 0, 7, y);
    CHECK(y.get() == std::vector<double>(64, 0.0));
    bernoulli(b.exec, {5, 0, 0}, 1, 7, y);
    CHECK(y.get() == std::vector<double>(64, 7.0));
    uniform(b.exec, {5, 0, 0}, 2, 2, y);
    CHECK(y.get() == std::vector<double>(64, 2.0));
  }
  // All 24 bits set: 1 + (1 - 2^-24) would round to 2.
  CHECK(philox::uniform_of(0xFFFFFFFFU, philox::uniform_range(1, 2)) < 2.0F);
}

TEST_CASE("random: drawing in parts equals drawing at once") {
  for (Device device : every_device())
    for (Draw what : every_draw)
      for (std::uint64_t start : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{1} << 40}) {
        const auto whole = drawn(what, {9, 8, start}, 10, device, DType::f32).bits();
        auto parts = drawn(what, {9, 8, start}, 4, device, DType::f32).bits();
        const auto rest = drawn(what, {9, 8, start + 4}, 6, device, DType::f32).bits();
        parts.insert(parts.end(), rest.begin(), rest.end());
        CHECK(whole == parts);
        for (std::uint64_t i = 0; i < 10; ++i) {
          const auto single = drawn(what, {9, 8, start + i}, 1, device, DType::f32).bits();
          CHECK(std::equal(single.begin(), single.end(), whole.begin() + static_cast<std::ptrdiff_t>(4 * i)));
        }
      }
}

TEST_CASE("random: seed, stream and position each matter") {
  const auto first = drawn(Draw::normal, {1, 2, 3}, 64, ref, DType::f32).bits();
  const std::uint64_t high = std::uint64_t{1} << 32;
  for (RandomKey key :
       {RandomKey{2, 2, 3}, {1, 3, 3}, {1, 2, 4}, {1 + high, 2, 3}, {1, 2 + high, 3}, {1, 2, 3 + high}})
    CHECK(drawn(Draw::normal, key, 64, ref, DType::f32).bits() != first);
}

TEST_CASE("random: the same bits on every backend, and the same numbers in every type") {
  for (Draw what : every_draw)
    for (std::int64_t count : {1, 2, 3, 4, 5, 17, 1000, 10007})
      for (std::uint64_t start :
           {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, ~std::uint64_t{5}}) {
        const RandomKey key{0x123456789ABCDEFU, 42, start};
        const Buffer f32 = drawn(what, key, count, ref, DType::f32);
        const Buffer bf = drawn(what, key, count, ref, DType::bf16);
        for (Device device : computing_devices()) {
          CHECK(drawn(what, key, count, device, DType::f32).bits() == f32.bits());
          CHECK(drawn(what, key, count, device, DType::bf16).bits() == bf.bits());
        }
        CHECK(bf.get() == rounded(f32.get(), DType::bf16));
        if (what != Draw::bernoulli) CHECK(drawn(what, key, count, ref, DType::f64).get() == f32.get());
      }
}

TEST_CASE("random: a base in the device's memory is added to the position") {
  for (Device device : every_device()) {
    Buffer base(Shape::vector(1), DType::f64, device);  // eight bytes
    const auto* const word = static_cast<const std::uint64_t*>(base.view().data);
    for (Draw what : every_draw)
      for (std::int64_t count : {1, 2, 3, 4, 5, 6, 7, 8, 1022, 10007})
        for (std::uint64_t start : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3},
                                    std::uint64_t{1} << 40, ~std::uint64_t{5}}) {
          const RandomKey key{77, 5, start + 6};
          base.set({std::bit_cast<double>(start)});
          for (DType t : {DType::f32, DType::bf16}) {
            const auto want = drawn(what, key, count, device, t).bits();
            CHECK(drawn(what, {77, 5, 6, word}, count, device, t).bits() == want);
          }
        }
  }
}

TEST_CASE("random: fixed numbers, so that a change of the sequence is noticed") {
  Bench b(ref);
  Buffer y(Shape::vector(4), DType::f32, ref);
  uniform(b.exec, {0, 0, 0}, 0, 1, y);
  // The first published vector's upper 24 bits.
  CHECK(y.get() ==
        std::vector<double>{0x6627e8 * 0x1p-24, 0xe169c5 * 0x1p-24, 0xbc57ac * 0x1p-24, 0x9b00db * 0x1p-24});
}

}  // namespace sumi::test
