#include "models/inference/comic_picture.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "engine/autograd.h"
#include "engine/error.h"
#include "engine/image/stylize/color.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/resize.h"
#include "engine/image/stylize/rows.h"
#include "engine/image/stylize/tones.h"
#include "engine/runtime/device.h"
#include "models/inference/auto_levels.h"
#include "models/inference/comic_finish.h"

namespace sumi {
namespace {

using stylize::for_rows;
using stylize::Lab;
using stylize::Plane;
using stylize::Rgb;

constexpr int kOwnSize = 720, kReducedSide = 600;
constexpr std::size_t kBandPixels = 1'000'000;
constexpr int kLeastBandRows = 32;
constexpr float kEnlargedGain = 1.6F;  // of the lines' logit where the layers are enlarged: else their rims get soft
constexpr std::size_t kShift = 0, kLogit = 3, kScale = 4, kCoefficients = 7;

float unit_level(std::uint16_t level) {
  return static_cast<float>(level) * (1.0F / 65535);
}

LevelCurve measured_curve(const Photo& photo) {
  constexpr std::size_t kSamples = 500'000;
  const std::size_t step = std::max<std::size_t>(photo.pixels() / kSamples, 1);
  std::vector<float> lightness;
  for (std::size_t i = 0; i < photo.pixels(); i += step) {
    const std::uint16_t* p = photo.rgb.data() + 3 * i;
    lightness.push_back(lightness_of(unit_level(p[0]), unit_level(p[1]), unit_level(p[2])));
  }
  return level_curve(std::move(lightness));
}

// Rows [first, first + rows) of the photograph behind the curve, in 0..1.
Rgb leveled_rows(const Photo& photo, const LevelTable& table, int first, int rows) {
  Rgb picture(photo.width, rows);
  for_rows(rows, [&](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      const std::uint16_t* from =
          photo.rgb.data() + 3 * static_cast<std::size_t>(first + y) * static_cast<std::size_t>(photo.width);
      for (int x = 0; x < photo.width; ++x, from += 3) {
        const auto color = table(unit_level(from[0]), unit_level(from[1]), unit_level(from[2]));
        picture.red.row(y)[x] = color[0];
        picture.green.row(y)[x] = color[1];
        picture.blue.row(y)[x] = color[2];
      }
    }
  });
  return picture;
}

int round_up(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// Where pixel i of a side that was extended to a multiple comes from: reflected, or the last pixel where there are too few.
int extended_from(int i, int size) {
  if (i < size) return i;
  return std::max(2 * (size - 1) - i, 0);
}

// [1,height,width,3] of the window of the extended picture.
Tensor window_tensor(const Rgb& picture, int left, int top, int width, int height, DType dtype, const Device& device) {
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  for (int y = top; y < top + height; ++y) {
    const int row = extended_from(y, picture.height());
    for (int x = left; x < left + width; ++x) {
      const int column = extended_from(x, picture.width());
      for (const Plane* plane : {&picture.red, &picture.green, &picture.blue}) values.push_back(plane->row(row)[column]);
    }
  }
  return Tensor::from(values, {1, height, width, 3}, dtype, device);
}

// Rows [first, first + rows) of the network's planes at the picture's size.
Plane enlarged_rows(const Plane& plane, const Photo& photo, int first, int rows) {
  if (plane.width() == photo.width && plane.height() == photo.height) return stylize::crop_rows(plane, first, rows);
  return stylize::resize_cubic(plane, photo.width, photo.height, first, rows);
}

// channel (1 + a) + b, in place.
void apply(Plane& channel, const Plane& scale, const Plane& shift) {
  stylize::change(
      channel, [](float x, float a, float b) { return stylize::clamp(x * (1.0F + a) + b, 0.0F, 1.0F); }, scale, shift);
}

Plane line_alpha(const Plane& logit, float gain, float strength) {
  return stylize::map(
      [gain, strength](float l) {
        return stylize::clamp(strength / (1.0F + stylize::exp_fast(-gain * (4.0F * l - 2.0F))), 0.0F, 1.0F);
      },
      logit);
}

void add_share(Plane& sum, const Plane& x, float share) {
  stylize::change(
      sum, [share](float s, float v) { return s + share * v; }, x);
}

// One photograph and what its bands have in common.
class ComicJob {
 public:
  ComicJob(Stylizer& model, const Photo& photo, const ComicOptions& options)
      : model_(model), photo_(photo), options_(options), table_(measured_curve(photo)),
        scale_(stylize::side_scale(photo.width, photo.height)) {
    const auto [width, height] = working_size(photo.width, photo.height, options.short_side);
    enlarged_ = width != photo.width || height != photo.height;
    const Photo small = enlarged_ ? resize_photo(photo, width, height) : Photo{};
    Rgb picture = leveled_rows(enlarged_ ? small : photo, table_, 0, height);
    coefficients_ = comic_coefficients(model, picture, options);
    apply_all(picture, [](const Plane& plane) { return plane.copy(); });
    lightness_ = stylize::to_lab(picture).L;
  }

  int halo() const { return finish_halo(scale_); }
  // The finished rows, cut to [first, first + rows).
  Rgb rows(int first, int rows) const;
  bool gray() const;

 private:
  // flat color from the leveled picture `flat`, in place; `plane_of` gives the rows of a plane.
  template <class PlaneOf>
  void apply_all(Rgb& flat, const PlaneOf& plane_of) const {
    apply(flat.red, plane_of(coefficients_[kScale]), plane_of(coefficients_[kShift]));
    apply(flat.green, plane_of(coefficients_[kScale + 1]), plane_of(coefficients_[kShift + 1]));
    apply(flat.blue, plane_of(coefficients_[kScale + 2]), plane_of(coefficients_[kShift + 2]));
  }

  Stylizer& model_;
  const Photo& photo_;
  const ComicOptions& options_;
  LevelTable table_;
  float scale_;
  bool enlarged_ = false;
  std::vector<Plane> coefficients_;
  Plane lightness_;  // of the flat picture at the working size
};

Rgb ComicJob::rows(int first, int rows) const {
  const int begin = std::max(first - halo(), 0), end = std::min(first + rows + halo(), photo_.height);
  const auto plane_of = [&](const Plane& plane) { return enlarged_rows(plane, photo_, begin, end - begin); };
  Rgb flat = leveled_rows(photo_, table_, begin, end - begin);
  apply_all(flat, plane_of);
  ComicBand band;
  band.flat = stylize::to_lab(flat);
  band.line = line_alpha(plane_of(coefficients_[kLogit]), enlarged_ ? kEnlargedGain : 1.0F,
                         static_cast<float>(options_.line_strength));
  band.top = begin;
  band.scale = scale_;
  Rgb sum;
  for (std::size_t i = 0; i < options_.weights.size(); ++i) {
    const auto share = static_cast<float>(options_.weights[i]);
    if (share == 0) continue;
    const std::string& style = model_.styles()[i];
    const int levels = options_.levels < 0 ? style_levels(style) : options_.levels;
    ComicFinish finish{levels, levels > 0 ? stylize::tone_levels(lightness_, levels) : std::vector<float>{}};
    const Rgb made = finish_comic(style, band, finish);
    if (sum.red.empty()) {
      sum = Rgb(made.width(), made.height());
      for (Plane* plane : {&sum.red, &sum.green, &sum.blue}) *plane = Plane(made.width(), made.height(), 0.0F);
    }
    add_share(sum.red, made.red, share);
    add_share(sum.green, made.green, share);
    add_share(sum.blue, made.blue, share);
  }
  for (Plane* plane : {&sum.red, &sum.green, &sum.blue}) *plane = stylize::crop_rows(*plane, first - begin, rows);
  return sum;
}

bool ComicJob::gray() const {
  for (std::size_t i = 0; i < options_.weights.size(); ++i)
    if (options_.weights[i] > 0 && !is_gray_style(model_.styles()[i])) return false;
  return true;
}

}  // namespace

std::pair<int, int> working_size(int width, int height, int short_side) {
  const int shorter = std::min(width, height);
  const int wanted = short_side > 0 ? short_side : shorter <= kOwnSize ? shorter : kReducedSide;
  if (wanted >= shorter) return {width, height};
  const auto shrunk = [&](int side) {
    return std::max(static_cast<int>(std::lround(static_cast<double>(side) * wanted / shorter)), 1);
  };
  return {shrunk(width), shrunk(height)};
}

std::vector<Plane> comic_coefficients(Stylizer& model, const Rgb& picture, const ComicOptions& options) {
  const NoGrad no_grad;
  const Tensor first = model.networks()[0].module->parameters().front().value;
  const int width = std::max(round_up(picture.width(), ComicNetwork::kMultiple), ComicNetwork::kSmallestSide);
  const int height = std::max(round_up(picture.height(), ComicNetwork::kMultiple), ComicNetwork::kSmallestSide);
  std::vector<Plane> planes;
  for (std::size_t i = 0; i < kCoefficients; ++i) planes.emplace_back(picture.width(), picture.height());
  for (int top = 0; top < height; top += options.tile)
    for (int left = 0; left < width; left += options.tile) {
      const int x0 = std::max(left - ComicNetwork::kHalo, 0), y0 = std::max(top - ComicNetwork::kHalo, 0);
      const int x1 = std::min(left + options.tile + ComicNetwork::kHalo, width);
      const int y1 = std::min(top + options.tile + ComicNetwork::kHalo, height);
      const Tensor x = window_tensor(picture, x0, y0, x1 - x0, y1 - y0, first.dtype(), first.device());
      const std::vector<float> made = model.coefficients(x, options.weights, options.raw).to_vector<float>();
      if (!std::all_of(made.begin(), made.end(), [](float v) { return std::isfinite(v); }))
        fail("convert", "the network makes NaN or infinity; its weights are spoilt, take an earlier checkpoint");
      for (int y = top; y < std::min(top + options.tile, picture.height()); ++y)
        for (int at = left; at < std::min(left + options.tile, picture.width()); ++at) {
          const auto from = (static_cast<std::size_t>(y - y0) * static_cast<std::size_t>(x1 - x0) +
                             static_cast<std::size_t>(at - x0)) *
                            kCoefficients;
          for (std::size_t i = 0; i < kCoefficients; ++i) planes[i].row(y)[at] = made[from + i];
        }
    }
  return planes;
}

Photo comic_picture(Stylizer& model, const Photo& photo, const ComicOptions& options) {
  const stylize::PlaneMemory memory;
  const ComicJob job(model, photo, options);
  Photo result;
  result.width = photo.width;
  result.height = photo.height;
  result.depth = photo.depth;
  result.alpha = photo.alpha;
  result.gray = job.gray();
  result.rgb.resize(photo.pixels() * 3);
  const int fitting = static_cast<int>(kBandPixels / static_cast<std::size_t>(photo.width));
  const int band = std::max({fitting - 2 * job.halo(), 2 * job.halo(), kLeastBandRows});
  for (int y = 0; y < photo.height; y += band) {
    const int rows = std::min(band, photo.height - y);
    stylize::store_rgb(job.rows(y, rows),
                       result.rgb.data() + 3 * static_cast<std::size_t>(y) * static_cast<std::size_t>(photo.width));
  }
  return result;
}

}  // namespace sumi
