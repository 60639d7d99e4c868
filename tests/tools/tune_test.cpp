// sumi tune, and the commands that accept its plan.
#include <doctest/doctest.h>

#include <filesystem>

#include "tests/tools/program.h"

namespace fs = std::filesystem;
using program::check_error, program::Folder, program::has, program::read, program::Result, program::run;

namespace {

const std::string kModel = "dcgan --size 16 --ngf 8 --ndf 8 --nz 8 --batch-size 4 ";
const std::string kTune = "tune --seconds 0.001 --threads 1 -o plan.json ";

}  // namespace

TEST_CASE("tune: a training step's plan, which train and generate take") {
  const Folder folder;
  program::write_images(folder, "pictures", 6, 16);
  const Result tuned = run(folder, kTune + kModel);
  CHECK(tuned.code == 0);
  CHECK(has(tuned.out, "by the rules"));
  CHECK(has(tuned.out, "fprop n4h16w16c3k8r4s4u2p1"));
  CHECK(has(tuned.out, "plan.json: "));
  CHECK(has(read(folder / "plan.json"), "\"wgrad n4h16w16c3k8r4s4u2p1\""));
  const std::string trained =
      "train " + kModel + "--data pictures --steps 2 --sample-every 0 --threads 1 --plan plan.json ";
  const Result train = run(folder, trained + "--outdir run");
  CHECK(train.code == 0);
  CHECK_FALSE(has(train.err, "warning"));
  CHECK(has(
      run(folder, "train " + kModel +
                      "--data pictures --steps 2 --sample-every 0 --threads 2 --plan plan.json --outdir two")
          .err,
      "measured with 1 threads"));
  const std::string drawn = "generate -m run -n 4 --threads 1 --plan plan.json -o ";
  CHECK(run(folder, drawn + "a.png").code == 0);
  CHECK(run(folder, drawn + "b.png").code == 0);
  CHECK(read(folder / "a.png") == read(folder / "b.png"));
  const Result of_run = run(folder, kTune + "-q -m run");
  CHECK(of_run.code == 0);
  CHECK(of_run.out.empty());
  CHECK(has(read(folder / "plan.json"), "n64"));
}

TEST_CASE("tune: invalid options are rejected before anything is measured") {
  const Folder folder;
  program::write(folder / "no.json", "{}");
  check_error(run(folder, "tune -o plan.json"), 2, "name a model");
  check_error(run(folder, "tune dcgan"), 2, "--output");
  check_error(run(folder, "tune -o plan.json -m run dcgan"), 2, "name a model");
  check_error(run(folder, "tune -o plan.json -m nowhere"), 1, "nowhere");
  check_error(run(folder, "tune gan --seconds 0.001 -o plan.json"), 1, "no convolution");
  check_error(run(folder, "tune -o plan.json --seconds 0 dcgan"), 2, "--seconds");
  for (const std::string name : {"--image", "--picture"})
    check_error(run(folder, "tune -o plan.json -m run " + name + " 0x5"), 2, "--image");
  check_error(run(folder, kTune + "dcgan --size 15"), 2, "--size");
  check_error(run(folder, "tune --seconds 0.001 -o no/such/plan.json " + kModel), 1, "no/such");
  CHECK_FALSE(fs::exists(folder / "plan.json"));
  program::write_images(folder, "pictures", 6, 16);
  const std::string trained = "train " + kModel + "--data pictures --steps 2 --outdir run ";
  check_error(run(folder, trained + "--plan nowhere.json"), 1, "nowhere.json");
  check_error(run(folder, trained + "--plan no.json"), 1, "make one with sumi tune");
  check_error(run(folder, trained + "--plan no.json --conv-backend native"), 2, "--conv-plan");
  CHECK_FALSE(fs::exists(folder / "run"));
}
