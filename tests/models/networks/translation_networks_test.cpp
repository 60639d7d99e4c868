// The translation networks have the parameters, names and shapes of pytorch-CycleGAN-and-pix2pix.
#include <doctest/doctest.h>

#include <set>

#include "models/networks/translation_networks.h"

using namespace sumi;

namespace {

TrainOptions translator_options(const char* net_g) {
  TrainOptions o;
  o.net_g = net_g;
  return o;
}

TrainOptions small_translator(const char* net_g) {
  TrainOptions o = translator_options(net_g);
  o.ngf = 2;
  return o;
}

std::set<std::string> names(const Module& m) {
  std::set<std::string> all;
  for (const Parameter& p : m.parameters()) all.insert(p.name);
  return all;
}

Shape planned_output(const Module& m, const Shape& x) {
  Cost cost;
  return m.infer_shape(x, cost);
}

}  // namespace

TEST_CASE("parameter counts are those of pytorch-CycleGAN-and-pix2pix") {
  const MetaDevice plan_only;
  CHECK(translation_generator(translator_options("resnet_9blocks"))->parameter_count() == 11378179);
  CHECK(translation_generator(translator_options("resnet_6blocks"))->parameter_count() == 7837699);
  CHECK(patch_discriminator(translator_options("resnet_9blocks"))->parameter_count() == 2764737);
  TrainOptions batch = translator_options("unet_256");
  batch.norm = "batch";
  CHECK(translation_generator(batch)->parameter_count() == 54413955);
  batch.channels = 6;
  CHECK(patch_discriminator(batch)->parameter_count() == 2768705);
}

TEST_CASE("multiply-adds per image of 256 x 256") {
  const MetaDevice plan_only;
  Cost nine, patch, unet;
  translation_generator(translator_options("resnet_9blocks"))->infer_shape({1, 256, 256, 3}, nine);
  patch_discriminator(translator_options("resnet_9blocks"))->infer_shape({1, 256, 256, 3}, patch);
  translation_generator(translator_options("unet_256"))->infer_shape({1, 256, 256, 3}, unet);
  CHECK(static_cast<double>(nine.macs) / 1e9 == doctest::Approx(49.6).epsilon(0.01));
  CHECK(static_cast<double>(patch.macs) / 1e9 == doctest::Approx(3.1).epsilon(0.02));
  CHECK(static_cast<double>(unet.macs) / 1e9 == doctest::Approx(6.0).epsilon(0.02));
}

TEST_CASE("shapes") {
  const MetaDevice plan_only;
  for (const char* net : {"resnet_6blocks", "unet_128"}) {
    const auto g = translation_generator(small_translator(net));
    CHECK(planned_output(*g, {1, 128, 256, 3}) == Shape{1, 128, 256, 3});
  }
  CHECK(planned_output(*translation_generator(small_translator("resnet_9blocks")), {1, 8, 12, 3}) ==
        Shape{1, 8, 12, 3});
  CHECK(planned_output(*patch_discriminator(translator_options("resnet_9blocks")), {1, 256, 256, 3}) ==
        Shape{1, 30, 30, 1});
}

TEST_CASE("names are those of state_dict") {
  const MetaDevice plan_only;
  TrainOptions two = small_translator("resnet_9blocks");
  two.n_blocks = 2;
  CHECK(names(*translation_generator(two)) == std::set<std::string>{"model.1.weight",
                                                                    "model.1.bias",
                                                                    "model.4.weight",
                                                                    "model.4.bias",
                                                                    "model.7.weight",
                                                                    "model.7.bias",
                                                                    "model.10.conv_block.1.weight",
                                                                    "model.10.conv_block.1.bias",
                                                                    "model.10.conv_block.5.weight",
                                                                    "model.10.conv_block.5.bias",
                                                                    "model.11.conv_block.1.weight",
                                                                    "model.11.conv_block.1.bias",
                                                                    "model.11.conv_block.5.weight",
                                                                    "model.11.conv_block.5.bias",
                                                                    "model.12.weight",
                                                                    "model.12.bias",
                                                                    "model.15.weight",
                                                                    "model.15.bias",
                                                                    "model.19.weight",
                                                                    "model.19.bias"});
  two.no_dropout = false;
  CHECK(names(*translation_generator(two)).contains("model.11.conv_block.6.weight"));
  CHECK(names(*patch_discriminator(small_translator("resnet_9blocks"))).contains("model.11.bias"));
  const std::set<std::string> unet = names(*translation_generator(small_translator("unet_128")));
  for (const char* name :
       {"model.model.0.weight", "model.model.1.model.1.weight", "model.model.3.weight",
        "model.model.1.model.3.model.3.model.3.model.3.model.3.model.1.weight",
        "model.model.1.model.3.model.3.model.3.model.3.model.3.model.3.bias", "model.model.1.model.5.weight"})
    CHECK_MESSAGE(unet.contains(name), name);
}

TEST_CASE("a residual block adds its input: what enters a block of zero weights leaves it") {
  TrainOptions o = small_translator("resnet_9blocks");
  o.n_blocks = 1;
  const auto g = translation_generator(o);
  RandomStream stream(1, 1);
  initialize(*g, {}, stream);
  for (const Parameter& p : g->parameters())
    if (p.name.find("conv_block") != std::string::npos)
      p.value.assign(Tensor::zeros(p.value.shape(), DType::f32, Device{}));
  const auto drawn = [&](std::uint64_t seed) {
    RandomStream noise(seed, 0);
    return (*g)(noise.normal({1, 16, 16, 3}, DType::f32, Device{})).to_vector<double>();
  };
  CHECK(drawn(1) != drawn(2));  // the input reaches the output in no other way
}

TEST_CASE("dropout in training only") {
  RandomStream stream(1, 2), init(1, 1);
  for (const char* net : {"resnet_6blocks", "unet_128"}) {
    CAPTURE(net);
    TrainOptions o = small_translator(net);
    o.n_blocks = 1;
    o.no_dropout = false;
    const auto g = translation_generator(o);
    set_dropout_stream(*g, stream);
    initialize(*g, {}, init);
    const int side = side_rule(o).smallest;
    const Tensor x = init.normal({1, side, side, 3}, DType::f32, Device{});
    const auto once = (*g)(x).to_vector<double>();
    CHECK(once != (*g)(x).to_vector<double>());
    g->set_training(false);
    CHECK((*g)(x).to_vector<double>() == (*g)(x).to_vector<double>());
  }
}
