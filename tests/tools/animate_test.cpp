// sumi animate: stills that move, through the program.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/image/image.h"
#include "tests/tools/program.h"

using program::check_error;
using program::Folder;
using program::run;
namespace fs = std::filesystem;

namespace {

// Two flat areas, a disk and strokes: something for every style to draw.
sumi::Image8 scene(int width, int height) {
  sumi::Image8 image(width, height, 3);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      std::uint8_t* to = image.at(x, y);
      const bool disk = std::hypot(x - 0.5 * width, y - 0.55 * height) < 0.22 * height;
      const bool sky = y < 0.6 * height;
      to[0] = disk ? 210 : sky ? 120 : 60;
      to[1] = disk ? 60 : sky ? 170 : 140;
      to[2] = disk ? 50 : sky ? 220 : 70;
    }
  return image;
}

void write_scene(const Folder& folder) {
  sumi::save_image(folder / "photo.png", scene(200, 150));
}

std::vector<sumi::Image8> frames_of(const Folder& folder, int count) {
  std::vector<sumi::Image8> frames;
  for (int i = 1; i <= count; ++i) {
    const fs::path file = folder / ("f/" + std::to_string(i) + ".png");
    REQUIRE(fs::exists(file));
    frames.push_back(sumi::load_image(file));
  }
  return frames;
}

double difference(const sumi::Image8& a, const sumi::Image8& b) {
  REQUIRE(a.data.size() == b.data.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.data.size(); ++i) sum += std::abs(a.data[i] - b.data[i]);
  return sum / static_cast<double>(a.data.size());
}

// Pixels that differ between any two of the frames.
std::size_t moving(const std::vector<sumi::Image8>& frames) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < frames[0].data.size(); i += 3)
    count += std::any_of(frames.begin(), frames.end(), [&](const sumi::Image8& frame) {
      return !std::equal(frame.data.begin() + static_cast<std::ptrdiff_t>(i),
                         frame.data.begin() + static_cast<std::ptrdiff_t>(i) + 3,
                         frames[0].data.begin() + static_cast<std::ptrdiff_t>(i));
    });
  return count;
}

bool without_video(const program::Result& result) {
  if (!program::has(result.err, "SUMI_VIDEO=OFF")) return false;
  MESSAGE("skipped: built without SUMI_VIDEO");
  return true;
}

}  // namespace

TEST_CASE("animate: lines are drawn anew, and the flats between them keep their bits") {
  const Folder folder;
  write_scene(folder);
  for (const char* style : {"--style ink", "--style manga", "-m comic -n ink"}) {
    CAPTURE(style);
    const auto result =
        run(folder, std::string("animate -i photo.png -o f/%d.png --motion none --seconds 1 --fps 8 "
                                "--threads 1 ") +
                        style);
    if (without_video(result)) return;
    CHECK_MESSAGE(result.code == 0, result.err);
    const auto frames = frames_of(folder, 8);
    const std::size_t changed = moving(frames), pixels = 200 * 150;
    CHECK(changed > pixels / 200);            // the disk's outline is redrawn
    CHECK(changed < pixels / 3);              // and nothing else
    CHECK(frames[0].data == frames[4].data);  // four moments take turns
    CHECK_FALSE(frames[0].data == frames[1].data);
    CHECK_FALSE(frames[7].data == frames[0].data);
    for (std::size_t k = 1; k < 4; ++k) {
      CHECK(std::equal(frames[k].at(4, 4), frames[k].at(40, 4), frames[0].at(4, 4)));
      CHECK(std::equal(frames[k].at(60, 140), frames[k].at(140, 140), frames[0].at(60, 140)));
    }
    fs::remove_all(folder / "f");
  }
}

TEST_CASE("animate: hands take turns over a flat layer that keeps its bits") {
  const Folder folder;
  write_scene(folder);
  const std::string call =
      "animate -i photo.png -o f/%d.png --motion none --seconds 0.5 --fps 8 --threads 1 -q ";
  const auto still = run(folder, call + "-m comic --hands 1 --boil-amount 0");
  if (without_video(still)) return;
  REQUIRE_MESSAGE(still.code == 0, still.err);
  const sumi::Image8 first = frames_of(folder, 4)[0];
  REQUIRE(run(folder, "convert -i photo.png -o drawn.png -m comic --threads 1 -q").code == 0);
  CHECK(sumi::load_image(folder / "drawn.png").data == first.data);
  REQUIRE(run(folder, call + "--style ink --hands 4 --boil-amount 0").code == 0);
  const auto frames = frames_of(folder, 4);
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t k = i + 1; k < 4; ++k) CHECK_FALSE(frames[i].data == frames[k].data);
  const std::size_t changed = moving(frames);
  CHECK(changed > 100);
  CHECK(changed < 200 * 150 / 3);
  REQUIRE(run(folder, call + "--style ink --hands 2 --boil-amount 0").code == 0);
  const auto two = frames_of(folder, 4);
  CHECK(two[0].data == frames[0].data);
  CHECK(two[1].data == frames[1].data);
  CHECK(two[0].data == two[2].data);
  CHECK(two[1].data == two[3].data);
  REQUIRE(run(folder, call + "-m comic --layer flat").code == 0);
  CHECK(moving(frames_of(folder, 4)) == 0);
  check_error(run(folder, call + "-m comic --hands 4"), 1, "use at most 1 with this style or model");
  check_error(run(folder, call + "--style none --hands 2"), 1, "[--hands] 2 is more than there are");
  check_error(run(folder, call + "--hands 9"), 2, "--hands 9 is out of range");
}

