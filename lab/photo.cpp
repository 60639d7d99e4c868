// A photograph through the stylizer's network, as sumi convert -m comic draws images that are not
// enlarged (models/inference/comic_picture.h).
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/autograd.h"
#include "engine/error.h"
#include "engine/image/stylize/auto_levels.h"
#include "engine/image/stylize/comic_finish.h"
#include "engine/image/stylize/comic_layers.h"
#include "engine/image/stylize/tones.h"
#include "lab/session.h"
#include "models/networks/comic_network.h"

namespace sumi::lab {
namespace {

using stylize::Plane;
using stylize::Rgb;

constexpr std::int64_t kBand = 256;  // rows that the network computes at a time, without the halo
constexpr std::size_t kShift = 0, kLogit = 3, kScale = 4, kCoefficients = 7;
constexpr int kMostSide = 2048;

std::int64_t to_multiple(std::int64_t value) {
  return std::max<std::int64_t>(
      (value + ComicNetwork::kMultiple - 1) / ComicNetwork::kMultiple * ComicNetwork::kMultiple,
      ComicNetwork::kSmallestSide);
}

// Source of pixel i of a side that was extended to a multiple by reflection.
int extended_from(std::int64_t i, int size) {
  return static_cast<int>(i < size ? i : std::max<std::int64_t>(2 * (size - 1) - i, 0));
}

class PhotoSession final : public Session {
 public:
  // styles  the network's, "ink,manga,..."; a new network, whose weights must be put again
  // width, blocks   of the network, before styles
  // layer   drawing, flat or line
  // levels  of lightness, 0 none, -1 the style's own;  line   strength of lines, 0 to 2
  // any style's name   its share of the mixture
  void set(const std::string& key, const std::string& value) override {
    if (key == "width") {
      size_.width = static_cast<std::int64_t>(number_in(key, value, 1, 64));
    } else if (key == "blocks") {
      size_.blocks = static_cast<int>(number_in(key, value, 1, 16));
    } else if (key == "styles") {
      set_styles(value);
    } else if (key == "layer") {
      if (value != "drawing" && value != "flat" && value != "line") fail_unknown("layer", value);
      layer_ = value;
    } else if (key == "levels") {
      levels_ = static_cast<int>(number_in(key, value, -1, 8));
    } else if (key == "line") {
      line_ = number_in(key, value, 0, 2);
    } else {
      const auto style = std::find(styles_.begin(), styles_.end(), key);
      if (style == styles_.end()) fail_unknown("setting", key);
      weights_[static_cast<std::size_t>(style - styles_.begin())] = number_in(key, value, 0, 1);
      next_ = 0;
    }
  }

  // photo [1,h,w,3], sRGB levels 0 to 255; or a parameter of the network by its name in the
  // checkpoint, g.enc0.conv.weight.
  void put(const std::string& name, const Tensor& values) override {
    if (name == "photo") return put_photo(values);
    if (!network_) fail("photo", "set styles before the weights");
    for (const Parameter& parameter : network_->parameters()) {
      if ("g." + parameter.name != name) continue;
      if (!(parameter.value.shape() == values.shape()))
        fail(name, "is " + values.shape().str() + ", expected " + parameter.value.shape().str());
      parameter.value.assign(values);
      missing_.erase(name);
      return;
    }
    fail_unknown("parameter", name);
  }

  // band  the network on the next rows;  draw  the picture from the network's layers
  int run(const std::string& action) override {
    if (width_ == 0) fail("photo", "is missing");
    if (!network_ || !missing_.empty())
      fail("photo", "has no weights" + (missing_.empty() ? "" : "; missing " + missing_.begin()->first));
    if (action == "band") return run_band();
    if (action != "draw") fail_unknown("action", action);
    if (next_ < to_multiple(height_)) fail("draw", "the network has not seen all rows; run band first");
    draw();
    return 0;
  }

  // picture [1,h,w,3], levels 0 to 255
  Tensor get(const std::string& name) override {
    if (name != "picture" || !picture_) fail_unknown("result", name);
    return picture_;
  }

 private:
  void set_styles(const std::string& list) {
    styles_.clear();
    for (std::size_t at = 0; at < list.size();) {
      const std::size_t end = std::min(list.find(',', at), list.size());
      styles_.push_back(list.substr(at, end - at));
      at = end + 1;
    }
    if (styles_.empty()) fail("styles", "is empty");
    weights_.assign(styles_.size(), 0);
    weights_[0] = 1;
    size_.styles = static_cast<int>(styles_.size());
    network_ = std::make_unique<ComicNetwork>(size_, DType::f32, Device{});
    next_ = 0;
    missing_.clear();
    for (const Parameter& parameter : network_->parameters()) missing_["g." + parameter.name] = true;
  }

  void put_photo(const Tensor& values) {
    const Shape& s = values.shape();
    if (s.n != 1 || s.c != 3 || s.h > kMostSide || s.w > kMostSide)
      fail("photo", "is " + s.str() + "; give 1xHxWx3 with sides up to " + std::to_string(kMostSide));
    height_ = static_cast<int>(s.h);
    width_ = static_cast<int>(s.w);
    levels16_.clear();
    for (const float v : values.to_vector<float>())
      levels16_.push_back(
          static_cast<std::uint16_t>(257 * static_cast<int>(v > 0 ? std::min(v, 255.0F) : 0.0F)));
    next_ = 0;
  }

