#include "engine/serialize/torch_layout.h"

#include <doctest/doctest.h>

#include <numeric>

#include "kernels/base/check.h"

using namespace sumi;
using Kind = TorchLayout::Kind;

namespace {

// 0, 1, 2, ...: every value names its own place.
std::vector<double> counted(const Shape& shape) {
  std::vector<double> values(static_cast<std::size_t>(shape.count()));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

TorchLayout layout(Kind kind, const Shape& flat_in = {1, 1, 1, 0}, const Shape& flat_out = {1, 1, 1, 0}) {
  return {kind, flat_in, flat_out};
}

}  // namespace

TEST_CASE("torch layout: a convolution's channels move before its rows") {
  const Shape krsc{2, 2, 2, 3};
  const auto l = layout(Kind::conv);
  CHECK(torch_shape(krsc, l) == std::vector<std::int64_t>{2, 3, 2, 2});
  const auto theirs = to_torch(counted(krsc), krsc, l);
  CHECK(theirs == std::vector<double>{0,  3,  6,  9,  1,  4,  7,  10, 2,  5,  8,  11,  //
                                      12, 15, 18, 21, 13, 16, 19, 22, 14, 17, 20, 23});
  CHECK(torch_order(krsc, layout(Kind::conv_transpose)) == torch_order(krsc, l));
  CHECK(torch_shape({5, 4, 3, 2}, layout(Kind::conv_transpose)) == std::vector<std::int64_t>{5, 2, 4, 3});
}

TEST_CASE("torch layout: dense layers permute the flattened image they read and write") {
  // h w c: (0,c0) (0,c1) (1,c0) (1,c1)
  const Shape ours = Shape::matrix(2, 4), picture{1, 2, 1, 2};
  CHECK(torch_shape(ours, layout(Kind::dense)) == std::vector<std::int64_t>{2, 4});
  CHECK(to_torch(counted(ours), ours, layout(Kind::dense)) == counted(ours));
  CHECK(to_torch(counted(ours), ours, layout(Kind::dense, picture)) ==
        std::vector<double>{0, 2, 1, 3, 4, 6, 5, 7});
  const Shape out = Shape::matrix(4, 2);
  CHECK(to_torch(counted(out), out, layout(Kind::dense, {1, 1, 1, 0}, picture)) ==
        std::vector<double>{0, 1, 4, 5, 2, 3, 6, 7});
  const Shape bias = Shape::vector(4);
  CHECK(torch_shape(bias, layout(Kind::vector)) == std::vector<std::int64_t>{4});
  CHECK(to_torch(counted(bias), bias, layout(Kind::vector, {1, 1, 1, 0}, picture)) ==
        std::vector<double>{0, 2, 1, 3});
}

TEST_CASE("torch layout: there and back again") {
  const std::vector<std::pair<Shape, TorchLayout>> cases{
      {{5, 3, 4, 7}, layout(Kind::conv)},
      {{7, 4, 4, 3}, layout(Kind::conv_transpose)},
      {Shape::matrix(12, 18), layout(Kind::dense, {1, 3, 3, 2}, {1, 2, 2, 3})},
      {Shape::vector(12), layout(Kind::vector, {1, 1, 1, 0}, {1, 2, 2, 3})},
      {Shape::vector(9), layout(Kind::vector)}};
  for (const auto& [shape, l] : cases) {
    CAPTURE(shape.str());
    const auto values = counted(shape);
    CHECK(from_torch(to_torch(values, shape, l), shape, l) == values);
    CHECK(to_torch(from_torch(values, shape, l), shape, l) == values);
    const std::vector<float> floats(values.begin(), values.end());
    CHECK(from_torch(to_torch(floats, shape, l), shape, l) == floats);
  }
}

TEST_CASE("torch layout: what does not fit is an error") {
  CHECK_THROWS_WITH_AS(to_torch(std::vector<float>(3), Shape::vector(4), {}),
                       "[torch layout] 3 values for a parameter of shape 1x1x1x4", Error);
  CHECK_THROWS_WITH_AS(torch_order(Shape::matrix(2, 5), layout(Kind::dense, {1, 2, 1, 2})),
                       "[torch layout] an image 1x2x1x2 does not flatten to 5 features", Error);
}
