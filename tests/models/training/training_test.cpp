// Whole training runs in this process: determinism, resume, contents of a run directory.
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/image/image.h"
#include "engine/runtime/device.h"
#include "models/make_model.h"
#include "models/settings.h"
#include "tests/models/images.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::error_of, sumi::test::TempDir;
namespace fs = std::filesystem;

namespace {

TrainOptions tiny_run(const fs::path& work, const char* run, const char* model = "dcgan") {
  TrainOptions o = default_options(model);
  o.device = test_device();
  o.data = (work / "pictures").string();
  o.outdir = (work / run).string();
  o.cache = (work / "cache").string();
  o.size = 8;
  o.channels = 1;
  o.nz = 4;
  o.ngf = o.ndf = 4;
  o.batch_size = 4;
  o.steps = 12;
  o.ema = 0.9;
  o.save_every = 5;
  o.sample_every = 4;
  o.log_every = 1;
  o.threads = 2;
  return o;
}

std::vector<std::int64_t> logged_steps(const fs::path& run) {
  std::vector<std::int64_t> steps;
  std::ifstream in(run / "stats.jsonl");
  for (std::string line; std::getline(in, line);) steps.push_back(nlohmann::json::parse(line).at("step"));
  return steps;
}

}  // namespace

TEST_CASE("a run writes the documented files, and the same seed gives the same bytes") {
  const TempDir folder;
  write_images(folder.path / "pictures", 10);
  TrainingObserver quiet;
  stop_requested = false;
  for (const char* model : {"dcgan", "gan"}) {
    CAPTURE(model);
    const std::string first = std::string(model) + "1", second = std::string(model) + "2";
    TrainOptions o = tiny_run(folder.path, first.c_str(), model);
    o.keep = 2;
    const TrainResult result = train(o, quiet);
    CHECK(result.step == 12);
    const fs::path run = o.outdir;
    for (const char* file :
         {"options.json", "stats.jsonl", "log.txt", "loss.png", "samples/0.png", "samples/12.png",
          "checkpoints/0.safetensors", "checkpoints/10.safetensors", "checkpoints/12.safetensors"})
      CHECK_MESSAGE(fs::exists(run / file), file);
    CHECK_FALSE(fs::exists(run / "checkpoints/5.safetensors"));  // only the newest two are kept
    CHECK(logged_steps(run).size() == 12);
    o.outdir = (folder.path / second).string();
    o.workers = 0;  // does not matter
    train(o, quiet);
    CHECK(bytes_of(run / "checkpoints/12.safetensors") ==
          bytes_of(fs::path(o.outdir) / "checkpoints/12.safetensors"));
  }
}

TEST_CASE("any number of workers gives the same bytes") {
  if (std::string(test_device()) != "cpu") return;  // workers ignore the device
  const TempDir folder;
  write_images(folder.path / "pictures", 10);
  TrainingObserver quiet;
  stop_requested = false;
  std::map<std::string, std::string> expected;
  for (const int workers : {0, 1, 2, 7, 64}) {
    CAPTURE(workers);
    TrainOptions o = tiny_run(folder.path, std::to_string(workers).c_str(), "gan");
    o.workers = workers;
    const auto got = bytes_of(train(o, quiet).checkpoint);
    if (expected.empty()) expected = got;
    CHECK(got == expected);
  }
}

TEST_CASE("stopped and resumed equals uninterrupted, bit-exactly") {
  const TempDir folder;
  write_images(folder.path / "pictures", 10);
  TrainingObserver quiet;
  stop_requested = false;
  const TrainOptions whole = tiny_run(folder.path, "whole"), parts = tiny_run(folder.path, "parts");
  train(whole, quiet);
  const TrainResult result = train_in_two(parts, 7, [&] {
    // As left behind by a kill: statistics and samples past the checkpoint.
    std::ofstream(fs::path(parts.outdir) / "stats.jsonl", std::ios::app)
        << "{\"step\":8,\"loss_d\":1}\n{\"st";
    std::ofstream(fs::path(parts.outdir) / "samples/8.png") << "half";
  });
  CHECK(result.step == 12);
  CHECK(bytes_of(fs::path(whole.outdir) / "checkpoints/12.safetensors") ==
        bytes_of(fs::path(parts.outdir) / "checkpoints/12.safetensors"));
  CHECK(logged_steps(parts.outdir) == logged_steps(whole.outdir));
  CHECK(load_image(fs::path(parts.outdir) / "samples/8.png") ==
        load_image(fs::path(whole.outdir) / "samples/8.png"));
}

