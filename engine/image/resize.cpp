// Image geometry: resizing, cropping, sheets.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "engine/image/image.h"
#include "engine/image/photo.h"
#include "kernels/base/check.h"

namespace sumi {
namespace {

double support_of(Filter f) {
  return f == Filter::box ? 0.5 : f == Filter::bilinear ? 1 : f == Filter::bicubic ? 2 : 3;
}

double sinc(double x) {
  return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
}

double weight_of(Filter f, double x) {
  const double a = std::abs(x);
  if (a >= support_of(f))
    return f == Filter::box && x == -0.5 ? 1 : 0;  // half-open: each pixel belongs to one box
  switch (f) {
    case Filter::box:
      return 1;
    case Filter::bilinear:
      return 1 - a;
    case Filter::bicubic:  // Keys 1981 with a = -1/2
      return a < 1 ? (1.5 * a - 2.5) * a * a + 1 : ((-0.5 * a + 2.5) * a - 4) * a + 2;
    default:
      return sinc(x) * sinc(x / 3);
  }
}

// For one output position: the first source pixel and the weights of the pixels from it on. They
// sum to one.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

std::vector<Taps> make_taps(int from, int to, Filter filter) {
  if (filter == Filter::automatic) filter = to < from ? Filter::lanczos3 : Filter::bicubic;
  const double ratio = static_cast<double>(from) / to;
  const double stretch = std::max(ratio, 1.0), radius = support_of(filter) * stretch;
  std::vector<Taps> all(static_cast<std::size_t>(to));
  for (int i = 0; i < to; ++i) {
    Taps& taps = all[static_cast<std::size_t>(i)];
    const double center = (i + 0.5) * ratio;
    taps.first = std::max(0, static_cast<int>(std::floor(center - radius)));
    const int end = std::min(from, static_cast<int>(std::ceil(center + radius)));
    double sum = 0;
    for (int j = taps.first; j < end; ++j) sum += weight_of(filter, (j + 0.5 - center) / stretch);
    for (int j = taps.first; j < end; ++j)
      taps.weights.push_back(static_cast<float>(weight_of(filter, (j + 0.5 - center) / stretch) / sum));
  }
  return all;
}

// Resizes one RGB row to the new width, in floats. Its three sums do not wait for each other.
template <class T>
void resize_rgb_row(const T* in, const std::vector<Taps>& taps, float* out) {
  for (const Taps& t : taps) {
    float red = 0, green = 0, blue = 0;
    const T* p = in + static_cast<std::ptrdiff_t>(t.first) * 3;
    for (const float w : t.weights) {
      red += w * static_cast<float>(p[0]);
      green += w * static_cast<float>(p[1]);
      blue += w * static_cast<float>(p[2]);
      p += 3;
    }
    *out++ = red;
    *out++ = green;
    *out++ = blue;
  }
}

// Resizes one source row to the new width, in floats.
template <class T>
void resize_row(const T* in, int channels, const std::vector<Taps>& taps, float* out) {
  if (channels == 3) return resize_rgb_row(in, taps, out);
  for (const Taps& t : taps)
    for (int c = 0; c < channels; ++c) {
      float sum = 0;
      const T* p = in + static_cast<std::ptrdiff_t>(t.first) * channels + c;
      for (const float w : t.weights) {
        sum += w * static_cast<float>(*p);
        p += channels;
      }
      *out++ = sum;
    }
}

// Resizes samples [height, width, channels] of `in` to to_height x to_width.
template <class T>
void resize_samples(const T* in, int from_width, int from_height, int channels, int width, int height,
                    Filter filter, T* target) {
  const auto across = make_taps(from_width, width, filter), down = make_taps(from_height, height, filter);
  const auto row = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  const auto from_row = static_cast<std::size_t>(from_width) * static_cast<std::size_t>(channels);
  constexpr auto most = static_cast<float>(std::numeric_limits<T>::max());
  // A window of resized source rows as tall as the vertical filter limits memory for large images.
  std::size_t window = 1;
  for (const Taps& t : down) window = std::max(window, t.weights.size());
  std::vector<float> rows(window * row), sum(row);
  int ready = 0;  // source rows below this are resized
  for (const Taps& t : down) {
    const int end = t.first + static_cast<int>(t.weights.size());
    for (ready = std::max(ready, t.first); ready < end; ++ready)
      resize_row(in + static_cast<std::size_t>(ready) * from_row, channels, across,
                 rows.data() + static_cast<std::size_t>(ready) % window * row);
    std::fill(sum.begin(), sum.end(), 0.0F);
    for (int j = t.first; j < end; ++j) {
      const float w = t.weights[static_cast<std::size_t>(j - t.first)];
      const float* source = rows.data() + static_cast<std::size_t>(j) % window * row;
      for (std::size_t i = 0; i < row; ++i) sum[i] += w * source[i];
    }
    for (std::size_t i = 0; i < row; ++i) *target++ = static_cast<T>(std::clamp(sum[i] + 0.5F, 0.0F, most));
  }
}

}  // namespace

template <class Level>
BasicImage<Level> resize_image(const BasicImage<Level>& image, int width, int height, Filter filter) {
  BasicImage<Level> out(width, height, image.channels);
  if (width == image.width && height == image.height) return image;
  resize_samples(image.data.data(), image.width, image.height, image.channels, width, height, filter,
                 out.data.data());
  return out;
}

Photo resize_photo(const Photo& photo, int width, int height, Filter filter) {
  if (width == photo.width && height == photo.height) return photo;
  if (width <= 0 || height <= 0)
    fail("resize", fmt::format("cannot make an image of {}x{}; sizes are positive", width, height));
  Photo out{width, height, photo.depth, {}, {}, photo.remark, photo.gray, photo.metadata};
  const auto resize = [&](const std::vector<std::uint16_t>& plane, int channels) {
    std::vector<std::uint16_t> to(out.pixels() * static_cast<std::size_t>(channels));
    resize_samples(plane.data(), photo.width, photo.height, channels, width, height, filter, to.data());
    return to;
  };
  out.rgb = resize(photo.rgb, 3);
  if (!photo.alpha.empty()) out.alpha = resize(photo.alpha, 1);
  return out;
}

template <class Level>
BasicImage<Level> crop_center(const BasicImage<Level>& image, int width, int height) {
  if (width > image.width || height > image.height)
    fail("crop", fmt::format("cannot cut {}x{} out of an image of {}x{}; resize it first", width, height,
                             image.width, image.height));
  BasicImage<Level> out(width, height, image.channels);
  const int left = (image.width - width) / 2, top = (image.height - height) / 2;
  for (int y = 0; y < height; ++y) std::copy_n(image.at(left, top + y), width * image.channels, out.at(0, y));
  return out;
}

template <class Level>
BasicImage<Level> square_image(const BasicImage<Level>& image, int size, Filter filter) {
  // Crop first: a strip of 1 x 100000 pixels would otherwise grow to size x size * 100000.
  const int side = std::min(image.width, image.height);
  return resize_image(crop_center(image, side, side), size, size, filter);
}

template Image8 resize_image(const Image8&, int, int, Filter);
template Image16 resize_image(const Image16&, int, int, Filter);
template Image8 crop_center(const Image8&, int, int);
template Image16 crop_center(const Image16&, int, int);
template Image8 square_image(const Image8&, int, Filter);
template Image16 square_image(const Image16&, int, Filter);

Image8 enlarge(const Image8& image, int scale) {
  if (scale == 1) return image;
  Image8 large(image.width * scale, image.height * scale, image.channels);
  for (int y = 0; y < large.height; ++y)
    for (int x = 0; x < large.width; ++x)
      std::copy_n(image.at(x / scale, y / scale), image.channels, large.at(x, y));
  return large;
}

Image8 make_sheet(const std::vector<Image8>& images, int columns, int margin, std::uint8_t background) {
  if (images.empty()) fail("sheet", "has no images; give at least one");
  const int count = static_cast<int>(images.size());
  if (columns <= 0) columns = static_cast<int>(std::ceil(std::sqrt(count)));
  columns = std::min(columns, count);
  margin = std::max(margin, 0);
  int cell_w = 0, cell_h = 0, channels = 1;
  for (const Image8& i : images) {
    cell_w = std::max(cell_w, i.width);
    cell_h = std::max(cell_h, i.height);
    channels = std::max(channels, i.channels);
  }
  const std::int64_t rows = (count + columns - 1) / columns;
  const std::int64_t sheet_w = std::int64_t{columns} * (cell_w + margin) + margin,
                     sheet_h = rows * (cell_h + margin) + margin;
  if (sheet_w * sheet_h > 1'000'000'000)
    fail("sheet", fmt::format("would have {}x{} pixels; use fewer images", sheet_w, sheet_h));
  Image8 sheet(static_cast<int>(sheet_w), static_cast<int>(sheet_h), channels, background);
  for (int i = 0; i < count; ++i) {
    const Image8& image = images[static_cast<std::size_t>(i)];
    const int left = margin + (i % columns) * (cell_w + margin) + (cell_w - image.width) / 2;
    const int top = margin + (i / columns) * (cell_h + margin) + (cell_h - image.height) / 2;
    for (int y = 0; y < image.height; ++y)
      for (int x = 0; x < image.width; ++x)
        for (int c = 0; c < channels; ++c)
          sheet.at(left + x, top + y)[c] =
              c == 3 && image.channels < 4 ? 255 : image.at(x, y)[image.channels >= 3 ? c : 0];
  }
  return sheet;
}

}  // namespace sumi