TEST_CASE("animate: one moment without motion is a still, and the same seed gives the same frames") {
  const Folder folder;
  write_scene(folder);
  const std::string call =
      "animate -i photo.png -o f/%d.png --seconds 0.5 --fps 4 --threads 1 --style ink -q ";
  const auto result = run(folder, call + "--motion none --boil 1");
  if (without_video(result)) return;
  REQUIRE_MESSAGE(result.code == 0, result.err);
  auto frames = frames_of(folder, 2);
  CHECK(frames[0].data == frames[1].data);
  REQUIRE(run(folder, "convert -i photo.png -o drawn.png --style ink --threads 1 -q").code == 0);
  CHECK(difference(sumi::load_image(folder / "drawn.png"), frames[0]) < 0.01);
  for (const char* seed : {"1", "1", "2"}) {
    REQUIRE(run(folder, call + "--motion none --seed " + seed).code == 0);
    const auto now = frames_of(folder, 2);
    const std::string first = folder.path().string() + "/first.png";
    if (fs::exists(first)) {
      const bool same = sumi::load_image(first).data == now[1].data;
      CHECK(same == (std::string(seed) == "1"));
    } else {
      sumi::save_image(first, now[1]);
    }
  }
}

TEST_CASE("animate: every motion loops without a jolt") {
  const Folder folder;
  write_scene(folder);
  for (const char* motion : {"zoom", "pan", "orbit", "shake"}) {
    CAPTURE(motion);
    const auto result =
        run(folder, std::string("animate -i photo.png -o f/%d.png --boil 1 --style none --seconds 2 --fps 12 "
                                "--size 100 --threads 1 -q --motion ") +
                        motion);
    if (without_video(result)) return;
    REQUIRE_MESSAGE(result.code == 0, result.err);
    const auto frames = frames_of(folder, 24);
    double most = 0, all = 0;
    for (std::size_t i = 1; i < frames.size(); ++i)
      most = std::max(most, difference(frames[i - 1], frames[i]));
    for (const auto& frame : frames) all = std::max(all, difference(frames[0], frame));
    CHECK(frames[0].width == 100);
    CHECK(frames[0].height == 76);  // even
    CHECK(most > 0.02);
    CHECK(difference(frames.back(), frames.front()) <= 1.2 * most);
    CHECK(all > 1.5 * most);  // it goes somewhere
    fs::remove_all(folder / "f");
  }
}

TEST_CASE("animate: every container, several inputs") {
  const Folder folder;
  write_scene(folder);
  fs::copy_file(folder / "photo.png", folder / "second.png");
  for (const char* type : {"mp4", "webm", "mkv", "gif", "webp", "apng"}) {
    CAPTURE(type);
    const std::string call = "--seconds 0.5 --fps 8 --size 64 --style none --threads 1 -q";
    const auto result = run(folder, std::string("animate -i photo.png -o living.") + type + " " + call);
    if (without_video(result)) return;
    CHECK_MESSAGE(result.code == 0, result.err);
    CHECK(fs::file_size(folder / (std::string("living.") + type)) > 200);
    REQUIRE(run(folder, std::string("convert -i living.") + type +
                            " -o back/%d.png --style ink --temporal 0 --threads 1 -q")
                .code == 0);
    CHECK(fs::exists(folder / "back/4.png"));
    CHECK_FALSE(fs::exists(folder / "back/5.png"));
    fs::remove_all(folder / "back");
  }
  REQUIRE(run(folder,
              "animate -i photo.png second.png -o clips/ -f gif --seconds 0.2 --fps 10 --size 32 --style "
              "none --threads 1 -q")
              .code == 0);
  CHECK(fs::exists(folder / "clips/photo.gif"));
  CHECK(fs::exists(folder / "clips/second.gif"));
}

