// Training through the program: run directory, stopping, resuming.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "engine/image/image_size.h"
#include "tests/tools/program.h"

using namespace program;
namespace fs = std::filesystem;

namespace {

// The steps in stats.jsonl, "1,2,3,".
std::string logged_steps(const fs::path& run) {
  std::istringstream lines(read(run / "stats.jsonl"));
  std::string steps;
  for (std::string line; std::getline(lines, line);)
    steps += std::to_string(nlohmann::json::parse(line).at("step").get<int>()) + ",";
  return steps;
}

std::string all_steps(int last) {
  std::string steps;
  for (int i = 1; i <= last; ++i) steps += std::to_string(i) + ",";
  return steps;
}

}  // namespace

TEST_CASE("train: a run directory holds everything, and the screen says what happened") {
  const Folder folder;
  write_images(folder, "pictures", 9, 28);
  const Result result = run(folder,
                            "train gan --dataroot pictures --outf run --batch_size 4 --steps 3 --log-every 1 "
                            "--sample-every 2 --threads 1");
  CAPTURE(result.err);
  CHECK(result.code == 0);
  CHECK(result.err.empty());
  CHECK(has(result.out, "batch-size 4 (default 64)"));
  CHECK(has(result.out, "step 1/3"));
  CHECK(has(result.out, "step 3/3"));
  CHECK(has(result.out, "loss_d"));
  CHECK(has(result.out, "sumi generate -m run"));
  CHECK_FALSE(has(result.out, "\033"));
  for (const char* name : {"options.json", "stats.jsonl", "log.txt", "loss.png", "samples",
                           "checkpoints/0.safetensors", "checkpoints/3.safetensors"})
    CHECK_MESSAGE(fs::exists(folder / "run" / name), name);
  CHECK(logged_steps(folder / "run") == "1,2,3,");

  const Result quiet = run(folder, "train gan --data pictures -o quiet --batch-size 4 --steps 1 -q");
  CHECK(quiet.code == 0);
  CHECK(quiet.out.empty());
  CHECK(quiet.err.empty());
}

TEST_CASE("train: a file's options count as given where they differ from the defaults") {
  const Folder folder;
  write(folder / "idle.txt", "r1-every = 4\n");
  write(folder / "recipe.txt", "r1-every = 16\nlabel-smooth = 0\n");
  const Result idle = run(folder, kTiny + "--outdir a --config idle.txt --dry-run");
  CHECK(idle.code == 2);
  CHECK(has(idle.err, "[--r1-interval] has no effect here (only with --r1 or --r2); leave it out"));
  CHECK(has(idle.err, "idle.txt"));
  CHECK(run(folder, kTiny + "--outdir a --config recipe.txt --gan-mode hinge --dry-run").code == 0);
}

TEST_CASE("train: options of a run start the same run again") {
  const Folder folder;
  write_images(folder, "pictures", 8, 16);
  REQUIRE(run(folder, kTiny + "--outdir a --steps 3").code == 0);
  REQUIRE(run(folder, "train dcgan --config a/options.json --outdir b").code == 0);
  CHECK(differing_tensors(folder / "a/checkpoints/3.safetensors", folder / "b/checkpoints/3.safetensors") ==
        "");
}

TEST_CASE("train: interrupted by Ctrl-C and resumed, a run ends in the same bytes") {
  const Folder folder;
  write_images(folder, "pictures", 11, 16);
  const std::string options =
      kTiny + "--steps 300 --save-every 1000 --sample-every 0 --log-every 1 --ema 0.9 ";
  REQUIRE(run(folder, options + "--outdir whole").code == 0);
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    const std::string name = "parts" + std::to_string(code);
    const Result stopped = run_and_signal(folder, options + "--outdir " + name, signal, [&]() {
      return count_lines(read(folder / (name + "/stats.jsonl"))) >= 5;
    });
    CAPTURE(stopped.err);
    REQUIRE(stopped.code == code);
    CHECK(has(stopped.out, "continue with: sumi train --resume " + name));
    CHECK(stopped.err == "\nsumi: finishing this step, then saving; press Ctrl-C again to stop at once\n");
    const Result resumed = run(folder, "train --resume " + name + " --save-every 50");
    CAPTURE(resumed.err);
    REQUIRE(resumed.code == 0);
    CHECK(resumed.err.empty());
    CHECK(differing_tensors(folder / "whole/checkpoints/300.safetensors",
                            folder / (name + "/checkpoints/300.safetensors")) == "");
    CHECK(logged_steps(folder / name) == all_steps(300));
  }
}

