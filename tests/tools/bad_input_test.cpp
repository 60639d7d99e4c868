// Every failure is reported in one line, with the exit code that scripts rely on, and nothing is
// lost.
#include <doctest/doctest.h>

#include <filesystem>

#include "tests/tools/program.h"

using namespace program;
namespace fs = std::filesystem;

TEST_CASE("usage: unknown words suggest the nearest known one") {
  const Folder folder;
  check_error(run(folder, "trian"), 2, "unknown command 'trian'; did you mean train? (see sumi --help)");
  check_error(run(folder, "train dcgn --data x"), 2, "unknown model 'dcgn'; there are: gan, gan-reshape");
  check_error(run(folder, "train dcgan --stpes 5"), 2,
              "unknown option --stpes; did you mean --steps? (see sumi train dcgan --help)");
  check_error(run(folder, "train dcgan --batch-sise=5"), 2, "did you mean --batch-size?");
  check_error(run(folder, "train dcgan --zzzzzzzz"), 2, "unknown option --zzzzzzzz (see");
  check_error(run(folder, "inspect --jsn x"), 2, "did you mean --json?");
  check_error(run(folder, "train gan --vbn --data x"), 2,
              "gan does not have --virtual-batch-norm: it needs a generator that starts from noise and has "
              "batch norm");
  check_error(run(folder, "train dcgan --lambda_l1=3"), 2, "dcgan does not have --lambda-l1: only pix2pix");
}

TEST_CASE("usage: missing and invalid options are named") {
  const Folder folder;
  check_error(run(folder, "train"), 2, "name a model");
  check_error(run(folder, "train dcgan --outdir run"), 2, "--data is missing");
  check_error(run(folder, "train dcgan --data pictures"), 2, "--outdir is missing");
  check_error(run(folder, "train dcgan --data"), 2, "--data");
  check_error(run(folder, "train dcgan --data --outdir run"), 2,
              "--data needs a value, but '--outdir' follows");
  check_error(run(folder, "train --steps 4 dcgan --data x --outdir run"), 2, "options must follow the model");
  check_error(run(folder, "train dcgan --resume run"), 1, "[run run] is not a run directory");
  const std::string train = "train dcgan --data x --outdir run ";
  check_error(run(folder, train + "--size 0"), 2, "--size");
  check_error(run(folder, train + "--lr -1"), 2, "--lr");
  check_error(run(folder, train + "--lr nan"), 2, "--lr");
  check_error(run(folder, train + "--batch-size 1.5"), 2, "--batch-size takes a whole number, not '1.5'");
  check_error(run(folder, train + "--batch-size 99999999999"), 2, "--batch-size");
  check_error(run(folder, train + "--seed -1"), 2, "--seed");
  check_error(run(folder, train + "--gan-mode cramer"), 2, "vanilla");
  check_error(run(folder, train + "--device cuda"), 2, "cpu");
  check_error(run(folder, train + "--precision f64"), 2, "--device ref");
  CHECK_FALSE(fs::exists(folder / "run"));
}

TEST_CASE("usage: a bad config file names itself") {
  const Folder folder;
  const std::string train = "train dcgan --dry-run --config c ";
  check_error(run(folder, train), 2, "c");  // missing
  write(folder / "c", "stepps = 4\n");
  check_error(run(folder, train), 2, "stepps");
  write(folder / "c", "steps = many\n");
  check_error(run(folder, train), 2, "steps");
  write(folder / "c", "what is this\n");
  check_error(run(folder, train), 2, "line 1");
  write(folder / "c", "{\"model\": \"gan\"}");
  check_error(run(folder, train), 2, "gan");
  write(folder / "c", "# a comment\nsize = 32\nngf = 4\nbatch_size = 3\n");
  const Result result = run(folder, train + "--size 16");  // the command line counts more
  CHECK(result.code == 0);
  CHECK(has(result.out, "16x16"));
  CHECK(has(result.out, "batch 3"));
}

