// --conditional: networks that are conditioned on the class.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <cmath>

#include "engine/runtime/device.h"
#include "models/make_model.h"
#include "models/model.h"
#include "models/settings.h"
#include "models/training/class_labels.h"
#include "tests/models/images.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::TempDir;
namespace fs = std::filesystem;

namespace {

// Enough steps to learn the classes; too slow on the emulated device, which computes the same.
const bool kLearns = std::string(test_device()) != "emu";
const int kSteps = kLearns ? 300 : 6;

// Images whose left or right half is light: a class that is visible at once.
void write_classes(const fs::path& folder) {
  for (const std::string name : {"left", "right"}) {
    fs::create_directories(folder / name);
    for (int i = 0; i < 12; ++i) {
      Image8 image(12, 12, 1, 20);
      for (int y = 0; y < 12; ++y)
        for (int x = name == "left" ? 0 : 6; x < (name == "left" ? 6 : 12); ++x)
          *image.at(x, y) = static_cast<std::uint8_t>(200 + i);
      save_image(folder / name / (std::to_string(i) + ".png"), image);
    }
  }
}

TrainOptions conditional(const char* model, const fs::path& work, const char* run) {
  TrainOptions o = default_options(model);
  o.device = test_device();
  o.data = (work / "pictures").string();
  o.outdir = (work / run).string();
  o.cache = (work / "cache").string();
  o.conditional = true;
  o.size = 8;
  o.channels = 1;
  o.nz = 4;
  o.ngf = o.ndf = std::string(model) == "gan" && kLearns ? 64 : 4;
  o.batch_size = 8;
  o.lr = 5e-4;
  o.steps = kSteps;
  o.save_every = 1000;
  o.sample_every = 1000;
  o.log_every = 100;
  o.threads = 1;
  return o;
}

// Mean lightness of the left half minus that of the right.
double left_of(Model& model, int only) {
  RandomStream stream(3, 4);
  const Tensor drawn = model.generate(model.noise(16, stream, only), false);
  const Shape half{16, 8, 4, 1};
  return mean(sub(slice(drawn, {0, 0, 0, 0}, half), slice(drawn, {0, 0, 4, 0}, half))).item();
}

}  // namespace

TEST_CASE("conditional: generated images show the requested class, and resume is bit-exact") {
  const TempDir folder;
  write_classes(folder.path / "pictures");
  TrainingObserver quiet;
  stop_requested = false;
  const TrainOptions whole = conditional("gan", folder.path, "whole");
  train(whole, quiet);
  train_in_two(conditional("gan", folder.path, "parts"), kSteps / 2);
  const std::string last = fmt::format("checkpoints/{}.safetensors", kSteps);
  CHECK(bytes_of(fs::path(whole.outdir) / last) == bytes_of(folder.path / "parts" / last));

  TrainOptions o;
  const auto model = load_model(CheckpointFile(fs::path(whole.outdir) / last), &o);
  CHECK(o.classes == "left,right");
  CHECK(class_number(o, "right") == 1);
  CHECK_THROWS_WITH_AS(class_number(o, "up"), "[--class] unknown 'up'; the model knows: left, right", Error);
  if (!kLearns) return;
  CHECK(left_of(*model, 0) > 0.5);
  CHECK(left_of(*model, 1) < -0.5);
  CHECK(std::abs(left_of(*model, Model::kEveryClass)) < 0.5);
}

TEST_CASE("conditional: every GAN from noise tells both networks the class") {
  const TempDir folder;
  write_classes(folder.path / "pictures");
  TrainingObserver quiet;
  for (const char* model : {"gan-reshape", "gan-conv", "gan-autoencoder", "infogan"}) {
    CAPTURE(model);
    stop_requested = false;
    const auto trained = [&](const char* classes, const char* run) {
      TrainOptions o = conditional(model, folder.path, (std::string(model) + run).c_str());
      o.size = std::string(model) == "gan-conv" ? 7 : 8;
      o.steps = 2;
      o.n_critic = 1;
      o.classes = classes;
      train(o, quiet);
      return bytes_of(fs::path(o.outdir) / "checkpoints/2.safetensors");
    };
    const auto first = trained("left,right", "1"), turned = trained("right,left", "2");
    REQUIRE(first.size() == turned.size());
    // g gets another class, and so does d.
    for (const char* network : {"optim.g.v.", "optim.d.v."}) {
      int differ = 0;
      for (const auto& [name, bytes] : first) differ += name.starts_with(network) && turned.at(name) != bytes;
      CHECK_MESSAGE(differ > 0, network);
    }
  }
  CHECK_FALSE(option_table("photo-converter").has("conditional"));
}

TEST_CASE("conditional: a model without classes says so") {
  TrainOptions o = default_options("gan");
  o.device = test_device();
  o.size = 8;
  RandomStream stream(1, 1);
  CHECK_THROWS_WITH_AS(class_number(o, "dark"),
                       doctest::Contains("[--class] the model does not generate by class"), Error);
  CHECK_THROWS_WITH_AS(make_model(o)->noise(1, stream, 0), doctest::Contains("does not generate by class"),
                       Error);
  o = default_options("vae");
  o.device = test_device();
  CHECK_THROWS_WITH_AS(make_model(o)->noise(1, stream, 0), doctest::Contains("does not generate by class"),
                       Error);
}