TEST_CASE("every optimizer resumes bit-exactly; rmsprop has no first moment") {
  const TempDir folder;
  write_images(folder.path / "pictures", 10);
  TrainingObserver quiet;
  std::map<std::string, std::string> first;
  for (const char* optimizer : {"adam", "adamw", "rmsprop"}) {
    CAPTURE(optimizer);
    stop_requested = false;
    const auto options = [&](const std::string& run) {
      TrainOptions o = tiny_run(folder.path, (optimizer + run).c_str(), "gan");
      o.optimizer = optimizer;
      o.weight_decay = 0.1;
      o.clip_grad_norm = 0.5;
      o.steps = 5;
      o.save_every = 2;
      o.sample_every = 0;
      return o;
    };
    const TrainOptions whole = options("-whole"), parts = options("-parts");
    train(whole, quiet);
    train_in_two(parts, 3);
    const auto end = bytes_of(fs::path(whole.outdir) / "checkpoints/5.safetensors");
    CHECK(end == bytes_of(fs::path(parts.outdir) / "checkpoints/5.safetensors"));
    CHECK(end.contains("optim.g.v.main.0.weight"));
    CHECK(end.contains("optim.g.m.main.0.weight") == (std::string(optimizer) != "rmsprop"));
    CHECK(end.at("g.main.0.weight") != first["g.main.0.weight"]);  // the rate schedule has an effect
    first = end;
  }
}

TEST_CASE("the course notes' networks resume bit-exactly, with replacement and resampled noise") {
  const TempDir folder;
  write_images(folder.path / "pictures", 10);
  TrainingObserver quiet;
  for (const char* model : {"gan-reshape", "gan-conv"}) {
    CAPTURE(model);
    const auto options = [&](const std::string& run) {
      TrainOptions o = tiny_run(folder.path, (model + run).c_str(), model);
      o.size = 7;
      o.ngf = o.ndf = 2;
      o.steps = 4;
      o.save_every = 2;
      o.sample_every = 0;
      return o;
    };
    const TrainOptions whole = options("-whole"), parts = options("-parts");
    stop_requested = false;
    train(whole, quiet);
    train_in_two(parts, 3);
    const auto end = bytes_of(fs::path(whole.outdir) / "checkpoints/4.safetensors");
    CHECK(end == bytes_of(fs::path(parts.outdir) / "checkpoints/4.safetensors"));
    CHECK(end.contains("g.main.2.running_var"));
    if (!whole.save_every_epoch) continue;
    const auto epoch = bytes_of(fs::path(whole.outdir) / "checkpoints/epoch-2.safetensors");
    CHECK(epoch.contains("g.main.0.weight"));  // both networks
    CHECK(epoch.contains("d.main.0.weight"));
    CHECK(epoch.at("g.main.0.weight") == end.at("g.main.0.weight"));
  }
}

TEST_CASE("a damaged newest checkpoint: the one before it is used") {
  const TempDir folder;
  write_images(folder.path / "pictures", 10);
  TrainingObserver quiet;
  stop_requested = false;
  const TrainOptions o = tiny_run(folder.path, "run");
  train(o, quiet);
  const fs::path newest = fs::path(o.outdir) / "checkpoints/12.safetensors";
  const auto good = bytes_of(newest);
  fs::resize_file(newest, fs::file_size(newest) / 2);
  CHECK(resolve_checkpoint(o.outdir).filename() == "10.safetensors");
  resume(
      o.outdir, [](TrainOptions&) {}, quiet);
  CHECK(bytes_of(newest) == good);
}

