#include "models/training/stroke_plane.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "engine/error.h"
#include "engine/image/drawn_lines.h"

namespace sumi {
namespace {

constexpr std::uint64_t kShortest = 140, kLongest = 400;  // short sides of the drawings

void put(const Image8& from, Image8& to, int x0, int y0) {
  const int columns = std::min(from.width, to.width - x0), rows = std::min(from.height, to.height - y0);
  for (int y = 0; y < rows; ++y) std::copy_n(from.at(0, y), columns, to.at(x0, y0 + y));
}

}  // namespace

StrokePlanes::StrokePlanes(const std::filesystem::path& folder,
                           const std::function<void(const std::string&)>& warn)
    : folder_(folder), files_(io::list_images(folder, warn)) {
  if (files_.empty()) fail("--drawings " + folder.string(), "holds no images; give a folder of drawings");
}

Image8 StrokePlanes::strokes_of(const io::ListedFile& file, int short_side, bool mirrored) const {
  Image8 gray = load_image(folder_ / file.name, {.channels = 1});
  const double factor = short_side / static_cast<double>(std::min(gray.width, gray.height));
  if (factor < 1)
    gray = resize_image(gray, std::max(1, static_cast<int>(std::lround(gray.width * factor))),
                        std::max(1, static_cast<int>(std::lround(gray.height * factor))));
  Image8 strokes = drawn_lines(gray);
  for (int y = 0; mirrored && y < strokes.height; ++y)
    std::reverse(strokes.at(0, y), strokes.at(0, y) + strokes.width);
  return strokes;
}

Image8 StrokePlanes::plane(int width, int height, std::uint64_t seed) const {
  std::mt19937_64 dice(seed);  // its numbers are the same everywhere, unlike a distribution's
  Image8 all(width, height, 1);
  for (int y = 0; y < height;) {
    int row = height;  // height of its lowest drawing, so that rows leave no gaps
    for (int x = 0; x < width;) {
      const auto& file = files_[dice() % files_.size()];
      const auto side = static_cast<int>(kShortest + dice() % (kLongest - kShortest + 1));
      const Image8 strokes = strokes_of(file, side, dice() % 2 == 1);
      put(strokes, all, x, y);
      x += strokes.width;
      row = std::min(row, strokes.height);
    }
    y += row;
  }
  return all;
}

}  // namespace sumi
