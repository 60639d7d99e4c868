// Convolution plans as files and in checkpoints.
#include "models/training/conv_plan_file.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/runtime/device.h"
#include "models/settings.h"
#include "models/training/checkpoint_metadata.h"
#include "models/training/trainer.h"
#include "tests/models/images.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::error_of, sumi::test::has, sumi::test::TempDir;
namespace fs = std::filesystem;

namespace {

std::string plan_refusal(const std::string& text) {
  const TempDir dir;
  std::ofstream(dir.path / "plan.json") << text;
  return error_of([&] { read_plan(dir.path / "plan.json"); });
}

TrainOptions tiny_dcgan(const fs::path& folder, const char* run) {
  TrainOptions o = default_options("dcgan");
  o.data = (folder / "pictures").string();
  o.cache = (folder / "cache").string();
  o.outdir = (folder / run).string();
  o.size = 16;
  o.channels = 1;
  o.ngf = o.ndf = 8;
  o.nz = 8;
  o.batch_size = 4;
  o.steps = 6;
  o.sample_every = 0;
  o.threads = 1;
  return o;
}

}  // namespace

TEST_CASE("plan file: written files are read") {
  const TempDir dir;
  const StoredPlan plan{"cpu, of another kind",
                        2,
                        {{{"fprop n1h8w8c16k16r3s3u1p1", ConvAlgorithm::winograd},
                          {"wgrad n1h8w8c16k16r3s3u1p1", ConvAlgorithm::native},
                          {"dgrad n1h8w8c16k16r3s3u1p1", ConvAlgorithm::onednn}}}};
  write_plan(dir.path / "plan.json", plan);
  const StoredPlan back = read_plan(dir.path / "plan.json");
  CHECK(back.kernels == plan.kernels);
  CHECK(back.threads == 2);
  CHECK(back.plan.methods == plan.plan.methods);
  CHECK(has(plan_warning(back), "sumi tune"));
  CHECK(plan_warning({compute_signature({}), threads(), {}}).empty());
}

TEST_CASE("plan file: invalid files are rejected by name, with a cure") {
  for (const char* text : {"", "[1]", "{}", R"({"sumi.plan":2,"kernels":"","threads":1,"convolutions":{}})",
                           R"({"sumi.plan":1,"threads":1,"convolutions":{}})",
                           R"({"sumi.plan":1,"kernels":7,"threads":1,"convolutions":{}})",
                           R"({"sumi.plan":1,"kernels":"","threads":-1,"convolutions":{}})",
                           R"({"sumi.plan":1,"kernels":"","threads":1,"convolutions":[]})",
                           R"({"sumi.plan":1,"kernels":"","threads":1,"convolutions":{"a":"magic"}})",
                           R"({"sumi.plan":1,"kernels":"","threads":1,"convolutions":{"a":3}})"}) {
    CAPTURE(text);
    const std::string error = plan_refusal(text);
    CHECK(has(error, "[--conv-plan "));
    CHECK(has(error, "make one with sumi tune"));
    CHECK(error.find('\n') == std::string::npos);
  }
}

TEST_CASE("plan file: a run keeps its plan in its checkpoints, and resumes with it bit-exactly") {
  if (std::string(test_device()) != "cpu") return;  // plans apply to CPU kernels
  const TempDir folder;
  write_images(folder.path / "pictures", 8);
  TrainOptions o = tiny_dcgan(folder.path, "whole");
  // A plan that differs from the default rules everywhere.
  StoredPlan plan{compute_signature({}), 1, {}};
  int changed = 0;
  for (const ConvCall& use : convolutions_of_step(o).uses) {
    const bool winograd = kernels::cpu::conv_method({}, use) == ConvAlgorithm::winograd;
    const bool possible = kernels::cpu::conv_possible(ConvAlgorithm::winograd, use);
    plan.plan.methods[use.str()] = possible && !winograd ? ConvAlgorithm::winograd : ConvAlgorithm::native;
    changed += possible ? 1 : 0;
  }
  REQUIRE(changed > 0);
  write_plan(folder.path / "plan.json", plan);
  o.conv_plan = (folder.path / "plan.json").string();
  TrainingObserver quiet;
  stop_requested = false;
  train(o, quiet);
  TrainOptions parts = tiny_dcgan(folder.path, "parts");
  parts.conv_plan = o.conv_plan;
  train_in_two(parts, 3, [&] { fs::remove(folder.path / "plan.json"); });
  TrainOptions rules = tiny_dcgan(folder.path, "rules");
  train(rules, quiet);
  const auto end = [&](const char* run) {
    return CheckpointFile(folder.path / run / "checkpoints/6.safetensors");
  };
  const auto weights = [](const CheckpointFile& file) {
    const Tensor w = Tensor::empty(file.shape("g.main.0.weight"), DType::f32, Device{});
    file.load("g.main.0.weight", w);
    return w.to_vector<float>();
  };
  CHECK(stored_state(end("parts")).plan->plan.methods == plan.plan.methods);
  CHECK_FALSE(stored_state(end("rules")).plan.has_value());
  CHECK(weights(end("whole")) == weights(end("parts")));
  CHECK(weights(end("whole")) != weights(end("rules")));
}
