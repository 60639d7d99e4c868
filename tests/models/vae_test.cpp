// The variational autoencoder: its networks, its loss by hand, and interrupted and resumed runs.
#include <doctest/doctest.h>

#include <cmath>

#include "engine/runtime/device.h"
#include "models/make_model.h"
#include "models/model.h"
#include "models/planned_network.h"
#include "models/settings.h"
#include "models/vae.h"
#include "tests/models/images.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::TempDir;
namespace fs = std::filesystem;

namespace {

TrainOptions tiny_vae(const char* form) {
  TrainOptions o = default_options("vae");
  o.device = test_device();
  o.variant = form;
  o.size = 8;
  o.nz = 3;
  o.ngf = o.ndf = 2;
  o.batch_size = 4;
  return o;
}

std::int64_t parameters(const TrainOptions& o, std::size_t network) {
  return plan_networks(o).at(network).module->parameter_count();
}

std::vector<double> first_step(const TrainOptions& o) {
  const auto model = make_model(o);
  RandomStream stream(3, 0);
  const DType dtype = o.precision == "f64" ? DType::f64 : DType::f32;
  return model
      ->train_step_async(
          {stream.uniform({4, o.size, o.size, o.channels}, dtype, parse_device(o.device), -1, 1)}, 0)
      .to_vector<double>();
}

}  // namespace

TEST_CASE("vae: 784-400-(20,20)-400-784, and convolutions for larger images") {
  const TrainOptions o = default_options("vae");
  CHECK(parameters(o, 0) == 785 * 400 + 401 * 40);  // fc1, and fc21 beside fc22
  CHECK(parameters(o, 1) == 21 * 400 + 401 * 784);
  TrainOptions conv = o;
  conv.variant = "conv";
  conv.channels = 3;
  for (const int size : {28, 32, 48, 64}) {
    conv.size = size;
    const auto planned = plan_networks(conv);
    Cost cost;
    CHECK(planned.at(0).module->infer_shape({5, size, size, 3}, cost) == Shape{5, 1, 1, 40});
    CHECK(planned.at(1).module->infer_shape({5, 1, 1, 20}, cost) == Shape{5, size, size, 3});
  }
  conv.size = 30;
  CHECK_THROWS_WITH(
      validate(conv),
      "[--size] 30 is not possible for the conv form of vae; use 4, 5, 6 or 7 times a power of 2, such as "
      "28, 32, 48 or 64");
  conv.variant = "deep";
  CHECK_THROWS_WITH(validate(conv), "[--variant] value deep: unknown; use one of: dense, conv");
}

TEST_CASE("vae: losses with zero weights match the formula") {
  TrainOptions o = tiny_vae("dense");
  o.device = "ref";
  o.precision = "f64";
  o.init_gain = 0;
  // sigmoid(0) = 1/2 for every pixel; mean 0 and log-variance 0 are the prior itself.
  const auto bernoulli = first_step(o);
  CHECK(bernoulli.at(0) == doctest::Approx(64 * std::log(2)).epsilon(1e-12));
  CHECK(bernoulli.at(2) == 0);
  o.group<VaeOptions>().likelihood = "gaussian";
  o.group<VaeOptions>().sigma = 0.5;
  RandomStream stream(3, 0);
  double squares = 0;
  for (const double x :
       stream.uniform({4, 8, 8, 1}, DType::f64, parse_device("ref"), -1, 1).to_vector<double>())
    squares += x * x / 4;  // of the pixel in [0,1], less 1/2
  const auto gaussian = first_step(o);
  CHECK(gaussian.at(1) == doctest::Approx(squares / 4 / (2 * 0.25) + 64 * std::log(0.5)).epsilon(1e-12));
}

TEST_CASE("vae: the weight of the divergence counts") {
  TrainOptions o = tiny_vae("conv");
  const auto plain = first_step(o);
  CHECK(plain.at(0) == doctest::Approx(plain.at(1) + plain.at(2)));
  o.group<VaeOptions>().kl_weight = 4;
  const auto heavy = first_step(o);
  CHECK(heavy.at(0) == doctest::Approx(heavy.at(1) + 4 * heavy.at(2)));
  CHECK(heavy.at(2) == plain.at(2));
  CHECK(plain.at(2) > 0);
}

TEST_CASE(
    "vae: stopped and resumed equals uninterrupted bit-exactly; it learns, and shows the same originals "
    "each time") {
  const TempDir folder;
  write_images(folder.path / "pictures", 10);
  TrainingObserver quiet;
  for (const char* form : {"dense", "conv"}) {
    CAPTURE(form);
    const auto options = [&](const std::string& run) {
      TrainOptions o = tiny_vae(form);
      o.data = (folder.path / "pictures").string();
      o.outdir = (folder.path / (form + run)).string();
      o.cache = (folder.path / "cache").string();
      o.ema = 0.9;
      o.steps = 6;
      o.save_every = 2;
      o.sample_every = 3;
      o.threads = 2;
      return o;
    };
    const TrainOptions whole = options("-whole"), parts = options("-parts");
    stop_requested = false;
    train(whole, quiet);
    train_in_two(parts, 3);
    const fs::path end = fs::path(whole.outdir) / "checkpoints/6.safetensors";
    CHECK(bytes_of(end) == bytes_of(fs::path(parts.outdir) / "checkpoints/6.safetensors"));
    const Image8 first = load_image(fs::path(whole.outdir) / "samples/0.png"),
                 last = load_image(fs::path(whole.outdir) / "samples/6.png");
    CHECK(load_image(fs::path(parts.outdir) / "samples/6.png") == last);
    // Eight originals, eight reconstructions, 64 generated images.
    const auto row = static_cast<std::size_t>(first.width) * (first.height / 10) * first.channels;
    CHECK(std::equal(first.data.begin(), first.data.begin() + static_cast<std::ptrdiff_t>(row),
                     last.data.begin()));
    CHECK_FALSE(std::equal(first.data.begin() + static_cast<std::ptrdiff_t>(row),
                           first.data.begin() + static_cast<std::ptrdiff_t>(2 * row),
                           last.data.begin() + static_cast<std::ptrdiff_t>(row)));
    const std::unique_ptr<Model> model = load_model(CheckpointFile(end), nullptr, test_device());
    RandomStream stream(1, 0);
    const Tensor drawn = model->generate(model->noise(3, stream), false);
    CHECK(drawn.shape() == Shape{3, 8, 8, 1});
    CHECK_THROWS_AS(model->translator("AtoB"), Error);
  }
}
