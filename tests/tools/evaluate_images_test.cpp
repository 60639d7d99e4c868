// sumi evaluate of models, folders and votes.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/tools/program.h"

namespace fs = std::filesystem;
using program::check_error;
using program::Folder;
using program::has;
using program::Result;
using program::run;
using Json = nlohmann::ordered_json;

namespace {

Json scores_of(const Folder& folder, const std::string& arguments) {
  const Result result = run(folder, "evaluate " + arguments + " --json --threads 1");
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
  return Json::parse(result.out);
}

}  // namespace

TEST_CASE("evaluate: a model that generates, with sheet, held-out images and a page of pairs") {
  const Folder folder;
  program::write_images(folder, "pictures", 14, 16);
  program::write_images(folder, "unseen", 10, 20);
  REQUIRE(run(folder, program::kTiny + "--outdir run --steps 2 -q").code == 0);
  const Json json =
      scores_of(folder, "-m run --data pictures --held-out unseen -n 12 --sheet near.png --seed 3");
  CHECK(json["images"] == 12);
  CHECK(json["real"] == 14);
  CHECK(json["features"] == "sumi");
  for (const char* key : {"fd", "kd", "class_score", "precision", "recall", "swd", "diversity", "nearest",
                          "nearer", "discriminator", "discriminator_held_out"}) {
    CAPTURE(key);
    REQUIRE(json["scores"].contains(key));
    CHECK(json["scores"][key]["value"].is_number());
  }
  CHECK(fs::file_size(folder / "near.png") > 1000);
  CHECK(has(json["scores"]["nearest"]["note"].get<std::string>(), "held-out"));
  // The same seed gives the same figures, and sumi generate the same images.
  REQUIRE(run(folder, "generate -m run -n 12 --seed 3 -o made/ -q --threads 1").code == 0);
  const Json again = scores_of(folder, "--images made --data pictures --size 16");
  CHECK(again["scores"]["fd"]["value"].get<double>() ==
        doctest::Approx(json["scores"]["fd"]["value"].get<double>()));

  const Result table = run(folder, "evaluate -m run --data pictures -n 12 --threads 1");
  REQUIRE(table.code == 0);
  CHECK(has(table.out, "FD on sumi's own features"));
  CHECK(has(table.out, "↓ lower"));
  REQUIRE(run(folder, "evaluate -m run --data pictures -n 12 --human-sheet pairs.html --pairs 10").code == 0);
  REQUIRE(run(folder, "evaluate -m run --against made -n 12 --human-sheet models.html --pairs 10").code == 0);
  CHECK(has(program::read(folder / "models.html"), "Which of the two images is better?"));
}

TEST_CASE("evaluate: a translation beside its target set") {
  const Folder folder;
  program::write_images(folder, "pictures/trainA", 12, 16);
  program::write_images(folder, "pictures/trainB", 11, 18);
  REQUIRE(run(folder,
              "train cyclegan --data pictures --outdir run --load-size 16 --crop-size 16 --ngf 2 --ndf 2 "
              "--net-g resnet_6blocks --n-layers-d 1 --steps 1 --threads 1 -q")
              .code == 0);
  const Json json = scores_of(folder, "-m run --data pictures --sheet sheet.png");
  for (const char* key : {"fd", "ssim", "edges", "perceptual", "chroma_shift", "color_contrast", "flatness",
                          "line_strength", "checkerboard", "identity", "discriminator"}) {
    CAPTURE(key);
    CHECK(json["scores"].contains(key));
  }
  CHECK_FALSE(json["scores"].contains("nearer"));
  CHECK(json["scores"]["flatness"].contains("real"));
  CHECK(fs::exists(folder / "sheet.png"));
  const Json same =
      scores_of(folder, "--images pictures/trainA --source pictures/trainA --data pictures/trainB");
  CHECK(same["scores"]["ssim"]["value"] == 1.0);
  check_error(
      run(folder, "evaluate --images pictures/trainA --source pictures/trainB --data pictures/trainB"), 1,
      "image by image");
}

TEST_CASE("evaluate: invalid input is reported in one line") {
  const Folder folder;
  program::write_images(folder, "a", 12, 16);
  program::write_images(folder, "few", 3, 16);
  fs::create_directories(folder / "empty");
  check_error(run(folder, "evaluate"), 2, "-m takes a run");
  check_error(run(folder, "evaluate --images a"), 2, "--data is missing");
  check_error(run(folder, "evaluate --images few --data a"), 1, "3 generated images; 10 or more");
  check_error(run(folder, "evaluate --images a --data few"), 1, "3 real images");
  check_error(run(folder, "evaluate --images empty --data a"), 1, "empty");
  check_error(run(folder, "evaluate --images a --data nowhere"), 1, "nowhere");
  check_error(run(folder, "evaluate --images a --data a --size 7"), 2, "--size");
  check_error(run(folder, "evaluate --images a --data a --features nowhere"), 1, "nowhere does not exist");
  check_error(run(folder, "evaluate -m a --images a --data a"), 2, "two things");
  check_error(run(folder, "evaluate --images a --data a --against few"), 2, "--human-sheet");
  check_error(run(folder, "evaluate --images a --data a --human-sheet p.html --pairs 13"), 1,
              "needs 13 images");
  program::write(folder / "votes.json", "{}");
  check_error(run(folder, "evaluate --votes votes.json"), 1, "not a file of votes");
}

TEST_CASE("evaluate --votes: share, interval, and a preference for a side") {
  const Folder folder;
  std::string votes;
  for (int i = 0; i < 20; ++i)
    votes += std::string(i ? "," : "") + R"({"pair":)" + std::to_string(i) + R"(,"left":"a","vote":"a"})";
  program::write(
      folder / "votes.json",
      R"({"format":"sumi votes 1","question":"Which?","a":"new","b":"old","votes":[)" + votes + "]}");
  const Result result = run(folder, "evaluate --votes votes.json");
  REQUIRE(result.code == 0);
  CHECK(has(result.out, "20 of 20 decided votes for new: 100 %, 95 % interval 84 to 100 %"));
  CHECK(has(result.out, "new is preferred"));
  CHECK(has(result.out, "the voters may prefer a side"));
  const Json json = Json::parse(run(folder, "evaluate --votes votes.json votes.json --json").out);
  CHECK(json["for_a"] == 40);
  CHECK(json["voters"] == 2);
}

TEST_CASE("train --metrics: the best checkpoint is named at the end") {
  const Folder folder;
  program::write_images(folder, "pictures", 12, 16);
  const Result result =
      run(folder, program::kTiny +
                      "--outdir run --steps 4 --metrics fd,recall --metrics-every 2 --metrics-images 10");
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
  CHECK(has(program::read(folder / "run/log.txt"), "best fd "));
  CHECK(has(program::read(folder / "run/best.json"), "\"metric\": \"fd\""));
  CHECK(has(program::read(folder / "run/report.html"), "\"best_score\":[\"fd\","));
  check_error(run(folder, program::kTiny + "--outdir other --metrics fid"), 2, "fd");
  check_error(run(folder, program::kTiny + "--outdir other --early-stop 3"), 2, "--metrics");
  check_error(run(folder, "train classifier --data pictures --outdir other --metrics fd"), 2, "--metrics");
}
