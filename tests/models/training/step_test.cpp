// A training step: --n-critic and --accumulate for every model that has them, and the sum of
// losses.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <map>

#include "engine/runtime/device.h"
#include "engine/serialize/checkpoint.h"
#include "models/anime_options.h"
#include "models/cyclegan.h"
#include "models/make_model.h"
#include "models/model.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/step.h"
#include "tests/models/tiny_vgg.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::TempDir;

namespace {

// Networks whose norms treat each image separately, so that the division into micro-batches has no
// effect.
TrainOptions small_run(const std::string& model, const std::filesystem::path& folder) {
  TrainOptions o = default_options(model);
  o.device = "ref";
  o.precision = "f64";
  o.ngf = o.ndf = 4;
  o.n_blocks = 1;
  o.size = o.crop_size = 16;
  if (model == "gan") o.size = 8;
  if (model == "pix2pix") {
    o.net_g = "resnet_6blocks";
    o.norm = "instance";
    o.no_dropout = true;
  }
  o.n_layers_d = 1;
  o.group<CycleGanOptions>().pool_size = 0;
  o.threads = 1;
  o.group<AnimeOptions>().feature_network = write_tiny_vgg(folder).string();
  o.group<AnimeOptions>().init_epochs = 0;
  o.spectral_norm = false;  // it iterates once per pass
  return o;
}

std::vector<Tensor> pictures(const TrainOptions& o, std::int64_t n) {
  RandomStream stream(7, 99);
  std::vector<Tensor> all;
  for (int i = 0; i < model_spec(o.model).requirements.sets(); ++i)
    all.push_back(stream.uniform({n, image_size(o), image_size(o), o.channels}, DType::f64,
                                 parse_device(o.device), -1, 1));
  return all;
}

// Adam's first moments after a step on the same images, by name: gradients times a constant factor.
std::map<std::string, std::vector<double>> moments_after_step(const TrainOptions& o,
                                                              const std::filesystem::path& folder) {
  const auto model = make_model(o);
  model->step(pictures(o, 4), 0);
  CheckpointWriter writer;
  model->save(writer, true);
  writer.write(folder / "step", {"full", o.model, to_json(o).dump(), "{}"});
  const CheckpointFile file(folder / "step");
  std::map<std::string, std::vector<double>> all;
  for (const CheckpointFile::Entry& entry : file.entries()) {
    if (!entry.name.starts_with("optim.") || entry.name.find(".m.") == std::string::npos) continue;
    const Tensor moment = Tensor::zeros(entry.shape, DType::f64, parse_device(o.device));
    file.load(entry.name, moment);
    all[entry.name] = moment.to_vector<double>();
  }
  return all;
}

}  // namespace

TEST_CASE("an update of several micro-batches equals that of one batch with as many images") {
  const TempDir folder;
  for (const char* name : {"gan", "vae", "cyclegan", "pix2pix", "animegan", "cartoongan"}) {
    CAPTURE(std::string(name));
    TrainOptions o = small_run(name, folder.path);
    o.batch_size = 4;
    const auto whole = moments_after_step(o, folder.path);
    o.batch_size = 1;
    o.accumulate = 4;
    const auto parts = moments_after_step(o, folder.path);
    REQUIRE(parts.size() == whole.size());
    CHECK(!whole.empty());
    for (const auto& [parameter, moments] : whole) {
      CAPTURE(parameter);
      double most = 0, worst = 0;
      for (std::size_t i = 0; i < moments.size(); ++i) {
        most = std::max(most, std::abs(moments[i]));
        worst = std::max(worst, std::abs(moments[i] - parts.at(parameter)[i]));
      }
      CHECK(worst <= 1e-9 * most + 1e-15);
    }
  }
}

TEST_CASE("--n-critic: discriminators learn that often, generators once") {
  const TempDir folder;
  for (const char* name : {"gan", "photo-converter", "cyclegan", "pix2pix", "animegan"}) {
    CAPTURE(std::string(name));
    TrainOptions o = small_run(name, folder.path);
    o.batch_size = 1;
    o.n_critic = 2;
    o.accumulate = 2;
    const auto model = make_model(o);
    model->step(pictures(o, 4), 0);
    int generators = 0, discriminators = 0;
    for (const auto& [counter, count] : model->counters()) {
      const bool generator = counter.starts_with("adam.g"), discriminator = counter.starts_with("adam.d");
      generators += generator ? 1 : 0;
      discriminators += discriminator ? 1 : 0;
      if (generator || discriminator) CHECK(count == (generator ? 1 : 2));
    }
    CHECK(generators > 0);
    CHECK(discriminators > 0);
  }
}

