// A stylizer on the command line: trained on planes in folders and on filters, and used by convert.
#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/image/image.h"
#include "engine/image/photo.h"
#include "tests/tools/program.h"

using namespace program;

namespace {

// Two photographs, and planes of the style "own".
void write_planes(const Folder& folder) {
  write_images(folder, "photos", 2, 32);
  std::filesystem::create_directories(folder / "planes");
  for (const auto& entry : std::filesystem::directory_iterator(folder / "photos")) {
    const std::string name = entry.path().stem().string();
    sumi::save_image(folder / ("planes/" + name + ".flat.png"), sumi::load_image(entry.path()));
    sumi::save_image(folder / ("planes/" + name + ".line.png"), sumi::Image8(32, 32, 1, 90));
  }
}

const std::string kTrain =
    "train stylizer --data-a photos --crop-size 16 --ngf 4 --n-blocks 1 --batch-size 2 --steps 2 --workers 0 "
    "--threads 1 "
    "--sample-every 0 --seed 1 --outdir run ";

}  // namespace

TEST_CASE("comic: a run of two teachers converts in its styles and their mixture") {
  const Folder folder;
  write_planes(folder);
  const Result trained = run(folder, kTrain + "--style ink own=planes");
  CAPTURE(trained.err);
  REQUIRE(trained.code == 0);
  const std::string picture =
      "photos/" + std::filesystem::directory_iterator(folder / "photos")->path().filename().string();
  const auto made = [&](const std::string& arguments) {
    const Result result =
        run(folder, "convert -m run --threads 1 -i " + picture + " -o out.png " + arguments);
    CAPTURE(arguments);
    CAPTURE(result.err);
    CHECK(result.code == 0);
    return sumi::load_photo(folder / "out.png").rgb;
  };
  const auto ink = made(""), own = made("-n own");
  CHECK(ink == made("-n ink"));
  CHECK(ink != own);
  CHECK(made("-n ink:1,own:0") == ink);
  CHECK(made("-n ink:0.5,own:0.5") != ink);
  CHECK(made("--line-strength 0") != ink);
  CHECK(made("--levels 2") != made("--levels 0"));
  CHECK(made("--layer flat") != made("--layer line"));
  CHECK(made("--scale 32").size() == ink.size());

  const std::string convert = "convert -m run -i " + picture + " -o out.png ";
  check_error(run(folder, convert + "-n oil"), 2, "has no style 'oil'; it has ink, own");
  check_error(run(folder, convert + "-n ink:-1"), 2, "gives no weight");
  check_error(run(folder, convert + "--line-strength 3"), 2, "--line-strength 3 is out of range");
  check_error(run(folder, convert + "--levels 1"), 2, "--levels 1 is out of range");
  check_error(run(folder, convert + "--scale 8"), 2, "--scale 8 is out of range");
  check_error(run(folder, convert + "--layer edge"), 2, "--layer edge is unknown");
  check_error(run(folder, "convert -i " + picture + " -o out.png --levels 4"), 2,
              "--levels is for stylizers");
}

TEST_CASE("comic: missing options are named") {
  const Folder folder;
  write_planes(folder);
  check_error(run(folder, kTrain + "--style own=nowhere"), 1, "is neither a folder of teachers");
  check_error(run(folder, kTrain + "--add-style own=wash"), 1, "[--add-style] needs --init");
  check_error(run(folder, kTrain), 1, "[--styles] is missing");
  check_error(run(folder, "convert -m nothing-of-the-kind -i photos -o out"), 1, "does not exist");
}
