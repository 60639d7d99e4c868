// --metrics while training: the best checkpoint, early stopping, resumption; event files.
#include "models/training/run_metrics.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/serialize/file.h"
#include "models/report/event_file.h"
#include "models/report/run_record.h"
#include "models/settings.h"
#include "tests/models/images.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

TrainOptions tiny(const fs::path& work, const std::string& run) {
  TrainOptions o = default_options("dcgan");
  o.data = (work / "images").string();
  o.outdir = (work / run).string();
  o.cache = (work / "cache").string();
  o.size = 16, o.ngf = o.ndf = 4, o.nz = 8;
  o.batch_size = 4, o.workers = 0, o.threads = 1;
  o.steps = 12, o.log_every = 100, o.sample_every = 0, o.save_every = 4, o.keep = 1;
  o.device = test_device();
  o.metrics = "kd,precision";
  o.metrics_every = 2, o.metrics_images = 12;
  return o;
}

// Scores by step.
std::map<std::int64_t, double> scores_of(const fs::path& run, const std::string& key) {
  std::map<std::int64_t, double> all;
  std::ifstream in(run / "stats.jsonl");
  for (std::string line; std::getline(in, line);) {
    const Json json = Json::parse(line);
    if (json.contains(key)) all[json["step"].get<std::int64_t>()] = json[key].get<double>();
  }
  return all;
}

Json best_of(const fs::path& run) {
  return Json::parse(read_file(run / "best.json", 4096));
}

}  // namespace

TEST_CASE("metrics: every score is logged, and the best checkpoint is marked and kept") {
  const test::TempDir dir;
  write_images(dir.path / "images", 16);
  const TrainOptions o = tiny(dir.path, "run");
  TrainingObserver quiet;
  train(o, quiet);
  const auto kd = scores_of(o.outdir, "kd");
  CHECK(kd.size() == 6);
  CHECK(scores_of(o.outdir, "precision").size() == 6);
  const auto best =
      std::min_element(kd.begin(), kd.end(), [](auto& a, auto& b) { return a.second < b.second; });
  const Json mark = best_of(o.outdir);
  CHECK(mark["step"] == best->first);
  CHECK(mark["metric"] == "kd");
  CHECK(mark["value"] == best->second);
  CHECK(fs::exists(fs::path(o.outdir) / mark["checkpoint"].get<std::string>()));
  const RunRecord record = read_run(o.outdir, 100'000);
  CHECK(record.best == best->first);
  // Step 0, the newest, and the best.
  CHECK(record.checkpoints.size() == (best->first == 12 ? 2 : 3));
}

TEST_CASE("metrics: a resumed run equals an uninterrupted one; without them the training is the same") {
  const test::TempDir dir;
  write_images(dir.path / "images", 16);
  TrainOptions o = tiny(dir.path, "whole");
  TrainingObserver quiet;
  train(o, quiet);
  o.outdir = (dir.path / "parts").string();
  CHECK_FALSE(train_in_two(o, 5).interrupted);
  const fs::path last = fs::path("checkpoints") / "12.safetensors";
  CHECK(bytes_of(dir.path / "whole" / last) == bytes_of(dir.path / "parts" / last));
  CHECK(scores_of(dir.path / "whole", "kd") == scores_of(dir.path / "parts", "kd"));
  CHECK(best_of(dir.path / "whole") == best_of(dir.path / "parts"));
  o.outdir = (dir.path / "without").string();
  o.metrics.clear();
  train(o, quiet);
  CHECK(bytes_of(dir.path / "whole" / last) == bytes_of(dir.path / "without" / last));
  CHECK_FALSE(fs::exists(dir.path / "without" / "best.json"));
}

TEST_CASE("metrics: --early-stop ends a run that does not improve, and a resumption goes back") {
  const test::TempDir dir;
  write_images(dir.path / "images", 16);
  TrainOptions o = tiny(dir.path, "run");
  o.lr = 0;
  o.lr_g = o.lr_d = 1e-12;  // nothing changes
  o.ema = 0;
  o.early_stop = 2, o.steps = 40;
  TrainingObserver quiet;
  const TrainResult result = train(o, quiet);
  CHECK_FALSE(result.interrupted);
  CHECK(result.step < 40);
  const Json mark = best_of(o.outdir);
  CHECK(result.step >= mark["step"].get<std::int64_t>() + 4);
  CHECK(read_run(o.outdir, 1000).state == "done");
  resume(
      fs::path(o.outdir) / "checkpoints" / "0.safetensors",
      [](TrainOptions& options) { options.early_stop = 0, options.steps = 2; }, quiet);
  CHECK(scores_of(o.outdir, "kd").size() == 1);
  CHECK(best_of(o.outdir)["step"] == 2);
}

TEST_CASE("metrics: a translation is scored against the other domain") {
  const test::TempDir dir;
  write_images(dir.path / "images" / "trainA", 12);
  write_images(dir.path / "images" / "trainB", 14);
  TrainOptions o = default_options("cyclegan");
  o.data = (dir.path / "images").string(), o.outdir = (dir.path / "run").string();
  o.cache = (dir.path / "cache").string();
  o.load_size = o.crop_size = 16, o.ngf = o.ndf = 2;
  o.net_g = "resnet_6blocks", o.n_layers_d = 1;
  o.steps = 2, o.sample_every = 0, o.workers = 0, o.threads = 1, o.device = test_device();
  o.metrics = "fd,swd", o.metrics_every = 1, o.metrics_images = 12;
  TrainingObserver quiet;
  train(o, quiet);
  CHECK(scores_of(o.outdir, "fd").size() == 2);
  CHECK(scores_of(o.outdir, "swd").at(1) > 0);
}

TEST_CASE("event file: checksums and frames as TFRecord's") {
  CHECK(crc32c("123456789") == 0xe3069283u);  // RFC 3720
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aau);
  const std::string frame = tfrecord("abc");
  CHECK(frame.size() == 8 + 4 + 3 + 4);
  CHECK(frame.substr(0, 8) == std::string("\3\0\0\0\0\0\0\0", 8));
  CHECK(frame.substr(12, 3) == "abc");
  const test::TempDir dir;
  write_file_atomically(dir.path / "file", "not a folder");
  CHECK(test::has(test::error_of([&] { EventFile(dir.path / "file", 0); }), "[--tensorboard] cannot write"));
}