namespace {

// x -> w x with one weight.
std::unique_ptr<Sequential> scale(const char* name, double w) {
  auto net = std::make_unique<Sequential>(name);
  LayerSpec s;
  s.in = s.out = 1;
  s.bias = false;
  s.name = "w";
  net->add(s, DType::f64, parse_device("ref"));
  net->parameters()[0].value.assign(std::vector<double>{w});
  return net;
}

TrainOptions in_f64() {
  TrainOptions o = default_options("gan");
  o.device = "ref";
  o.precision = "f64";
  o.optimizer = "rmsprop";
  return o;
}

Tensor numbers(const std::vector<double>& v) {
  return Tensor::from(v, {static_cast<std::int64_t>(v.size()), 1, 1, 1}, DType::f64, parse_device("ref"));
}

std::map<std::string, double> reported(const Step& step) {
  std::map<std::string, double> all;
  for (const auto& [name, value] : step.reported()) all[name] = value.item();
  return all;
}

}  // namespace

TEST_CASE("step: rounds and micro-batches take images of their own, and only the last round minimizes") {
  const auto net = scale("g", 2);
  TrainableNetworks g({net.get()}, in_f64(), true);
  const std::vector<Tensor> inputs{numbers({1, 2, 3, 4, 5, 6, 7, 8})};
  Step step({}, inputs, 2, 2, {&g});
  std::vector<double> seen, minimized;
  step.run([&] {
    step.without_gradients([&](MicroBatch& b) {
      for (const double v : b.input(0).to_vector<double>()) seen.push_back(v);
    });
    step.minimize(g, [&](MicroBatch& b, Losses& loss) {
      for (const double v : b.input(0).to_vector<double>()) minimized.push_back(v);
      loss.add("loss", mean((*net)(b.input(0))));
    });
  });
  CHECK(seen == std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(minimized == std::vector<double>{5, 6, 7, 8});
  CHECK(reported(step).at("loss") == doctest::Approx(2 * 6.5));
  CHECK(g.arena().gradients().to_vector<double>()[0] == doctest::Approx(6.5));  // the mean of both
}

TEST_CASE("step: losses have names and weights; one of weight 0 is not computed") {
  const auto net = scale("g", 2), other = scale("d", 3);
  TrainableNetworks g({net.get()}, in_f64(), true), d({other.get()}, in_f64(), false);
  const std::vector<Tensor> inputs{numbers({1, 3})};
  Step step({}, inputs, 1, 1, {&g, &d});
  d.arena().begin();
  step.run([&] {
    step.minimize(g, [&](MicroBatch& b, Losses& loss) {
      const Tensor y = (*net)(b.input(0));
      loss.add("loss_a", 10, mean(y));
      loss.backward();  // backpropagates the terms so far; later terms add to it
      loss.add("loss_b", mean((*other)((*net)(b.input(0)))));
      loss.add("loss_c", 0, []() -> Tensor { throw Error("computed"); });
      loss.report("seen", mean(y));
    });
  });
  const auto stats = reported(step);
  CHECK(stats.at("loss_a") == doctest::Approx(40));
  CHECK(stats.at("loss_b") == doctest::Approx(12));
  CHECK(stats.at("loss_c") == 0);
  CHECK(stats.at("seen") == doctest::Approx(4));
  CHECK(step.reported().back().first == "seen");  // after the losses
  CHECK(g.arena().gradients().to_vector<double>()[0] == doctest::Approx(10 * 2 + 3 * 2));
  CHECK(g.updates() == 1);
  CHECK(d.updates() == 0);
  CHECK(other->parameters()[0].value.requires_grad());  // frozen during g's update only
}

TEST_CASE("step: a generated image stays on the tape, or is made again for each of several micro-batches") {
  for (const int parts : {1, 2}) {
    CAPTURE(parts);
    const auto net = scale("g", 2), judge = scale("d", 1);
    TrainableNetworks g({net.get()}, in_f64(), true);
    DiscriminatorTrainer d(in_f64(), *judge, RngStream::discriminator);
    const std::vector<Tensor> inputs{numbers({1, 2})};
    Step step({}, inputs, 1, parts, {&g, &d.group()});
    int made = 0;
    const auto fake = [&](MicroBatch& b) {
      return b.generate("fake", [&] {
        ++made;
        return (*net)(b.input(0));
      });
    };
    step.run([&] {
      step.train(d, [&](MicroBatch& b) { return DiscriminatorInputs{{b.input(0), true}, {fake(b), false}}; });
      step.minimize(
          g, [&](MicroBatch& b, Losses& loss) { loss.add("loss_g", d.generator_loss(fake(b), b.input(0))); });
    });
    CHECK(made == (parts == 1 ? 1 : 4));
    CHECK(g.arena().gradients().to_vector<double>()[0] != 0);
    CHECK(reported(step).contains("loss_d"));
    CHECK(reported(step).contains("d_fake"));
    CHECK(step.debug_tensors().size() == 1);
    CHECK_FALSE(step.debug_tensors()[0].second.requires_grad());
  }
}
