// Styles against the design's own implementation: planes of tests/engine/stylize, made by
// make_reference.py.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/image/image.h"
#include "engine/image/photo.h"
#include "engine/image/stylize/style.h"

namespace fs = std::filesystem;
namespace stylize = sumi::stylize;

namespace {

fs::path source() {
  const char* folder = std::getenv("SUMI_SOURCE_DIR");
  return folder ? folder : ".";
}

struct Subject {
  const char* name;
  sumi::Photo photo;
};

sumi::Photo part_of(const sumi::Photo& photo, int left, int top, int width, int height) {
  sumi::Photo part{width, height, photo.depth, {}, {}, ""};
  for (int y = 0; y < height; ++y) {
    const auto first = static_cast<std::ptrdiff_t>(3 * ((top + y) * photo.width + left));
    part.rgb.insert(part.rgb.end(), photo.rgb.begin() + first, photo.rgb.begin() + first + 3 * width);
  }
  return part;
}

std::vector<Subject> subjects() {
  const fs::path photos = source() / "samples" / "photos";
  std::vector<Subject> all;
  all.push_back({"cat", sumi::load_photo(photos / "cat.jpg")});
  all.push_back({"face", part_of(sumi::load_photo(photos / "astronaut.jpg"), 120, 0, 220, 200)});
  return all;
}

struct Difference {
  double median, mean, share;  // in levels of 8 bits; share: of values that differ by more than 24
};

// ours(x, y, channel) in levels against every second pixel of the reference.
template <class Ours>
Difference compare(const std::string& file, int channels, const Ours& ours) {
  const sumi::Image8 wanted = sumi::load_image(source() / "tests" / "engine" / "stylize" / file, {channels});
  std::vector<double> differences;
  for (int y = 0; y < wanted.height; ++y)
    for (int x = 0; x < wanted.width; ++x)
      for (int c = 0; c < channels; ++c)
        differences.push_back(std::fabs(wanted.at(x, y)[c] - ours(2 * x, 2 * y, c)));
  REQUIRE(differences.size() > 10000);
  std::sort(differences.begin(), differences.end());
  double sum = 0;
  for (const double d : differences) sum += d;
  const auto far = std::count_if(differences.begin(), differences.end(), [](double d) { return d > 24; });
  const auto count = static_cast<double>(differences.size());
  return {differences[differences.size() / 2], sum / count, static_cast<double>(far) / count};
}

Difference compare_plane(const std::string& file, const stylize::Plane& plane) {
  return compare(file, 1, [&](int x, int y, int) { return 255 * double(plane.row(y)[x]); });
}

// Settings with which a style matches the reference, and whether an image of the cat is stored too.
struct Styled {
  std::string name;
  stylize::StyleValues values;
  bool cat_picture = true;
};
const std::vector<Styled>& cases() {
  static const std::vector<Styled> all{
      {"ink", {{"structure", 0}, {"strokes", 0}}},
      {"manga", {{"structure", 0}, {"strokes", 0}}},
      {"wash", {{"cast", 1}, {"washes", 0}, {"grain", 1}, {"flow", 1}, {"structure", 0}}},
      {"pencil", {{"structure", 0}, {"texture", 0}}, false},
      {"halftone", {{"grays", 0}, {"structure", 0}, {"strokes", 0}}, false},
      {"ukiyo", {{"structure", 0}, {"strokes", 0}, {"sky", 0}, {"bokashi", 0}}}};
  return all;
}

void check_picture(const std::string& file, const Styled& styled, const stylize::RgbView& view) {
  const std::vector<std::uint16_t> picture =
      stylize::apply_style(styled.name, view, {styled.values, nullptr, {}});
  const Difference whole = compare(file, 3, [&](int x, int y, int c) {
    return picture[static_cast<std::size_t>(3 * (y * view.width + x) + c)] / 257.0;
  });
  CHECK(whole.median <= 2);
  CHECK(whole.mean <= 2);
  CHECK(whole.share <= 0.01);
}

}  // namespace

TEST_CASE("stylize: images and planes are the reference's") {
  for (const Subject& subject : subjects()) {
    const stylize::RgbView view{subject.photo.width, subject.photo.height, subject.photo.rgb.data()};
    for (const Styled& styled : cases()) {
      CAPTURE(subject.name);
      CAPTURE(styled.name);
      const std::string name = subject.name, prefix = name + "_" + styled.name + "_";
      if (name != "cat" || styled.cat_picture) check_picture(prefix + "picture.png", styled, view);
      const stylize::StyleLayers layers =
          stylize::style_layers(styled.name, view, {styled.values, nullptr, {}});
      const Difference line = compare_plane(prefix + "line.png", layers.line);
      CHECK(line.median <= 1);
      CHECK(line.mean <= 1);
      if (layers.tone.empty()) continue;
      const Difference tone = compare_plane(prefix + "tone.png", layers.tone);
      CHECK(tone.median <= 1);
      CHECK(tone.mean <= 1);
    }
  }
}
