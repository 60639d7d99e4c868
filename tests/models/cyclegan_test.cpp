// Whole runs of CycleGAN: files, losses, bit-exact resume.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/image/image.h"
#include "engine/runtime/device.h"
#include "models/cyclegan.h"
#include "models/make_model.h"
#include "models/model.h"
#include "models/settings.h"
#include "models/training/trainer.h"
#include "tests/models/images.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::TempDir;
namespace fs = std::filesystem;

namespace {

TrainOptions tiny_cyclegan(const fs::path& work, const char* run) {
  TrainOptions o = default_options("cyclegan");
  o.device = test_device();
  o.data_a = (work / "a").string();
  o.data_b = (work / "b").string();
  o.outdir = (work / run).string();
  o.cache = (work / "cache").string();
  o.load_size = 18;
  o.crop_size = 16;
  o.channels = 1;
  o.n_blocks = 1;
  o.n_layers_d = 1;
  o.ngf = o.ndf = 2;
  o.steps = 10;
  o.ema = 0.9;
  o.group<CycleGanOptions>().pool_size = 3;
  o.no_dropout = false;
  o.save_every = 4;
  o.sample_every = 5;
  o.log_every = 1;
  o.threads = 2;
  return o;
}

void make_images(const fs::path& work) {
  write_images(work / "a", 5);
  write_images(work / "b", 3);
}

double loss(const StepStats& stats, const char* name) {
  for (const auto& [key, value] : stats)
    if (key == name) return value;
  FAIL("no " << name);
  return 0;
}

}  // namespace

TEST_CASE("cyclegan: stopped and resumed equals uninterrupted bit-exactly, including the pool") {
  const TempDir folder;
  make_images(folder.path);
  TrainingObserver quiet;
  stop_requested = false;
  const TrainOptions whole = tiny_cyclegan(folder.path, "whole"), parts = tiny_cyclegan(folder.path, "parts");
  train(whole, quiet);
  train_in_two(parts, 7);
  const auto end = bytes_of(fs::path(whole.outdir) / "checkpoints/10.safetensors");
  CHECK(end == bytes_of(fs::path(parts.outdir) / "checkpoints/10.safetensors"));
  for (const char* name : {"g_ab.model.1.weight", "g_ba.model.1.weight", "d_a.model.0.weight",
                           "optim.g_ab.m.model.1.weight", "ema.g_ba.model.1.weight", "pool.a.2", "pool.b.2"})
    CHECK_MESSAGE(end.contains(name), name);
  CHECK_FALSE(end.contains("pool.a.3"));
  CHECK_FALSE(end.contains("ema.d_a.model.0.weight"));
  CHECK(load_image(fs::path(parts.outdir) / "samples/10.png") ==
        load_image(fs::path(whole.outdir) / "samples/10.png"));
  // Rows of input, output and reconstruction for A, then for B: 3 of each, 16 px and margins of 2.
  const Image8 sheet = load_image(fs::path(whole.outdir) / "samples/10.png");
  CHECK(sheet.height == 6 * 18 + 2);
  CHECK(sheet.width == 3 * 18 + 2);
}

TEST_CASE("cyclegan: --data with trainA and trainB") {
  const TempDir folder;
  make_images(folder.path / "set");
  fs::rename(folder.path / "set/a", folder.path / "set/trainA");
  fs::rename(folder.path / "set/b", folder.path / "set/trainB");
  TrainOptions o = tiny_cyclegan(folder.path, "run");
  o.data_a = o.data_b = "";
  o.data = (folder.path / "set").string();
  o.steps = 1;
  TrainingObserver quiet;
  stop_requested = false;
  CHECK(train(o, quiet).step == 1);
}