TEST_CASE("bad data: missing, empty and broken folders") {
  const Folder folder;
  check_error(run(folder, kTiny + "--outdir run"), 1, "pictures");
  fs::create_directory(folder / "pictures");
  check_error(run(folder, kTiny + "--outdir run"), 1, "pictures");
  write((folder / "pictures") / "zero.png", "");
  check_error(run(folder, kTiny + "--outdir run -q 2>&1 | tail -n 1 >&2; exit 1"), 1, "pictures");
  CHECK_FALSE(fs::exists(folder / "run" / "checkpoints"));
  write_images(folder, "pictures", 8, 16);
  check_error(run(folder, kTiny + "--outdir run --batch-size 64 2>&1 | tail -n 1 >&2; exit 1"), 1, "batch");
  const Result good = run(folder, kTiny + "--outdir run --steps 2");
  CHECK(good.code == 0);
  CHECK(has(good.err, "zero.png"));  // named once, skipped
  CHECK(count_lines(good.err) == 1);
}

TEST_CASE("bad output: nothing can be written") {
  const Folder folder;
  write_images(folder, "pictures", 8, 16);
  write(folder / "file", "x");
  check_error(run(folder, kTiny + "--outdir file/run"), 1, "file");
  check_error(run(folder, kTiny + "--outdir /proc/run"), 1, "/proc/run");
  REQUIRE(run(folder, kTiny + "--outdir run --steps 1").code == 0);
  check_error(run(folder, kTiny + "--outdir run --steps 1"), 1, "run");  // holds a run already
  for (const std::string out : {"file/a.png", "/proc/a.png", "/proc/new/a.png", "a.xyz"})
    check_error(run(folder, "generate -m run -n 2 -o " + out), 1, out);
  check_error(run(folder, "export -m run --net g -o missing/w.safetensors"), 1, "missing");
  check_error(run(folder, "generate -m run -n 2 -o /proc/"), 1, "/proc");
}

TEST_CASE("bad checkpoints: truncated, of another model, none") {
  const Folder folder;
  write_images(folder, "pictures", 8, 16);
  REQUIRE(run(folder, kTiny + "--outdir run --steps 1").code == 0);
  const std::string bytes = read(folder / "run/checkpoints/1.safetensors");
  REQUIRE(bytes.size() > 1000);
  write(folder / "cut.safetensors", bytes.substr(0, bytes.size() - 10));
  write(folder / "empty.safetensors", "");
  for (const std::string file : {"cut.safetensors", "empty.safetensors", "absent.safetensors"}) {
    check_error(run(folder, "generate -n 1 -o a.png -m " + file), 1, file);
    check_error(run(folder, "inspect " + file), 1, file);
    check_error(run(folder, "export --net g -o w.safetensors -m " + file), 1, file);
  }
  check_error(
      run(folder,
          "train gan --data pictures --batch-size 4 --outdir other --init run 2>&1 | tail -n 1 >&2; exit 1"),
      1, "of the model dcgan");
  check_error(run(folder, "train --resume pictures"), 1, "pictures");
  check_error(run(folder, "train --resume absent"), 1, "absent");
  check_error(run(folder, "train --resume run --size 32"), 2, "--size cannot change");
  check_error(run(folder, "train --resume run --steps x"), 2, "--steps takes a whole number");
  CHECK_FALSE(fs::exists(folder / "a.png"));
  CHECK_FALSE(fs::exists(folder / "w.safetensors"));
  // The newest checkpoint is broken: the run continues from the one before.
  write(folder / "run/checkpoints/1.safetensors", bytes.substr(0, 500));
  const Result result = run(folder, "train --resume run --steps 2");
  CHECK(result.code == 0);
  CHECK(fs::exists(folder / "run/checkpoints/2.safetensors"));
}

TEST_CASE("generate: invalid counts and patterns") {
  const Folder folder;
  check_error(run(folder, "generate -o a.png"), 2, "--model is missing");
  check_error(run(folder, "generate -m run"), 2, "--output is missing");
  for (const std::string n : {"0", "-3", "x"})
    check_error(run(folder, "generate -m run -o a.png -n " + n), 2, "--count");
  check_error(run(folder, "generate -m run -o a.png -n 1 --interpolate 3"), 2, "--interpolate");
  check_error(run(folder, "generate -m run -o a.png --scale 0"), 2, "--scale");
  check_error(run(folder, "generate -m absent -o a.png"), 1, "absent");
}
