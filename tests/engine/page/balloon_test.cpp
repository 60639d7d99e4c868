// Balloons: inside of the panel, apart, off the faces, in reading order, with the text inside.
#include "engine/page/balloon.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support.h"

using namespace sumi;
using page::Box;
using page::LetteringKind;
using page::PlacedLettering;

namespace {

// Letters of equal width, in place of a font.
page::TextBlock set_letters(const std::string& text, double size, double wrap) {
  const double letter = 0.55 * size, line_height = 1.2 * size;
  std::vector<std::string> lines;
  std::istringstream words(text);
  for (std::string word; words >> word;)
    if (!lines.empty() && static_cast<double>(lines.back().size() + 1 + word.size()) * letter <= wrap)
      lines.back() += " " + word;
    else
      lines.push_back(word);
  page::TextBlock block;
  for (const std::string& line : lines)
    block.width = std::max(block.width, letter * static_cast<double>(line.size()));
  for (const std::string& line : lines) {
    const double width = letter * static_cast<double>(line.size());
    block.lines.push_back({(block.width - width) / 2, block.height, width, line_height});
    block.height += line_height;
  }
  return block;
}

// Even-odd rule.
bool point_inside(const std::vector<page::Point>& outline, double x, double y) {
  bool in = false;
  for (std::size_t i = 0, k = outline.size() - 1; i < outline.size(); k = i++) {
    const page::Point &a = outline[i], &b = outline[k];
    if ((a.y > y) != (b.y > y) && x < (b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x) in = !in;
  }
  return in;
}

page::PanelScene panel_scene(double width, double height, std::vector<Box> faces) {
  page::PanelScene scene;
  scene.panel = {100, 50, width, height};
  scene.faces = std::move(faces);
  scene.importance = [](const Box& box) { return box.area() / 1e6; };
  return scene;
}

}  // namespace

TEST_CASE("page balloons: placed texts keep to the panel, off the faces and apart") {
  std::mt19937 random(11);
  const auto number = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  int placed_texts = 0, refused = 0;
  for (int trial = 0; trial < 40; ++trial) {
    CAPTURE(trial);
    const double width = number(250, 700), height = number(250, 700);
    std::vector<Box> faces;
    for (int k = trial % 3; k > 0; --k) {
      const double side = number(40, 110);
      faces.push_back({100 + number(0, width - side), 50 + number(0, height - side), side, side});
    }
    page::PanelScene scene = panel_scene(width, height, faces);
    scene.right_to_left = trial % 2 == 1;
    std::vector<page::Lettering> letterings;
    for (int k = 0; k < 1 + trial % 3; ++k) {
      std::string text;
      for (int words = static_cast<int>(number(1, 9)); words >= 0; --words)
        text += (text.empty() ? "" : " ") + std::string(static_cast<std::size_t>(number(1, 9)), 'm');
      page::Lettering lettering;
      lettering.kind = static_cast<LetteringKind>((trial + k) % 4);
      lettering.text = text;
      letterings.push_back(lettering);
    }
    std::vector<PlacedLettering> placed;
    try {
      placed = page::place_letterings(scene, letterings, set_letters, {14, 0.7});
    } catch (const page::TextDoesNotFit&) {
      ++refused;
      continue;
    }
    REQUIRE(placed.size() == letterings.size());
    for (std::size_t i = 0; i < placed.size(); ++i) {
      const PlacedLettering& text = placed[i];
      ++placed_texts;
      CHECK(text.text == letterings[i].text);
      CHECK(page::contains(scene.panel, text.outline));
      CHECK(text.size >= 0.7 * 14);
      for (const Box& face : faces) {
        const Box middle = page::grown(face, -0.2 * face.width);
        CHECK(!page::overlap(text.outline, middle));
      }
      for (std::size_t k = i + 1; k < placed.size(); ++k) {
        CHECK(!page::overlap(text.outline, placed[k].outline));
        // Read later: lower, or further in the direction of reading.
        const Box &a = text.outline, &b = placed[k].outline;
        const bool ahead = scene.right_to_left ? b.right() <= a.x : b.x >= a.right();
        CHECK((b.y >= a.center().y || ahead));
      }
      // Every corner of every line is inside of the outline.
      const std::vector<std::vector<page::Point>> outlines = page::balloon_outlines(text);
      const page::TextBlock block = set_letters(text.text, text.size, text.wrap);
      CHECK(block.width == doctest::Approx(text.block.width));
      for (const Box& line : block.lines)
        for (const double x : {text.block.x + line.x, text.block.x + line.right()})
          for (const double y : {text.block.y + line.y, text.block.y + line.bottom()})
            CHECK(std::any_of(outlines.begin(), outlines.end(),
                              [&](const auto& outline) { return point_inside(outline, x, y); }));
      for (const auto& outline : outlines)
        for (const page::Point& point : outline) {
          CHECK(point.x >= scene.panel.x - 1);
          CHECK(point.x <= scene.panel.right() + 1);
          CHECK(point.y >= scene.panel.y - 1);
          CHECK(point.y <= scene.panel.bottom() + 1);
        }
    }
  }
  CHECK(placed_texts > 40);
  CHECK(refused < 12);
}

TEST_CASE("page balloons: tails point to the nearest face, or where the text says") {
  page::PanelScene scene = panel_scene(600, 400, {{140, 250, 90, 90}, {560, 250, 90, 90}});
  page::Lettering left{LetteringKind::speech, page::Place::top_left, std::nullopt, "hello there"};
  page::Lettering right{LetteringKind::speech, page::Place::top_right, std::nullopt, "good morning"};
  const std::vector<PlacedLettering> placed =
      page::place_letterings(scene, {left, right}, set_letters, {14, 0.7});
  REQUIRE(placed[0].has_tail);
  REQUIRE(placed[1].has_tail);
  CHECK(placed[0].outline.center().x < 400);
  CHECK(placed[1].outline.center().x > 400);
  CHECK(std::abs(placed[0].tail.x - 185) < std::abs(placed[0].tail.x - 605));
  CHECK(std::abs(placed[1].tail.x - 605) < std::abs(placed[1].tail.x - 185));
  left.speaker = page::Point{1, 1};
  const PlacedLettering moved = page::place_letterings(scene, {left}, set_letters, {14, 0.7})[0];
  CHECK(moved.tail.x > placed[0].tail.x);
  left.kind = LetteringKind::caption;
  CHECK(!page::place_letterings(scene, {left}, set_letters, {14, 0.7})[0].has_tail);
}

TEST_CASE("page balloons: from the right, the first text is at the right") {
  page::PanelScene scene = panel_scene(600, 300, {});
  const std::vector<page::Lettering> two(
      2, {LetteringKind::caption, page::Place::top, std::nullopt, "some words"});
  std::vector<PlacedLettering> placed = page::place_letterings(scene, two, set_letters, {14, 0.7});
  CHECK(placed[0].outline.x < placed[1].outline.x);
  scene.right_to_left = true;
  placed = page::place_letterings(scene, two, set_letters, {14, 0.7});
  CHECK(placed[0].outline.x > placed[1].outline.x);
}

TEST_CASE("page balloons: a text that cannot fit is refused") {
  const page::PanelScene scene = panel_scene(120, 120, {});
  const std::string text =
      "far too many words for a panel that is as small as this one, whatever its letters are";
  CHECK_THROWS_AS(
      page::place_letterings(scene, {{LetteringKind::speech, page::Place::anywhere, std::nullopt, text}},
                             set_letters, {14, 0.7}),
      page::TextDoesNotFit);
  // All of the panel is a face.
  const page::PanelScene face = panel_scene(300, 300, {{90, 40, 320, 320}});
  CHECK_NOTHROW(page::place_letterings(
      face, {{LetteringKind::speech, page::Place::anywhere, std::nullopt, "Hi"}}, set_letters, {14, 0.7}));
}

TEST_CASE("page balloons: lines from top to bottom stand in upright balloons, guessed tails are short") {
  // Columns of square letters.
  const page::MeasureText columns = [](const std::string& text, double size, double wrap) {
    const int letters = static_cast<int>(text.size());
    const int rows = std::isfinite(wrap) ? std::max(1, static_cast<int>(wrap / size)) : letters;
    page::TextBlock block;
    const int count = (letters + rows - 1) / rows;
    block.width = count * 1.2 * size;
    block.height = std::min(rows, letters) * size;
    for (int i = 0; i < count; ++i)
      block.lines.push_back({(count - 1 - i) * 1.2 * size, 0, 1.2 * size, block.height});
    return block;
  };
  const page::PanelScene scene = panel_scene(600, 600, {});
  page::Lettering lettering;
  lettering.kind = LetteringKind::speech;
  lettering.text = "mmmmmmmmmmmmmmmmmmmm";
  const Box down = page::place_letterings(scene, {lettering}, columns, {14, 0.7})[0].outline;
  CHECK(down.height > down.width);
  lettering.text = "mm mmm mmmm mm mmm mm mmmm";
  const PlacedLettering guessed = page::place_letterings(scene, {lettering}, set_letters, {14, 0.7})[0];
  CHECK(guessed.outline.width > guessed.outline.height);
  lettering.speaker = page::Point{0.5, 0.95};
  const PlacedLettering known = page::place_letterings(scene, {lettering}, set_letters, {14, 0.7})[0];
  REQUIRE(guessed.has_tail);
  REQUIRE(known.has_tail);
  const auto length = [](const PlacedLettering& placed) {
    const page::Point center = placed.outline.center();
    return std::hypot(placed.tail.x - center.x, placed.tail.y - center.y) -
           std::hypot(placed.outline.width, placed.outline.height) / 2;
  };
  CHECK(length(guessed) < 0.16 * 600);
  CHECK(length(known) > length(guessed));
}