TEST_CASE("cyclegan: sizes that the networks cannot keep are named before the first step") {
  const TempDir folder;
  make_images(folder.path);
  TrainingObserver quiet;
  stop_requested = false;
  TrainOptions o = tiny_cyclegan(folder.path, "run");
  o.crop_size = 18;
  CHECK_THROWS_WITH_AS(validate(o),
                       "[--crop-size] 18 is not possible for resnet_9blocks; use a multiple of 4 "
                       "from 8 on, such as 16",
                       Error);
  o = tiny_cyclegan(folder.path, "run");
  o.preprocess = "none";
  save_image(folder.path / "b/small.png", Image8(4, 4, 1, 90));
  CHECK_THROWS_WITH_AS(train(o, quiet), doctest::Contains("b] holds images of 4x4, which g_ab cannot take"),
                       Error);
  CHECK_FALSE(fs::exists(o.outdir));
}

TEST_CASE("cyclegan: a checkpoint whose pool is not whole is refused") {
  const TempDir folder;
  make_images(folder.path);
  TrainingObserver quiet;
  stop_requested = false;
  TrainOptions o = tiny_cyclegan(folder.path, "run");
  o.steps = 3;
  train(o, quiet);
  const auto model = make_model(o);
  const CheckpointFile file(fs::path(o.outdir) / "checkpoints/3.safetensors");
  model->load(file, true);
  const auto state = nlohmann::json::parse(file.header().state);
  std::map<std::string, std::uint64_t> counters = state.at("counters");
  model->set_counters(counters);
  counters["pool_b_count"] = 2;
  CHECK_THROWS_AS(model->set_counters(counters), Error);
}

TEST_CASE("cyclegan: losses enter the sum with their weights; a weight of 0 switches one off") {
  const TempDir folder;
  TrainOptions o = tiny_cyclegan(folder.path, "run");
  RandomStream stream(4, 0);
  const std::vector<Tensor> real{
      stream.uniform({2, 16, 16, 1}, DType::f32, parse_device(test_device()), -1, 1),
      stream.uniform({2, 16, 16, 1}, DType::f32, parse_device(test_device()), -1, 1)};
  o.batch_size = 2;
  o.no_dropout = true;
  const StepStats one = make_model(o)->step(real, 0);
  o.group<CycleGanOptions>().lambda_a *= 3;
  const StepStats three = make_model(o)->step(real, 0);
  CHECK(loss(three, "loss_cycle_a") == doctest::Approx(3 * loss(one, "loss_cycle_a")));
  CHECK(loss(three, "loss_identity_a") == doctest::Approx(3 * loss(one, "loss_identity_a")));
  CHECK(loss(three, "loss_cycle_b") == loss(one, "loss_cycle_b"));
  CHECK(loss(one, "loss_identity_a") > 0);
  o.group<CycleGanOptions>().lambda_identity = 0;
  o.group<CycleGanOptions>().lambda_b = 0;
  const StepStats none = make_model(o)->step(real, 0);
  CHECK(loss(none, "loss_identity_b") == 0);
  CHECK(loss(none, "loss_cycle_b") == 0);
  CHECK(loss(none, "loss_g_ab") == doctest::Approx(loss(one, "loss_g_ab")));
}

TEST_CASE("cyclegan: translation knows its directions and leaves training as it was") {
  const TempDir folder;
  TrainOptions o = tiny_cyclegan(folder.path, "run");
  const auto model = make_model(o);
  RandomStream stream(4, 0);
  const Tensor x = stream.uniform({1, 16, 24, 1}, DType::f32, parse_device(test_device()), -1, 1);
  const Tensor ab = model->translate(x, "AtoB", false), ba = model->translate(x, "BtoA", false);
  CHECK(ab.shape() == x.shape());
  CHECK(ab.to_vector<double>() != ba.to_vector<double>());
  CHECK(ab.to_vector<double>() == model->translate(x, "AtoB", true).to_vector<double>());  // no step yet
  CHECK_THROWS_AS(model->translate(x, "AtoC", false), Error);
  CHECK_THROWS_AS(model->generate(x, false), Error);
  CHECK(model->translator("AtoB").name == "g_ab");
  CHECK(model->translator("BtoA").multiple == 4);
}