TEST_CASE("animate: layers, depth and flow change what they name") {
  const Folder folder;
  write_scene(folder);
  sumi::Image8 mask(200, 150, 3);
  for (int y = 40; y < 125; ++y)
    for (int x = 60; x < 140; ++x) std::fill_n(mask.at(x, y), 3, std::uint8_t{255});
  sumi::save_image(folder / "mask.png", mask);
  const std::string call =
      "animate -i photo.png -o f/%d.png --boil 1 --style none --seconds 1 --fps 8 --threads 1 -q ";
  const auto frames = [&](const std::string& options) {
    const auto result = run(folder, call + options);
    REQUIRE_MESSAGE(result.code == 0, result.err);
    return frames_of(folder, 8);
  };
  const auto first = run(folder, call + "--motion pan");
  if (without_video(first)) return;
  REQUIRE(first.code == 0);
  for (const char* options : {"--layers mask.png --parallax 1.5", "--depth mask.png --parallax 1.5"}) {
    CAPTURE(options);
    const auto layered = frames(std::string("--motion pan ") + options);
    const auto alone = frames("--motion pan --layers none");
    CHECK(difference(layered[0], alone[0]) > 0.1);
    CHECK(difference(layered[0], alone[0]) < 30);
  }
  const auto flowing = frames("--motion none --flow mask.png:90:20");
  CHECK(moving(flowing) > 100);
  for (const auto& frame : flowing) CHECK(std::equal(frame.at(0, 0), frame.at(199, 30), flowing[0].at(0, 0)));
}

TEST_CASE("animate: a network of another program draws, and further inputs are given to it") {
  const Folder folder;
  write_scene(folder);
  REQUIRE(run(folder, "export -m comic -o comic.onnx -q").code == 0);
  const std::string call =
      "animate -m comic.onnx -o f/%d.png --boil 2 --motion none --seconds 0.5 --fps 8 --size 96 --threads 1 "
      "-q ";
  const auto result = run(folder, call + "-i photo.png style=0:1");
  if (without_video(result)) return;
  if (program::has(result.err, "SUMI_ONNX=OFF")) {
    MESSAGE("skipped: built without SUMI_ONNX");
    return;
  }
  REQUIRE_MESSAGE(result.code == 0, result.err);
  const auto frames = frames_of(folder, 4);
  CHECK(frames[0].width == 96);
  check_error(run(folder, call + "-i photo.png"), 1, "style");
  check_error(run(folder, call + "-i photo.png style=0:1 --direction AtoB"), 2, "--direction is for models");
}

TEST_CASE("animate: errors name the thing and the cure") {
  const Folder folder;
  write_scene(folder);
  sumi::save_image(folder / "black.png", sumi::Image8(200, 150, 3));
  sumi::save_image(folder / "tall.png", sumi::Image8(50, 150, 3));
  program::write(folder / "text.jpg", "no image");
  const std::string call = "animate -i photo.png -o out.mp4 --style ink --threads 1 ";
  check_error(run(folder, "animate -o out.mp4"), 2, "--input is missing");
  check_error(run(folder, "animate -i photo.png"), 2, "--output is missing");
  check_error(run(folder, call + "--motion dance"), 2, "use none, zoom, pan, orbit, shake");
  check_error(run(folder, call + "--boil 0"), 2, "--boil 0 is out of range");
  check_error(run(folder, call + "--seconds nan"), 2, "--seconds");
  check_error(run(folder, call + "--seconds 600 --fps 60 --boil-amount 9"), 2,
              "--boil-amount 9 is out of range");
  check_error(run(folder, call + "--parallax 5"), 2, "--parallax 5 is out of range");
  check_error(run(folder, call + "--flow mask.png"), 2, "MASK:ANGLE:SPEED");
  check_error(run(folder, call + "--layers a.png --depth b.png"), 2, "exclude each other");
  check_error(run(folder, call + "--gate maybe"), 2, "use auto or off");
  check_error(run(folder, "animate -i photo.png -o out.txt --style ink"), 1, "out.txt");
  check_error(run(folder, "animate -i photo.png text.jpg -o clips/ -f doc"), 2, "--format doc");
  const auto missing = run(folder, call + "--layers nowhere.png");
  if (without_video(missing)) return;
  check_error(missing, 1, "nowhere.png");
  check_error(run(folder, call + "--layers black.png"), 1, "black.png has no white part");
  check_error(run(folder, call + "--depth tall.png"), 1, "differs in shape");
  check_error(run(folder, "animate -i text.jpg -o out.mp4 --style ink"), 1, "text.jpg");
  CHECK_FALSE(fs::exists(folder / "out.mp4"));
}
