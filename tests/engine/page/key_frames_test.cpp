// Key frames of made-up sequences.
#include "engine/page/key_frames.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace sumi;

namespace {

// Frames of one color with small steps.
page::FrameLook color_frame(double time, float level, double sharpness = 1) {
  page::FrameLook look;
  look.time = time;
  look.sharpness = sharpness;
  look.colors.fill(level);
  return look;
}

// Three shots of 20 frames.
std::vector<page::FrameLook> three_shots() {
  std::vector<page::FrameLook> frames;
  for (int i = 0; i < 60; ++i)
    frames.push_back(color_frame(
        i / 25.0, 0.2F + 0.3F * static_cast<float>(i / 20) + 0.001F * static_cast<float>(i % 20)));
  return frames;
}

}  // namespace

TEST_CASE("page key frames: cuts are found, not motion") {
  CHECK(page::find_shots(three_shots()) == std::vector<int>{0, 20, 40});
  std::vector<page::FrameLook> pan;
  for (int i = 0; i < 30; ++i) pan.push_back(color_frame(i, 0.03F * static_cast<float>(i)));
  CHECK(page::find_shots(pan) == std::vector<int>{0});
  CHECK(page::find_shots({}).empty());
}

TEST_CASE("page key frames: each shot has one, sharp and with a face where there is one") {
  std::vector<page::FrameLook> frames = three_shots();
  frames[29].sharpness = 2;
  frames[48].face_area = 0.2;
  const std::vector<int> chosen = page::choose_key_frames(frames, 3);
  REQUIRE(chosen.size() == 3);
  CHECK(chosen[0] / 20 == 0);
  CHECK(chosen[1] == 29);
  CHECK(chosen[2] == 48);
}

TEST_CASE("page key frames: blurred frames are avoided, and all are taken where few are there") {
  std::vector<page::FrameLook> frames;
  for (int i = 0; i < 40; ++i) frames.push_back(color_frame(i, 0.5F, i % 2 == 0 ? 0.1 : 1));
  for (const int count : {2, 5, 9}) {
    const std::vector<int> chosen = page::choose_key_frames(frames, count);
    REQUIRE(chosen.size() == static_cast<std::size_t>(count));
    CHECK(std::is_sorted(chosen.begin(), chosen.end()));
    CHECK(std::adjacent_find(chosen.begin(), chosen.end()) == chosen.end());
    for (const int index : chosen) CHECK(index % 2 == 1);
    // Spread over the sequence.
    CHECK(chosen.front() < 40 / count + 4);
    CHECK(chosen.back() >= 40 - 40 / count - 4);
  }
  CHECK(page::choose_key_frames(frames, 50).size() == 40);
  CHECK(page::choose_key_frames(three_shots(), 0).size() == 4);
}

TEST_CASE("page key frames: shots that are known are not looked for") {
  std::vector<page::FrameLook> frames = three_shots();
  for (std::size_t i = 0; i < frames.size(); ++i) frames[i].shot = i < 50 ? 3 : 4;
  CHECK(page::find_shots(frames) == std::vector<int>{0, 50});
}
