// Random streams: a function of seed, stream and position, the same bits on every device.
#include <algorithm>

#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using Values = std::vector<double>;

TEST_CASE("random: the position advances by the count, and restoring it gives the same bits") {
  RandomStream s(7, 3);
  s.normal({1, 1, 1, 13}, DType::f32, gradcheck::tested);
  CHECK(s.position() == 13);
  const Values normal = s.normal({2, 3, 1, 5}, DType::f32, gradcheck::tested).to_vector<double>();
  CHECK(s.position() == 43);
  const Values uniform = s.uniform({1, 1, 1, 6}, DType::f32, gradcheck::tested).to_vector<double>();
  const Values coins = s.bernoulli({1, 1, 1, 9}, DType::f32, gradcheck::tested, 0.5).to_vector<double>();
  CHECK(s.position() == 58);
  RandomStream again(7, 3);
  again.set_position(13);
  CHECK(again.normal({2, 3, 1, 5}, DType::f32, gradcheck::tested).to_vector<double>() == normal);
  CHECK(again.uniform({1, 1, 1, 6}, DType::f32, gradcheck::tested).to_vector<double>() == uniform);
  CHECK(again.bernoulli({1, 1, 1, 9}, DType::f32, gradcheck::tested, 0.5).to_vector<double>() == coins);
  for (const auto& [seed, stream] : {std::pair{8, 3}, {7, 4}}) {
    RandomStream other(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(stream));
    other.set_position(13);
    CHECK(other.normal({2, 3, 1, 5}, DType::f32, gradcheck::tested).to_vector<double>() != normal);
  }
}

TEST_CASE("random: one draw of ten is a draw of four and one of six") {
  for (const int kind : {0, 1, 2}) {
    const auto draw = [kind](RandomStream& s, std::int64_t count) {
      const Shape shape = Shape::vector(count);
      return (kind == 0   ? s.normal(shape, DType::f32, gradcheck::tested)
              : kind == 1 ? s.uniform(shape, DType::f32, gradcheck::tested)
                          : s.bernoulli(shape, DType::f32, gradcheck::tested, 0.3))
          .to_vector<double>();
    };
    RandomStream whole(1, 2), parts(1, 2);
    const Values want = draw(whole, 10);
    Values got = draw(parts, 4);
    for (const double v : draw(parts, 6)) got.push_back(v);
    CHECK(got == want);
  }
}

TEST_CASE("random: cpu and ref draw the same bits, in every type") {
  const Shape shape{3, 7, 11, 5};
  const auto draw = [&](const Device& device, DType dtype) {
    RandomStream s(11, 5);
    s.set_position(1234567);
    return std::vector<Values>{s.normal(shape, dtype, device, 0.5, 2).to_vector<double>(),
                               s.uniform(shape, dtype, device, -3, 1).to_vector<double>(),
                               s.bernoulli(shape, dtype, device, 0.25, 4).to_vector<double>()};
  };
  CHECK(draw(gradcheck::tested, DType::f32) == draw(gradcheck::ref, DType::f32));
  CHECK(draw(gradcheck::tested, DType::bf16) == draw(gradcheck::ref, DType::bf16));
  CHECK(draw(gradcheck::ref, DType::f64) == draw(gradcheck::ref, DType::f32));  // widened
}

TEST_CASE("random: moments and ranges") {
  RandomStream s(5, 0);
  const auto moments = [](const Values& v) {
    double mean = 0, var = 0;
    for (const double x : v) mean += x / static_cast<double>(v.size());
    for (const double x : v) var += (x - mean) * (x - mean) / static_cast<double>(v.size());
    return std::pair{mean, var};
  };
  const Shape many{100, 10, 10, 10};  // the standard error of a mean is 0.003 standard deviations
  const auto [normal_mean, normal_var] =
      moments(s.normal(many, DType::f32, gradcheck::tested, 1, 2).to_vector<double>());
  CHECK(std::abs(normal_mean - 1) < 0.03);
  CHECK(std::abs(normal_var - 4) < 0.1);
  const Values u = s.uniform(many, DType::f32, gradcheck::tested, -1, 3).to_vector<double>();
  const auto [uniform_mean, uniform_var] = moments(u);
  CHECK(std::abs(uniform_mean - 1) < 0.02);
  CHECK(std::abs(uniform_var - 16.0 / 12) < 0.03);
  CHECK(*std::min_element(u.begin(), u.end()) >= -1);
  CHECK(*std::max_element(u.begin(), u.end()) < 3);
  const auto [coin_mean, coin_var] =
      moments(s.bernoulli(many, DType::f32, gradcheck::tested, 0.25, 2).to_vector<double>());
  CHECK(std::abs(coin_mean - 0.5) < 0.015);
  CHECK(std::abs(coin_var - 0.75) < 0.02);
}

}  // namespace
}  // namespace sumi
