// A layer with a spectral norm: its weight has the largest singular value one, and its buffers are
// saved with it.
#include <doctest/doctest.h>

#include <cmath>

#include "engine/nn.h"

using namespace sumi;

TEST_CASE("spectral layer: after some passes the largest singular value is divided out") {
  const Device ref{Device::Kind::ref, 0};
  LayerSpec s;
  s.map = BlockOptions::MapKind::dense;
  s.in = s.out = 2;
  s.bias = false;
  s.spectral = true;
  s.name = "main.0";
  FusedLayer layer(s, DType::f64, ref);
  CHECK(layer.parameters()[0].name == "main.0.weight_orig");
  REQUIRE(layer.buffers().size() == 2);
  CHECK(layer.buffers()[0].name == "main.0.weight_u");
  CHECK(layer.buffers()[1].name == "main.0.weight_v");
  layer.parameters()[0].value.assign(std::vector<double>{3, 0, 0, -7});
  const Tensor x = Tensor::from(std::vector<double>{1, 1}, Shape::matrix(1, 2), DType::f64, ref);
  for (int i = 0; i < 60; ++i) layer(x);
  const std::vector<double> y = layer(x).to_vector<double>();
  CHECK(y[0] == doctest::Approx(3.0 / 7));
  CHECK(y[1] == doctest::Approx(-1));
  // At inference the vectors stay as they are.
  layer.set_training(false);
  layer.parameters()[0].value.assign(std::vector<double>{30, 0, 0, -7});
  const std::vector<double> u = layer.buffers()[0].value.to_vector<double>();
  layer(x);
  CHECK(layer.buffers()[0].value.to_vector<double>() == u);
}