TEST_CASE("a run directory has one writer, and is not begun twice") {
  const TempDir folder;
  write_images(folder.path / "pictures", 10);
  TrainingObserver quiet;
  stop_requested = false;
  const TrainOptions o = tiny_run(folder.path, "run");
  train(o, quiet);
  CHECK_THROWS_AS(train(o, quiet), Error);
  const FileLock lock(o.outdir);
  CHECK_THROWS_AS(resume(
                      o.outdir, [](TrainOptions&) {}, quiet),
                  Error);
}

TEST_CASE("a run that was killed before its first checkpoint can be started again") {
  const TempDir folder;
  write_images(folder.path / "pictures", 10);
  TrainingObserver quiet;
  stop_requested = false;
  const TrainOptions o = tiny_run(folder.path, "run");
  // As left behind by a kill during decoding.
  fs::create_directories(fs::path(o.outdir) / "checkpoints");
  fs::create_directories(fs::path(o.outdir) / "samples");
  std::ofstream(fs::path(o.outdir) / "log.txt") << "begun\n";
  CHECK(train(o, quiet).step == 12);
}

TEST_CASE("options that do not match the weights are detected before memory is allocated") {
  const TempDir folder;
  const auto model = make_model(tiny_run(folder.path, "run"));
  TrainOptions lying = tiny_run(folder.path, "run");
  lying.ngf = 4096;  // gigabytes
  CheckpointWriter writer;
  model->save(writer, false);
  writer.write(folder.path / "lying", {"networks", "dcgan", to_json(lying).dump(), "{}"});
  CHECK_THROWS_WITH_AS(load_model(CheckpointFile(folder.path / "lying")),
                       doctest::Contains("its options ask for g.main.0.weight"), Error);
}

TEST_CASE("weights that are not finite are never saved") {
  const TempDir folder;
  write_images(folder.path / "pictures", 10);
  TrainingObserver quiet;
  stop_requested = false;
  TrainOptions o = tiny_run(folder.path, "run");
  const auto model = make_model(o);
  const Parameter weight = model->networks()[0].module->parameters()[0];
  weight.value.assign(
      Tensor::full(weight.value.shape(), std::nan(""), DType::f32, parse_device(test_device())));
  CheckpointWriter writer;
  model->save(writer, false);
  writer.write(folder.path / "nan", {"networks", "dcgan", to_json(o).dump(), "{}"});
  o.init = (folder.path / "nan").string();
  CHECK_THROWS_WITH_AS(train(o, quiet), doctest::Contains("g.main.0.weight holds NaN or infinity"), Error);
  CHECK_FALSE(fs::exists(fs::path(o.outdir) / "checkpoints/0.safetensors"));
}

TEST_CASE("fine-tuning starts from the weights and refuses another model's") {
  const TempDir folder;
  write_images(folder.path / "pictures", 10);
  TrainingObserver quiet;
  stop_requested = false;
  TrainOptions o = tiny_run(folder.path, "run");
  train(o, quiet);
  TrainOptions tuned = tiny_run(folder.path, "tuned");
  tuned.init = o.outdir;
  train(tuned, quiet);
  const auto before = bytes_of(fs::path(o.outdir) / "checkpoints/12.safetensors");
  const auto start = bytes_of(fs::path(tuned.outdir) / "checkpoints/0.safetensors");
  CHECK(start.at("g.main.0.weight") == before.at("g.main.0.weight"));
  CHECK(start.at("optim.g.m.main.0.weight") != before.at("optim.g.m.main.0.weight"));
  TrainOptions other = tiny_run(folder.path, "other", "gan");
  other.init = o.outdir;
  CHECK_THROWS_AS(train(other, quiet), Error);
  CHECK_FALSE(fs::exists(other.outdir));
}

