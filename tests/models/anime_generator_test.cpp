// AnimeGANv2's generator has the parameters, names and work of the well-known implementation.
#include "models/anime_generator.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "engine/device.h"
#include "tests/models/runs.h"

using namespace sumi;

TEST_CASE("anime generator: parameters, names, shapes, work") {
  const PlanOnly plan_only;
  const auto g = anime_generator(DType::f32, Device{});
  CHECK(g->parameter_count() == 2143552);
  std::set<std::string> names;
  for (const Parameter& p : g->parameters()) names.insert(p.name);
  for (const char* name :
       {"block_a.0.1.weight", "block_a.0.2.bias", "block_b.1.1.weight", "block_c.1.layers.0.1.weight",
        "block_c.1.layers.1.1.bias", "block_c.4.layers.2.weight", "block_c.4.layers.3.weight",
        "block_e.2.2.weight", "out_layer.0.weight"})
    CHECK_MESSAGE(names.contains(name), name);
  CHECK_FALSE(names.contains("out_layer.0.bias"));
  Cost cost;
  CHECK(g->plan({2, 48, 64, 3}, cost) == Shape{2, 48, 64, 3});
  cost = {};
  g->plan({1, 256, 256, 3}, cost);
  CHECK(static_cast<double>(cost.macs) / 1e9 == doctest::Approx(26.3).epsilon(0.01));
}

TEST_CASE("anime generator: draws within [-1, 1], and gradients reach every parameter") {
  const Device device = parse_device(test_device());
  const auto g = anime_generator(DType::f32, device);
  RandomStream stream(3, 1);
  initialize(*g, {"kaiming", 1}, stream);
  for (const Parameter& p : g->parameters()) p.value.set_requires_grad(true);
  const Tensor x = stream.uniform({1, 16, 16, 3}, DType::f32, device, -1, 1);
  Tape tape;
  const Tensor y = (*g)(x);
  CHECK(y.shape() == x.shape());
  for (const double v : y.to_vector<double>()) CHECK(std::abs(v) <= 1);
  tape.backward(loss_mean(Loss::l1, y, x));
  for (const Parameter& p : g->parameters()) CHECK_MESSAGE(p.value.grad(), p.name);
}
