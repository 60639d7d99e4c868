// sumi distance, and class selection in generate and import.
#include <doctest/doctest.h>

#include <cmath>
#include <regex>

#include "tests/tools/program.h"

namespace fs = std::filesystem;
using program::check_error;
using program::Folder;
using program::has;
using program::Result;
using program::run;

namespace {

// The value that follows "FD on ..." or "KD on ...".
double figure(const std::string& out, const std::string& name) {
  std::smatch found;
  REQUIRE(std::regex_search(out, found, std::regex(name + " on [^\n]* ([-+.0-9e]+)\n")));
  return std::stod(found[1]);
}

}  // namespace

TEST_CASE("distance: zero between a set and itself, positive between two, labeled as sumi's own") {
  const Folder folder;
  program::write_images(folder, "a", 6, 24);
  program::write_images(folder, "b", 6, 40);
  const Result same = run(folder, "distance -a a -b a --size 16 --threads 1");
  CAPTURE(same.err);
  REQUIRE(same.code == 0);
  CHECK(std::abs(figure(same.out, "FD")) < 1e-6);
  const Result apart = run(folder, "distance -a a -b b --size 16 --most 4 --threads 1");
  REQUIRE(apart.code == 0);
  CHECK(figure(apart.out, "FD") > 1e-3);
  CHECK(has(apart.out, "on sumi's own features"));
  CHECK(has(apart.out, "4 and 4 images at 16x16"));
  CHECK(has(apart.err, "fewer images than features"));
}

TEST_CASE("distance: invalid input is reported in one line") {
  const Folder folder;
  program::write_images(folder, "a", 3, 16);
  program::write(folder / "weights.safetensors", "no weights");
  check_error(run(folder, "distance -a a"), 2, "-b takes");
  check_error(run(folder, "distance -a a -b nowhere"), 1, "nowhere");
  check_error(run(folder, "distance -a a -b a --size 7"), 2, "--size");
  check_error(run(folder, "distance -a a -b a --features nowhere"), 1,
              "[--feature-network] nowhere does not exist");
  check_error(run(folder, "distance -a a -b a --features weights.safetensors"), 1, "weights.safetensors");
}

TEST_CASE("generate --class, and a conditional network's way to PyTorch's names and back") {
  const Folder folder;
  program::write_images(folder, "pictures/dark", 4, 16);
  program::write_images(folder, "pictures/light", 4, 20);
  REQUIRE(run(folder, program::kTiny + "--outdir run --conditional --sn --steps 2 -q").code == 0);
  REQUIRE(run(folder, "generate -m run -n 3 --class light -o light.png").code == 0);
  REQUIRE(run(folder, "generate -m run -n 3 --class dark -o dark.png").code == 0);
  CHECK(program::read(folder / "light.png") != program::read(folder / "dark.png"));
  check_error(run(folder, "generate -m run -n 3 --class gray -o grey.png"), 1,
              "the model knows: dark, light");
  CHECK_FALSE(fs::exists(folder / "grey.png"));
  REQUIRE(run(folder, "export -m run --layout torch -o out.safetensors").code == 0);
  REQUIRE(run(folder,
              "import --model dcgan --size 16 --ngf 4 --ndf 4 --nz 8 --conditional --classes dark,light --sn "
              "-i out.safetensors -o back.safetensors")
              .code == 0);
  REQUIRE(run(folder, "generate -m back.safetensors -n 3 --class light -o again.png").code == 0);
  CHECK(program::read(folder / "again.png") == program::read(folder / "light.png"));
}