  stylize::RgbView view() const { return {width_, height_, levels16_.data()}; }

  std::vector<double> mixture() const {
    double sum = 0;
    for (const double weight : weights_) sum += weight;
    if (!(sum > 0)) fail("photo", "every style has the share 0");
    std::vector<double> shares = weights_;
    for (double& share : shares) share /= sum;
    return shares;
  }

  int run_band() {
    const std::int64_t height = to_multiple(height_), width = to_multiple(width_);
    if (next_ == 0) {
      leveled_ =
          stylize::leveled_rows(view(), stylize::LevelTable(stylize::picture_curve(view())), 0, height_);
      planes_.clear();
      for (std::size_t i = 0; i < kCoefficients; ++i) planes_.emplace_back(width_, height_);
    }
    const std::int64_t end = std::min(next_ + kBand, height);
    const std::int64_t top = std::max<std::int64_t>(next_ - ComicNetwork::kHalo, 0);
    const std::int64_t bottom = std::min<std::int64_t>(end + ComicNetwork::kHalo, height);
    std::vector<float> values;
    for (std::int64_t y = top; y < bottom; ++y)
      for (std::int64_t x = 0; x < width; ++x)
        for (const Plane* plane : {&leveled_.red, &leveled_.green, &leveled_.blue})
          values.push_back(plane->row(extended_from(y, height_))[extended_from(x, width_)]);
    const NoGrad no_grad;
    const auto count = static_cast<std::int64_t>(styles_.size());
    const std::vector<float> made =
        (*network_)(Tensor::from(values, {1, bottom - top, width, 3}, DType::f32, {}),
                    Tensor::from(mixture(), Shape::matrix(1, count), DType::f32, {}))
            .to_vector<float>();
    for (std::int64_t y = next_; y < std::min<std::int64_t>(end, height_); ++y)
      for (std::int64_t x = 0; x < width_; ++x)
        for (std::size_t i = 0; i < kCoefficients; ++i)
          planes_[i].row(static_cast<int>(y))[x] =
              made[static_cast<std::size_t>((y - top) * width + x) * kCoefficients + i];
    next_ = end;
    return static_cast<int>((height - next_ + kBand - 1) / kBand);
  }

  void draw() {
    Rgb flat(width_, height_);
    const Plane* from[] = {&leveled_.red, &leveled_.green, &leveled_.blue};
    Plane* to[] = {&flat.red, &flat.green, &flat.blue};
    for (std::size_t c = 0; c < 3; ++c) {
      *to[c] = from[c]->copy();
      stylize::apply_affine(*to[c], planes_[kScale + c], planes_[kShift + c]);
    }
    stylize::ComicBand band;
    band.flat = stylize::to_lab(flat);
    band.line = stylize::line_alpha(planes_[kLogit], 1.0F, static_cast<float>(line_));
    band.scale = stylize::side_scale(width_, height_);
    store(layer_ == "flat"   ? stylize::to_rgb(band.flat)
          : layer_ == "line" ? stylize::line_art(band.line)
                             : finished(band));
  }

  // Mixture of the styles' finishes.
  Rgb finished(const stylize::ComicBand& band) const {
    Rgb sum(width_, height_);
    for (Plane* plane : {&sum.red, &sum.green, &sum.blue}) *plane = Plane(width_, height_, 0.0F);
    const std::vector<double> shares = mixture();
    for (std::size_t i = 0; i < styles_.size(); ++i) {
      if (shares[i] == 0) continue;
      const int levels = levels_ < 0 ? stylize::style_levels(styles_[i]) : levels_;
      const std::vector<float> tones =
          levels > 0 ? stylize::tone_levels(band.flat.L, levels) : std::vector<float>{};
      stylize::add_share(sum, stylize::finish_comic(styles_[i], band, {levels, tones}),
                         static_cast<float>(shares[i]));
    }
    return sum;
  }

  void store(const Rgb& picture) {
    std::vector<std::uint16_t> levels(levels16_.size());
    stylize::store_rgb(picture, levels.data());
    std::vector<float> values;
    for (const std::uint16_t level : levels) values.push_back(static_cast<float>((level + 128) / 257));
    picture_ = Tensor::from(values, {1, height_, width_, 3}, DType::f32, {});
  }

  ComicSize size_;
  std::vector<std::string> styles_;
  std::vector<double> weights_;
  std::unique_ptr<ComicNetwork> network_;
  std::map<std::string, bool> missing_;  // weights
  std::string layer_ = "drawing";
  int levels_ = -1, width_ = 0, height_ = 0;
  double line_ = 1;
  std::vector<std::uint16_t> levels16_;
  Rgb leveled_;
  std::vector<Plane> planes_;
  std::int64_t next_ = 0;  // row of the network
  Tensor picture_;
};

}  // namespace

std::unique_ptr<Session> open_photo() {
  return std::make_unique<PhotoSession>();
}

}  // namespace sumi::lab
