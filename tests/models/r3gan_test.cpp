// R3GAN's networks against their definition, and its step against central differences.
#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "models/make_model.h"
#include "models/model.h"
#include "models/planned_network.h"
#include "models/settings.h"
#include "models/training/discriminator_trainer.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;

namespace {

TrainOptions small(int size) {
  TrainOptions o = default_options("r3gan");
  o.device = "ref";
  o.precision = "f64";
  o.size = size;
  o.ngf = o.ndf = 2;
  o.nz = 3;
  o.ema = 0;
  return o;
}

// Parameters of a residual block: two 1x1 convolutions and a grouped 3x3 one, and two biases.
std::int64_t block(std::int64_t c) {
  const std::int64_t group = std::gcd(2 * c, std::int64_t{16});
  return 2 * 2 * c * c + 9 * 2 * c * group + 2 * 2 * c;
}

double deviation(const Tensor& t) {
  double sum = 0, squares = 0;
  const std::vector<double> all = t.to_vector<double>();
  for (const double v : all) sum += v, squares += v * v;
  const auto n = static_cast<double>(all.size());
  return std::sqrt(squares / n - sum / n * (sum / n));
}

}  // namespace

TEST_CASE("r3gan: parameters, shapes and groups of 16 channels") {
  TrainOptions o = default_options("r3gan");
  o.size = 32;
  o.ngf = o.ndf = 24;
  o.n_blocks = 2;
  const MetaDevice without_memory;
  const auto networks = plan_networks(o);
  // 4x4, 8x8, 16x16 and 32x32 with 192, 96, 48 and 24 channels.
  const std::int64_t blocks = 2 * (block(192) + block(96) + block(48) + block(24));
  const std::int64_t resizes = 192 * 96 + 96 * 48 + 48 * 24;
  CHECK(networks[0].module->parameter_count() == 64 * 192 + 16 * 192 + blocks + resizes + 24 * 3);
  CHECK(networks[1].module->parameter_count() == 3 * 24 + blocks + resizes + 16 * 192 + 192);
  Cost cost;
  CHECK(networks[0].module->infer_shape({2, 1, 1, 64}, cost) == Shape{2, 32, 32, 3});
  CHECK(networks[1].module->infer_shape({2, 32, 32, 3}, cost) == Shape{2, 1, 1, 1});
  CHECK_FALSE(networks[1].module->uses_batch_statistics());
  for (const Parameter& p : networks[0].module->parameters())
    if (p.name == "stages.0.1.conv2.weight") CHECK(p.value.shape() == Shape{384, 3, 3, 16});
}

TEST_CASE("r3gan: a new generator is the identity in its blocks, with outputs of about unit size") {
  TrainOptions o = small(16);
  o.ngf = 16;
  o.nz = 64;
  const auto model = make_model(o);
  for (const Model::Network& n : model->networks())
    for (const Parameter& p : n.module->parameters()) {
      CAPTURE(p.name);
      const double std = deviation(p.value);
      if (p.name.ends_with("conv3.weight"))
        CHECK(std == 0);
      else if (p.name.ends_with("conv1.weight"))  // sqrt(2 / 1.04 / fan_in) at 3^(-1/4)
        CHECK(std == doctest::Approx(std::sqrt(2 / 1.04 / static_cast<double>(p.value.shape().c)) *
                                     std::pow(3, -0.25))
                         .epsilon(0.1));
    }
  RandomStream stream(1, 5);
  const double size = deviation(model->generate(stream.normal({16, 1, 1, 64}, DType::f64, kRef), true));
  CHECK(size > 0.3);
  CHECK(size < 1.5);
}

