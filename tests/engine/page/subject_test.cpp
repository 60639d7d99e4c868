// Crops of images: faces stay whole, and what matters stays inside.
#include "engine/page/subject.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "tests/support.h"

using namespace sumi;
using page::Box;

namespace {

// A gray image with a checkered square, as 16-bit sRGB.
std::vector<std::uint16_t> image_with_square(int width, int height, int left, int top, int side) {
  std::vector<std::uint16_t> rgb;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const bool inside = x >= left && x < left + side && y >= top && y < top + side;
      const int level = inside && (x / 8 + y / 8) % 2 == 0 ? 60000 : 30000;
      for (int c = 0; c < 3; ++c) rgb.push_back(static_cast<std::uint16_t>(level));
    }
  return rgb;
}

}  // namespace

TEST_CASE("page crop: faces are whole in every crop that is allowed") {
  std::mt19937 random(3);
  const auto number = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  int allowed = 0;
  for (int trial = 0; trial < 300; ++trial) {
    const int width = number(40, 300), height = number(40, 300);
    const std::vector<std::uint16_t> rgb(static_cast<std::size_t>(3 * width * height), 20000);
    std::vector<faces::FaceBox> faces;
    for (int k = number(1, 3); k > 0; --k) {
      const int side = number(8, std::min(width, height) / 2);
      faces.push_back({number(0, width - side), number(0, height - side), side, side});
    }
    const page::Subject subject = page::make_subject({width, height, rgb.data()}, faces);
    REQUIRE(subject.faces.size() == faces.size());
    CHECK(subject.least_aspect() <= subject.aspect() * (1 + 1e-9));
    CHECK(subject.most_aspect() >= subject.aspect() * (1 - 1e-9));
    for (const double part : {0.0, 0.3, 0.7, 1.0}) {
      const double low = subject.least_aspect(), high = std::min(8.0, subject.most_aspect());
      if (high < low) continue;
      const double aspect = low * std::pow(high / low, part);
      const Box crop = page::best_crop(subject, aspect);
      ++allowed;
      CHECK(page::contains({0, 0, 1, 1}, crop));
      CHECK(crop.width * width / (crop.height * height) == doctest::Approx(aspect));
      CHECK((crop.width > 1 - 1e-9 || crop.height > 1 - 1e-9));
      for (const Box& face : subject.faces) CHECK(page::contains(crop, face));
      // The detector's box, too.
      for (const faces::FaceBox& face : faces)
        CHECK(page::contains(crop, {double(face.x) / width, double(face.y) / height,
                                    double(face.width) / width, double(face.height) / height}));
      CHECK(std::isfinite(page::crop_loss(subject, aspect)));
    }
    CHECK(std::isinf(page::crop_loss(subject, subject.least_aspect() * 0.9)));
    CHECK(test::has(test::error_of([&] { page::best_crop(subject, subject.least_aspect() * 0.9); }),
                    "cut a face"));
  }
  CHECK(allowed > 1000);
}

TEST_CASE("page crop: the crop goes where the edges are") {
  const std::vector<std::uint16_t> rgb = image_with_square(300, 100, 210, 20, 60);
  const page::Subject subject = page::make_subject({300, 100, rgb.data()}, {});
  const Box crop = page::best_crop(subject, 1);
  CHECK(crop.width == doctest::Approx(1.0 / 3));
  CHECK(crop.x <= 0.7);
  CHECK(crop.right() >= 0.9);
  CHECK(page::crop_loss(subject, 3) == doctest::Approx(0));
  CHECK(page::crop_loss(subject, 1) < page::crop_loss(subject, 0.4));
  CHECK(subject.importance.inside({0, 0, 1, 1}) == doctest::Approx(1));
  CHECK(subject.importance.inside({0.7, 0.2, 0.2, 0.6}) > 0.45);
}
