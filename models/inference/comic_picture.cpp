#include "models/inference/comic_picture.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "engine/autograd.h"
#include "engine/error.h"
#include "engine/image/stylize/auto_levels.h"
#include "engine/image/stylize/color.h"
#include "engine/image/stylize/comic_finish.h"
#include "engine/image/stylize/comic_layers.h"
#include "engine/image/stylize/resize.h"
#include "engine/image/stylize/rows.h"
#include "engine/image/stylize/tones.h"
#include "engine/runtime/device.h"

namespace sumi {
namespace {

using stylize::ComicBand;
using stylize::ComicFinish;
using stylize::LevelTable;
using stylize::Plane;
using stylize::Rgb;
using stylize::RgbView;

constexpr int kOwnSize = 720, kReducedSide = 600;
constexpr std::size_t kBandPixels = 4'000'000;  // with the halo, which smaller bands compute twice
constexpr int kLeastBandRows = 32;
constexpr float kEnlargedGain = 1.6F;  // sharpens the enlarged logit of the lines
constexpr std::size_t kShift = 0, kLogit = 3, kScale = 4, kCoefficients = 7;

RgbView view_of(const Photo& photo) {
  return {photo.width, photo.height, photo.rgb.data()};
}

int to_multiple(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// Source of pixel i of a side that was extended to a multiple: reflected, or the last pixel if
// there are too few.
int extended_from(int i, int size) {
  if (i < size) return i;
  return std::max(2 * (size - 1) - i, 0);
}

// [1,height,width,3] for a window of the extended image.
Tensor window_tensor(const Rgb& picture, int left, int top, int width, int height, DType dtype,
                     const Device& device) {
  std::vector<float> values(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  stylize::for_rows(height, [&](int begin, int end, int) {
    float* to = values.data() + 3 * static_cast<std::size_t>(begin) * static_cast<std::size_t>(width);
    for (int y = top + begin; y < top + end; ++y) {
      const int row = extended_from(y, picture.height());
      for (int x = left; x < left + width; ++x) {
        const int column = extended_from(x, picture.width());
        for (const Plane* plane : {&picture.red, &picture.green, &picture.blue})
          *to++ = plane->row(row)[column];
      }
    }
  });
  return Tensor::from(values, {1, height, width, 3}, dtype, device);
}

// Rows [first, first + rows) of one of the network's planes, enlarged to the size of the image.
Plane enlarged_rows(const Plane& plane, const Photo& photo, int first, int rows) {
  if (plane.width() == photo.width && plane.height() == photo.height)
    return stylize::crop_rows(plane, first, rows);
  return stylize::resize_cubic(plane, photo.width, photo.height, first, rows);
}

// The working size: by the image's own short side, or in proportion to ComicOptions::side.
std::pair<int, int> size_for_network(const Photo& photo, const ComicOptions& options) {
  if (options.side <= 0) return working_size(photo.width, photo.height, options.short_side);
  const double scale =
      static_cast<double>(working_size(options.side, options.side, options.short_side).first) / options.side;
  const int shorter = std::min(photo.width, photo.height);
  return working_size(photo.width, photo.height, std::max(static_cast<int>(std::lround(scale * shorter)), 1));
}

// One photograph and the data shared by its bands.
class ComicJob {
 public:
  ComicJob(Stylizer& model, const Photo& photo, const ComicOptions& options)
      : model_(model),
        photo_(photo),
        options_(options),
        table_(held_curve(photo, options)),
        scale_(options.side > 0 ? stylize::side_scale(options.side, options.side)
                                : stylize::side_scale(photo.width, photo.height)) {
    const auto [width, height] = size_for_network(photo, options);
    enlarged_ = width != photo.width || height != photo.height;
    const Photo small = enlarged_ ? resize_photo(photo, width, height) : Photo{};
    Rgb picture = stylize::leveled_rows(view_of(enlarged_ ? small : photo), table_, 0, height);
    coefficients_ = comic_coefficients(model, picture, options);
    apply_all(picture, [](const Plane& plane) { return plane.copy(); });
    const Plane lightness = stylize::to_lab(picture).L;
    for (std::size_t i = 0; i < options.weights.size(); ++i) {
      const int levels = options.levels < 0 ? stylize::style_levels(model.styles()[i]) : options.levels;
      const bool used = options.weights[i] > 0 && levels > 0 && options.layer == ComicLayer::drawing;
      std::vector<float> tones = used ? stylize::tone_levels(lightness, levels) : std::vector<float>{};
      if (options.hold) tones = options.hold->ease_tones(i, tones);
      finishes_.push_back({levels, std::move(tones)});
    }
    if (options.hold) options.hold->fresh = false;
  }

  const Plane& line(int hand) const {
    return hand == 0 ? coefficients_[kLogit]
                     : coefficients_.at(kCoefficients + static_cast<std::size_t>(hand) - 1);
  }
  int hands() const { return static_cast<int>(coefficients_.size() - kCoefficients) + 1; }
  // The finished image with this plane of lines.
  Photo finished(const Plane& line) const;

 private:
  int halo() const { return stylize::finish_halo(scale_); }
  // The finished rows, cut to [first, first + rows).
  Rgb rows(const Plane& line, int first, int rows) const;
  bool gray() const;
  static stylize::LevelCurve held_curve(const Photo& photo, const ComicOptions& options) {
    const stylize::LevelCurve own = stylize::picture_curve(view_of(photo));
    return options.hold ? options.hold->ease_curve(own) : own;
  }
  Rgb drawing(const ComicBand& band) const;
  Rgb single_layer(const ComicBand& band) const;
  // Applies the flat color to the leveled image `flat`, in place; `plane_of` returns the rows of a
  // plane.
  template <class PlaneOf>
  void apply_all(Rgb& flat, const PlaneOf& plane_of) const {
    stylize::apply_affine(flat.red, plane_of(coefficients_[kScale]), plane_of(coefficients_[kShift]));
    stylize::apply_affine(flat.green, plane_of(coefficients_[kScale + 1]),
                          plane_of(coefficients_[kShift + 1]));
    stylize::apply_affine(flat.blue, plane_of(coefficients_[kScale + 2]),
                          plane_of(coefficients_[kShift + 2]));
  }

  Stylizer& model_;
  const Photo& photo_;
  const ComicOptions& options_;
  LevelTable table_;
  float scale_;
  bool enlarged_ = false;
  std::vector<Plane> coefficients_;
  std::vector<ComicFinish> finishes_;  // of each style, with the tones of the flat image
};

Rgb ComicJob::rows(const Plane& line, int first, int rows) const {
  const int begin = std::max(first - halo(), 0), end = std::min(first + rows + halo(), photo_.height);
  const auto plane_of = [&](const Plane& plane) { return enlarged_rows(plane, photo_, begin, end - begin); };
  Rgb flat = stylize::leveled_rows(view_of(photo_), table_, begin, end - begin);
  apply_all(flat, plane_of);
  ComicBand band;
  band.flat = stylize::to_lab(flat);
  band.line = stylize::line_alpha(plane_of(line), enlarged_ ? kEnlargedGain : 1.0F,
                                  static_cast<float>(options_.line_strength));
  band.top = begin;
  band.scale = scale_;
  Rgb sum = options_.layer == ComicLayer::drawing ? drawing(band) : single_layer(band);
  for (Plane* plane : {&sum.red, &sum.green, &sum.blue})
    *plane = stylize::crop_rows(*plane, first - begin, rows);
  return sum;
}

Rgb ComicJob::single_layer(const ComicBand& band) const {
  if (options_.layer == ComicLayer::flat) return stylize::to_rgb(band.flat);
  return stylize::line_art(band.line);
}

// Mixture of the styles' finishes.
Rgb ComicJob::drawing(const ComicBand& band) const {
  Rgb sum;
  for (std::size_t i = 0; i < options_.weights.size(); ++i) {
    const auto share = static_cast<float>(options_.weights[i]);
    if (share == 0) continue;
    const std::string& style = model_.styles()[i];
    const Rgb made = stylize::finish_comic(style, band, finishes_[i]);
    if (sum.red.empty()) {
      sum = Rgb(made.width(), made.height());
      for (Plane* plane : {&sum.red, &sum.green, &sum.blue})
        *plane = Plane(made.width(), made.height(), 0.0F);
    }
    stylize::add_share(sum, made, share);
  }
  return sum;
}

Photo ComicJob::finished(const Plane& line) const {
  Photo result;
  result.width = photo_.width;
  result.height = photo_.height;
  result.depth = photo_.depth;
  result.alpha = photo_.alpha;
  result.gray = gray();
  result.rgb.resize(photo_.pixels() * 3);
  const int fitting = static_cast<int>(kBandPixels / static_cast<std::size_t>(photo_.width));
  const int band = std::max({fitting - 2 * halo(), 2 * halo(), kLeastBandRows});
  for (int y = 0; y < photo_.height; y += band) {
    const int count = std::min(band, photo_.height - y);
    stylize::store_rgb(rows(line, y, count), result.rgb.data() + 3 * static_cast<std::size_t>(y) *
                                                                     static_cast<std::size_t>(photo_.width));
  }
  return result;
}

bool ComicJob::gray() const {
  if (options_.layer == ComicLayer::line) return true;
  for (std::size_t i = 0; i < options_.weights.size(); ++i)
    if (options_.weights[i] > 0 && !stylize::is_gray_style(model_.styles()[i])) return false;
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
  const int width =
      std::max(to_multiple(picture.width(), ComicNetwork::kMultiple), ComicNetwork::kSmallestSide);
  const int height =
      std::max(to_multiple(picture.height(), ComicNetwork::kMultiple), ComicNetwork::kSmallestSide);
  const bool all_hands = options.hands && model.hands() > 1;
  const std::size_t count =
      kCoefficients + (all_hands ? static_cast<std::size_t>(model.hands()) - 1 : std::size_t{0});
  std::vector<Plane> planes;
  for (std::size_t i = 0; i < count; ++i) planes.emplace_back(picture.width(), picture.height());
  for (int top = 0; top < height; top += options.tile)
    for (int left = 0; left < width; left += options.tile) {
      const int x0 = std::max(left - ComicNetwork::kHalo, 0), y0 = std::max(top - ComicNetwork::kHalo, 0);
      const int x1 = std::min(left + options.tile + ComicNetwork::kHalo, width);
      const int y1 = std::min(top + options.tile + ComicNetwork::kHalo, height);
      const Tensor x = window_tensor(picture, x0, y0, x1 - x0, y1 - y0, first.dtype(), first.device());
      const std::vector<float> made =
          model.coefficients(x, options.weights, options.raw, all_hands).to_vector<float>();
      if (!std::all_of(made.begin(), made.end(), [](float v) { return std::isfinite(v); }))
        fail("convert",
             "the network makes NaN or infinity; its weights are spoiled, take an earlier checkpoint");
      const int right = std::min(left + options.tile, picture.width());
      stylize::for_rows(std::min(options.tile, picture.height() - top), [&](int begin, int end, int) {
        for (int y = top + begin; y < top + end; ++y)
          for (int at = left; at < right; ++at) {
            const auto from = (static_cast<std::size_t>(y - y0) * static_cast<std::size_t>(x1 - x0) +
                               static_cast<std::size_t>(at - x0)) *
                              count;
            for (std::size_t i = 0; i < count; ++i) planes[i].row(y)[at] = made[from + i];
          }
      });
    }
  return planes;
}

struct ComicDrawing::Parts {
  ComicOptions options;
  ComicJob job;
  Parts(Stylizer& model, const Photo& photo, const ComicOptions& given)
      : options(given), job(model, photo, options) {}
};

ComicDrawing::ComicDrawing(Stylizer& model, const Photo& photo, const ComicOptions& options)
    : parts_(std::make_unique<Parts>(model, photo, options)) {}
ComicDrawing::~ComicDrawing() = default;

const Plane& ComicDrawing::line(int hand) const {
  return parts_->job.line(hand);
}

int ComicDrawing::hands() const {
  return parts_->job.hands();
}

Photo ComicDrawing::draw(const Plane& line) const {
  const stylize::PlaneMemory memory;
  return parts_->job.finished(line);
}

Photo comic_picture(Stylizer& model, const Photo& photo, const ComicOptions& options) {
  const stylize::PlaneMemory memory;
  const ComicJob job(model, photo, options);
  return job.finished(job.line(0));
}

}  // namespace sumi