TEST_CASE("r3gan: downsampling keeps constants, and halves") {
  TrainOptions o = small(8);
  const auto model = make_model(o);
  Module* d = nullptr;
  for (const Model::Network& n : model->networks())
    if (n.name == "d") d = n.module;
  // input, a block, downsample: the children of d
  auto& layers = dynamic_cast<Sequential&>(*d);
  const Tensor flat = Tensor::full({1, 8, 6, 5}, 0.7, DType::f64, kRef);
  const NoGrad no_grad;
  const Tensor half = layers.run(flat, 2, 3);
  CHECK(half.shape() == Shape{1, 4, 3, 5});
  for (const double v : half.to_vector<double>()) CHECK(v == doctest::Approx(0.7));
  // The filter [1,3,3,1] / 8 along each axis.
  std::vector<double> point(64, 0);
  point[3 * 8 + 3] = 1;
  const std::vector<double> spread =
      layers.run(Tensor::from(point, {1, 8, 8, 1}, DType::f64, kRef), 2, 3).to_vector<double>();
  CHECK(spread[1 * 4 + 1] == doctest::Approx(9.0 / 64));
  CHECK(spread[1 * 4 + 2] == doctest::Approx(3.0 / 64));
  CHECK(spread[2 * 4 + 2] == doctest::Approx(1.0 / 64));
}

TEST_CASE("r3gan: the gradient of the discriminator's step, with R1 and R2, equals central differences") {
  TrainOptions o = small(8);
  o.r1 = 0.6;
  o.r2 = 0.4;
  const auto model = make_model(o);
  Module* d = nullptr;
  for (const Model::Network& n : model->networks())
    if (n.name == "d") d = n.module;
  RandomStream stream(3, 7);
  for (const Parameter& p : d->parameters())  // also those that start at zero
    p.value.assign(stream.normal(p.value.shape(), DType::f32, Device{}, 0, 0.4));
  DiscriminatorTrainer trainer(o, *d, RngStream::discriminator);
  const Tensor real = stream.uniform({2, 8, 8, 3}, DType::f64, kRef, -1, 1);
  const Tensor fake = stream.uniform({2, 8, 8, 3}, DType::f64, kRef, -1, 1);
  const auto loss = [&] {
    trainer.arena().begin();
    trainer.set_penalty_due(true);
    Tape tape;
    const DiscriminatorStats s = trainer.accumulate_gradients(tape, {{real, true}, {fake, false}});
    return s.loss.item() + s.penalty.item();
  };
  loss();
  const std::vector<double> gradient = trainer.arena().gradients().to_vector<double>();
  std::vector<double> values = trainer.arena().values().to_vector<double>();
  REQUIRE(values.size() == gradient.size());
  constexpr double kStep = 1e-6;
  for (std::size_t i = 0; i < values.size(); i += 37) {
    CAPTURE(i);
    const auto moved = [&](double by) {
      std::vector<double> changed = values;
      changed[i] += by;
      trainer.arena().values().assign(changed);
      return loss();
    };
    const double slope = (moved(kStep) - moved(-kStep)) / (2 * kStep);
    CHECK(gradient[i] == doctest::Approx(slope).epsilon(1e-4));
  }
}

TEST_CASE("r3gan: spectral norm, minibatch discrimination and classes take a step") {
  TrainOptions o = small(8);
  o.device = test_device();
  o.precision = "f32";
  o.batch_size = 4;
  o.spectral_norm = true;
  o.minibatch_discrimination = 3;
  o.conditional = true;
  o.classes = "a,b";
  validate(o);
  const auto model = make_model(o);
  RandomStream stream(5, 9);
  const Device device = parse_device(o.device);
  const std::vector<Tensor> inputs{
      stream.uniform({4, 8, 8, 3}, DType::f32, device, -1, 1),
      Tensor::from(std::vector<float>{1, 0, 0, 1, 1, 0, 0, 1}, {4, 1, 1, 2}, DType::f32, device)};
  for (int i = 0; i < 3; ++i)
    for (const auto& [name, value] : model->step(inputs, 0)) CHECK_MESSAGE(std::isfinite(value), name);
  CHECK(model->never_updated().empty());
}
