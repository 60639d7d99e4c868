// The networks of AnimeGANv2 and CartoonGAN have the parameters, names and FLOPs of their PyTorch
// ports.
#include "models/networks/anime_networks.h"
#include "models/anime_options.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/runtime/device.h"
#include "models/networks/anime_generator.h"
#include "tests/models/runs.h"

using namespace sumi;

namespace {

TrainOptions small_anime(const char* net_g) {
  TrainOptions o;
  o.net_g = net_g;
  o.group<AnimeOptions>().net_d = "animegan2";
  o.ngf = o.ndf = 8;
  o.n_blocks = 2;
  o.device = test_device();
  return o;
}

double giga_macs(const Module& net) {
  Cost cost;
  net.infer_shape({1, 256, 256, 3}, cost);
  return static_cast<double>(cost.macs) / 1e9;
}

}  // namespace

TEST_CASE("anime generator: parameters, names, shapes, work") {
  const MetaDevice plan_only;
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
  CHECK(g->infer_shape({2, 48, 64, 3}, cost) == Shape{2, 48, 64, 3});
  CHECK(giga_macs(*g) == doctest::Approx(26.3).epsilon(0.01));
}

TEST_CASE("anime networks: parameters and work as published") {
  const MetaDevice plan_only;
  TrainOptions o;
  o.net_g = "animegan2_lite";
  o.group<AnimeOptions>().net_d = "animegan2";
  CHECK(anime_translator(o)->parameter_count() == 698240);
  CHECK(giga_macs(*anime_translator(o)) == doctest::Approx(7.1).epsilon(0.01));
  CHECK(anime_discriminator(o)->parameter_count() == 1128800);
  CHECK(giga_macs(*anime_discriminator(o)) == doctest::Approx(5.8).epsilon(0.01));
  o.net_g = o.group<AnimeOptions>().net_d = "cartoongan";
  CHECK(anime_translator(o)->parameter_count() == 11120195);
  CHECK(giga_macs(*anime_translator(o)) == doctest::Approx(54.4).epsilon(0.01));
  const auto d = anime_discriminator(o);
  CHECK(d->parameter_count() == 1128385);
  Cost cost;
  CHECK(d->infer_shape({2, 256, 256, 3}, cost) == Shape{2, 64, 64, 1});
}

TEST_CASE("anime networks: outputs lie within [-1, 1], and gradients reach every parameter") {
  for (const char* name : {"animegan2", "animegan2_lite", "cartoongan"}) {
    CAPTURE(name);
    const TrainOptions o = small_anime(name);
    const auto g = anime_translator(o);
    RandomStream stream(3, 1);
    initialize(*g, {"kaiming", 1}, stream);
    for (const Parameter& p : g->parameters()) p.value.set_requires_grad(true);
    const Tensor x = stream.uniform({2, 16, 24, 3}, DType::f32, parse_device(o.device), -1, 1);
    Tape tape;
    const Tensor y = (*g)(x);
    Cost cost;
    CHECK(y.shape() == x.shape());
    CHECK(g->infer_shape(x.shape(), cost) == x.shape());
    for (const double v : y.to_vector<double>()) CHECK(std::abs(v) <= 1);
    tape.backward(loss_mean(Loss::l1, y, x));
    for (const Parameter& p : g->parameters()) CHECK_MESSAGE(p.value.grad(), p.name);
  }
}

TEST_CASE(
    "cartoongan's generator: with an enlargement before its convolutions a flat image gets no "
    "checkerboard") {
  for (const char* rule : {"transpose", "nearest", "bilinear"}) {
    CAPTURE(rule);
    TrainOptions o = small_anime("cartoongan");
    o.ngf = 4;
    o.n_blocks = 1;
    o.upsample = rule;
    const auto g = anime_translator(o);
    TrainOptions published = o;
    published.upsample = "transpose";
    CHECK(g->parameter_count() == anime_translator(published)->parameter_count());
    RandomStream stream(3, 1);
    initialize(*g, {"kaiming", 1}, stream);
    const Tensor y = (*g)(Tensor::full({1, 96, 96, 3}, 0.3, DType::f32, parse_device(o.device)));
    // Far from the border, where zero padding enters.
    double spread = 0;
    for (std::int64_t c = 0; c < 3; ++c) {
      const auto middle = slice(y, {0, 44, 44, c}, {1, 8, 8, 1}).to_vector<double>();
      spread = std::max(spread, *std::max_element(middle.begin(), middle.end()) -
                                    *std::min_element(middle.begin(), middle.end()));
    }
    if (o.upsample == "transpose")
      CHECK(spread > 0.01);
    else
      CHECK(spread < 1e-3);
  }
}
