#include "engine/image/labeled_sheet.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "engine/error.h"
#include "engine/image/canvas.h"

namespace sumi {
namespace {

void copy_into(Image8& sheet, const Image8& image, int left, int top) {
  const auto channels = static_cast<std::size_t>(image.channels);
  for (int y = 0; y < image.height; ++y) {
    const std::uint8_t* from = image.at(0, y);
    std::uint8_t* to = sheet.at(left, top + y);
    for (int x = 0; x < image.width; ++x, from += channels)
      for (std::size_t c = 0; c < 3; ++c) *to++ = from[channels >= 3 ? c : 0];
  }
}

}  // namespace

Image8 make_labeled_sheet(const std::vector<LabeledImage>& images, int columns, int margin) {
  if (images.empty()) fail("sheet", "there are no images to put on it");
  const int count = static_cast<int>(images.size());
  if (columns <= 0) columns = static_cast<int>(std::ceil(std::sqrt(double(count))));
  columns = std::min(columns, count);
  int width = 0, height = 0;
  for (const LabeledImage& cell : images) {
    width = std::max(width, cell.image.width);
    height = std::max(height, cell.image.height);
  }
  const int letters = std::clamp(width / 24, 10, 28), line = letters * 3 / 2;
  const int rows = (count + columns - 1) / columns;
  const auto left_of = [&](int i) { return margin + i % columns * (width + margin); };
  const auto top_of = [&](int i) { return margin + i / columns * (line + height + margin); };
  io::Canvas canvas(margin + columns * (width + margin), margin + rows * (line + height + margin),
                    {255, 255, 255});
  for (int i = 0; i < count; ++i)
    canvas.text(left_of(i), top_of(i) + line / 2.0 - 1, images[static_cast<std::size_t>(i)].label, letters,
                {40, 40, 40});
  Image8 sheet = canvas.image();
  for (int i = 0; i < count; ++i) {
    const Image8& image = images[static_cast<std::size_t>(i)].image;
    copy_into(sheet, image, left_of(i) + (width - image.width) / 2, top_of(i) + line);
  }
  return sheet;
}

}  // namespace sumi