TEST_CASE("fine-tuning from other networks names the options that differ, and what to give") {
  const TempDir folder;
  write_images(folder.path / "pictures", 4);
  TrainingObserver quiet;
  stop_requested = false;
  TrainOptions first = tiny_run(folder.path, "run");
  first.steps = 1;
  first.spectral_norm = true;
  train(first, quiet);
  const auto refusal = [&](const std::function<void(TrainOptions&)>& change) {
    TrainOptions o = first;
    o.outdir = (folder.path / "tuned").string();
    o.init = first.outdir;
    change(o);
    const std::string text = error_of([&] { train(o, quiet); });
    CHECK(fs::exists(o.outdir) == text.empty());
    fs::remove_all(o.outdir);
    const auto from = text.find(" made with "), to = text.find("; give that here too, or another checkpoint");
    return text.empty() || to == std::string::npos ? text : text.substr(from + 11, to - from - 11);
  };
  CHECK(refusal([](TrainOptions& o) { o.upsample = "bilinear"; }) == "--upsample transpose, not bilinear");
  CHECK(refusal([](TrainOptions& o) { o.ngf = 8, o.lr = 1, o.nz = 5; }) == "--nz 4, not 5; --ngf 4, not 8");
  CHECK(refusal([](TrainOptions& o) { o.size = 16; }) == "--size 8, not 16");
  CHECK(refusal([](TrainOptions& o) { o.minibatch_discrimination = 2; }) ==
        "--minibatch-discrimination 0, not 2");
  CHECK(refusal([](TrainOptions& o) { o.lr = 1e-3, o.ema = 0; }).empty());
  CHECK(refusal([](TrainOptions& o) { o.spectral_norm = false; }) == "--spectral-norm");
  first.outdir = (folder.path / "without").string();
  first.spectral_norm = false;
  train(first, quiet);
  CHECK(refusal([](TrainOptions& o) { o.spectral_norm = true; }) == "--no-spectral-norm");
}

TEST_CASE("the golden checkpoint of format 1 loads") {
  const char* root = std::getenv("SUMI_SOURCE_DIR");
  REQUIRE(root);
  const fs::path golden = fs::path(root) / "tests/models/golden/format1.safetensors";
  const CheckpointFile file(golden);
  CHECK(file.header().kind == "full");
  TrainOptions o;
  const auto model = load_model(file, &o);
  CHECK(o.model == "dcgan");
  CHECK(o.size == 8);
  model->load(file, true);
  std::map<std::string, std::uint64_t> counters;
  const auto state = nlohmann::json::parse(file.header().state);
  for (const auto& [name, value] : state.at("counters").items()) counters[name] = value.get<std::uint64_t>();
  model->set_counters(counters);
  CHECK(model->counters() == counters);
  RandomStream stream(3, 0);
  const Tensor picture = model->generate(model->noise(1, stream), false);
  CHECK(picture.shape() == Shape{1, 8, 8, 1});
  // Values recorded when the checkpoint was made.
  const std::vector<double> values = picture.to_vector<double>();
  std::ifstream expected(fs::path(root) / "tests/models/golden/format1.txt");
  for (const double value : values) {
    double then = 0;
    expected >> then;
    REQUIRE_FALSE(expected.fail());
    CHECK(value == doctest::Approx(then).epsilon(1e-4));
  }
}

TEST_CASE("captured steps end in the same bytes as steps submitted one by one") {
  const TempDir folder;
  write_images(folder.path / "pictures", 10);
  TrainingObserver quiet;
  stop_requested = false;
  for (const std::string precision : {"f32", "bf16"}) {
    CAPTURE(precision);
    TrainOptions captured = tiny_run(folder.path, ("captured" + precision).c_str()),
                 single = tiny_run(folder.path, ("single" + precision).c_str());
    for (TrainOptions* o : {&captured, &single}) {
      o->precision = precision;
      o->clip_grad_norm = 0.5;
      o->epochs_decay = 3;
      o->lr_policy = "linear";
      o->log_every = 3;
    }
    single.no_cuda_graph = true;
    train(captured, quiet);
    train(single, quiet);
    for (const char* step : {"10", "12"}) {
      const fs::path name = fs::path("checkpoints") / (std::string(step) + ".safetensors");
      CHECK(bytes_of(captured.outdir / name) == bytes_of(single.outdir / name));
    }
    CHECK(logged_steps(captured.outdir) == std::vector<std::int64_t>{1, 3, 6, 9, 12});
  }
}
