// Canny edges, images smoothed along them, and data sets of such images.
#include "engine/image/edges.h"

#include "tests/engine/dataset_fixture.h"

using namespace dataset_fixture;

namespace {

// Black to the left of `edge`, `level(y)` from there on.
Image8 step_at(int edge, int width, int height, const std::function<int(int)>& level) {
  Image8 image(width, height, 1);
  for (int y = 0; y < height; ++y)
    for (int x = edge; x < width; ++x) *image.at(x, y) = static_cast<std::uint8_t>(level(y));
  return image;
}

}  // namespace

TEST_CASE("edges: a step is one pixel wide, and smoothed as computed by hand") {
  const Image8 step = step_at(3, 7, 4, [](int) { return 255; });
  // Columns 2 and 3 have the same gradient of 1020; the first of a plateau is the edge.
  std::vector<std::uint8_t> expected;
  for (int y = 0; y < 4; ++y)
    for (int x = 0; x < 7; ++x) expected.push_back(x == 2 ? 1 : 0);
  CHECK(canny_edges(step, 100, 200) == expected);
  // Columns 0 to 4 are near it. With weights 1 4 6 4 1 column 0 receives no light, because the
  // border is mirrored; the next receive 1, 5, 11 and 15 sixteenths of 255.
  const Image8 smooth = smooth_edges(step);
  const std::vector<std::uint8_t> row{0, 16, 80, 175, 239, 255, 255};
  for (int y = 0; y < 4; ++y) CHECK(std::vector<std::uint8_t>(smooth.at(0, y), smooth.at(0, y) + 7) == row);
  Image8 color(7, 4, 3);
  for (std::size_t i = 0; i < color.data.size(); ++i) color.data[i] = i % 3 == 1 ? step.data[i / 3] : 9;
  const Image8 green = smooth_edges(color);
  CHECK(green.at(2, 1)[0] == 9);
  CHECK(green.at(2, 1)[1] == 80);
}

TEST_CASE("edges: a weak one counts where it is connected to a strong one") {
  // Contrast c gives a gradient of 4 c: 60 is above 200 / 4, 30 between the thresholds, 20 below
  // both.
  const auto at = [](const Image8& image, int x, int y) {
    return canny_edges(image, 100, 200)[static_cast<std::size_t>(y * image.width + x)];
  };
  const Image8 fading = step_at(4, 9, 12, [](int y) { return y < 4 ? 60 : y < 8 ? 30 : 20; });
  CHECK(at(fading, 3, 1) == 1);
  CHECK(at(fading, 3, 6) == 1);
  CHECK(at(fading, 3, 10) == 0);
  CHECK(at(step_at(4, 9, 12, [](int) { return 30; }), 3, 6) == 0);
}

TEST_CASE("edges: along a diagonal, and of images without any") {
  Image8 diagonal(9, 9, 1);
  for (int y = 0; y < 9; ++y)
    for (int x = y + 1; x < 9; ++x) *diagonal.at(x, y) = 200;
  const std::vector<std::uint8_t> edges = canny_edges(diagonal, 100, 200);
  for (int i = 2; i < 7; ++i) {
    int across = 0;  // on the line that crosses the diagonal at (i, i)
    for (int d = -2; d <= 2; ++d) across += edges[static_cast<std::size_t>((i + d) * 9 + i - d)];
    CHECK(across == 1);
  }
  const Image8 flat(5, 3, 3, 77);
  CHECK(smooth_edges(flat) == flat);
  CHECK(smooth_edges(Image8(1, 1, 1, 5)) == Image8(1, 1, 1, 5));
}

TEST_CASE("dataset: smoothed edges have a pack of their own, made from a folder or from another pack") {
  Fixture f(0);
  fs::create_directories(f.spec.data);
  std::vector<Image8> pictures;
  for (int i = 0; i < 3; ++i) {
    pictures.push_back(step_at(4 + i, 12, 12, [](int) { return 255; }));
    save_image(f.spec.data / ("p" + std::to_string(i) + ".png"), pictures.back());
  }
  f.spec.channels = 1;
  f.spec.size = 12;
  const Dataset plain = open(f.spec).data;
  f.spec.smooth_edges = true;
  const Dataset smooth = open(f.spec).data;
  CHECK(smooth.decoded() == 3);
  CHECK(smooth.key() != plain.key());
  CHECK(smooth.pack_path() != plain.pack_path());
  std::vector<std::uint8_t> expected;
  for (const Image8& picture : pictures) {
    const Image8 image = smooth_edges(picture);
    CHECK(image != picture);
    expected.insert(expected.end(), image.data.begin(), image.data.end());
  }
  CHECK(pixels_of(smooth) == expected);
  CHECK(open(f.spec).data.decoded() == 0);
  f.spec.data = plain.pack_path();
  const Dataset packed = open(f.spec).data;
  CHECK(pixels_of(packed) == expected);
  CHECK(packed.decoded() == 3);
  CHECK(open(f.spec).data.decoded() == 0);
}