TEST_CASE("train: killed and resumed, a run ends in the same bytes") {
  const Folder folder;
  write_images(folder, "pictures", 11, 16);
  const std::string options = kTiny + "--steps 200 --save-every 20 --sample-every 30 --log-every 1 --keep 3 ";
  REQUIRE(run(folder, options + "--outdir whole").code == 0);
  const Result killed = run_and_signal(folder, options + "--outdir parts", SIGKILL, [&]() {
    return fs::exists(folder / "parts/checkpoints/40.safetensors");
  });
  REQUIRE(killed.code == 128 + SIGKILL);
  const Result resumed = run(folder, "train --resume parts");
  CAPTURE(resumed.err);
  REQUIRE(resumed.code == 0);
  for (const char* step : {"180", "200"})
    CHECK(differing_tensors(folder / "whole/checkpoints" / (std::string(step) + ".safetensors"),
                            folder / "parts/checkpoints" / (std::string(step) + ".safetensors")) == "");
  CHECK(logged_steps(folder / "parts") == all_steps(200));
  CHECK(fs::exists(folder / "parts/samples"));

  // Longer than before.
  REQUIRE(run(folder, "train --resume parts --steps 203").code == 0);
  CHECK(logged_steps(folder / "parts") == all_steps(203));
}

TEST_CASE("train: images that are not square, from the data to samples, generate, evaluate and export") {
  const Folder folder;
  write_images(folder, "pictures", 12, 24);
  const std::string tiny = "--data pictures --ngf 2 --ndf 2 --nz 4 --batch-size 4 --steps 2 --threads 1 -q ";
  const Result trained = run(folder, "train dcgan --size 24x16 --outdir wide " + tiny);
  CAPTURE(trained.err);
  REQUIRE(trained.code == 0);
  CHECK(has(read(folder / "wide/options.json"), "\"size\": \"24x16\""));
  // 64 samples in rows of 8, with a margin of 2.
  CHECK(sumi::claimed_image_size(folder / "wide/samples/2.png") ==
        std::pair<std::int64_t, std::int64_t>(210, 146));
  REQUIRE(run(folder, "train --resume wide --steps 3 -q").code == 0);
  REQUIRE(run(folder, "generate -m wide -n 1 -o one.png --scale 2 -q").code == 0);
  CHECK(sumi::claimed_image_size(folder / "one.png") == std::pair<std::int64_t, std::int64_t>(48, 32));
  CHECK(run(folder, "generate -m wide -n 2 --interpolate 2 -o walk.gif -q").code == 0);
  CHECK(run(folder, "evaluate -m wide --data pictures -n 12 --threads 1").code == 0);
  CHECK(run(folder, "export -m wide -o g.safetensors -q").code == 0);
  REQUIRE(run(folder, "generate -m g.safetensors -n 1 -o two.png -q").code == 0);
  CHECK(sumi::claimed_image_size(folder / "two.png") == std::pair<std::int64_t, std::int64_t>(24, 16));
  check_error(run(folder, "train dcgan --size 24x15 --outdir bad " + tiny), 2, "--size");
  check_error(run(folder, "train dcgan --size 24x --outdir bad " + tiny), 2, "--size");
  check_error(run(folder, "train vae --size 24x16 --data pictures --outdir bad --steps 1"), 2, "squares");
}
