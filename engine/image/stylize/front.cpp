#include "engine/image/stylize/front.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/color.h"
#include "engine/image/stylize/flow.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/resize.h"

namespace sumi::stylize {
namespace {

// Percentiles by a histogram of L, of every second pixel of every second row.
class Percentiles {
 public:
  explicit Percentiles(const Plane& L) : counts_(kBins) {
    for (int y = 0; y < L.height(); y += 2)
      for (int x = 0; x < L.width(); x += 2) {
        const float bin = clamp(L.row(y)[x], 0, 100) * (kBins - 1) / 100;
        ++counts_[static_cast<std::size_t>(bin + 0.5F)];
        ++total_;
      }
  }
  float of(double part) const {
    const double wanted = part * static_cast<double>(total_ - 1);
    std::int64_t below = 0;
    for (std::size_t bin = 0; bin < kBins; ++bin) {
      below += counts_[bin];
      if (static_cast<double>(below) > wanted) return static_cast<float>(bin) * 100 / (kBins - 1);
    }
    return 100;
  }

 private:
  static constexpr std::size_t kBins = 16385;
  std::vector<std::int64_t> counts_;
  std::int64_t total_ = 0;
};

int reduction_of(int width, int height) {
  return std::max(1, std::min(width, height) / 512);
}

Plane fitted(const Plane& x, int width, int height) {
  return x.width() > width || x.height() > height ? resize_area(x, width, height)
                                                  : resize_linear(x, width, height);
}

// How far gradients lie in two directions at right angles, 0 to 1: the length of their mean at four
// times their angle. That of windows and masonry is near 1/2, that of leaves, grass and fur near
// 1/10.
Plane right_angles(const Gradient& g, float s) {
  constexpr float kStrong = 60;  // squared; a single strong edge must not decide alone
  const auto mean = [&](const auto& of) { return blur_mask(map(of, g.x, g.y), 7 * s); };
  const Plane cosine = mean([](float x, float y) {
    const float u = x * x, v = y * y, length = u + v + 1e-3F;
    return (u * u - 6.0F * u * v + v * v) / (length * length) * (length < kStrong ? length : kStrong);
  });
  const Plane sine = mean([](float x, float y) {
    const float u = x * x, v = y * y, length = u + v + 1e-3F;
    return 4.0F * x * y * (u - v) / (length * length) * (length < kStrong ? length : kStrong);
  });
  const Plane weight = mean([](float x, float y) {
    const float length = x * x + y * y + 1e-3F;
    return length < kStrong ? length : kStrong;
  });
  return blur_mask(map([](float c, float d, float w) { return std::sqrt(c * c + d * d) / (w + 0.05F); },
                       cosine, sine, weight),
                   5 * s);
}

// Factor of the range sigma of flattening: less than 1 where contrasts are faint all around,
// as in a skyline at dusk, whose edges would melt with everything else.
Plane faintness(const Plane& L, float s, float structure) {
  return map([structure](float g) { return 1.0F - 0.6F * structure * (1.0F - smoothstep(0.3F, 1.8F, g)); },
             blur_mask(gradient_length(L), 12 * s));
}

void keep_faces(Front& front) {
  change(
      front.tex, [](float tex, float face) { return tex * (1.0F - face); }, front.face);
  change(
      front.busy, [](float busy, float face) { return busy * (1.0F - 0.8F * face); }, front.face);
  change(
      front.skin, [](float skin, float face) { return skin > face ? skin : face; }, front.face);
}

}  // namespace

Lab reduced_lab(const RgbView& image, int reduction) {
  if (reduction == 1) return to_lab(image);
  const int width = (image.width + reduction - 1) / reduction;
  const int height = (image.height + reduction - 1) / reduction;
  Lab result(width, height);
  const int band = std::max(1, (1 << 20) / image.width / reduction);  // rows of the result
  for (int y = 0; y < height; y += band) {
    const int rows = std::min(band, height - y), first = y * reduction;
    const Lab part = to_lab(image, first, std::min(rows * reduction, image.height - first));
    const Lab small = resize_area(part, width, rows);
    std::copy_n(small.L.data(), small.L.pixels(), result.L.row(y));
    std::copy_n(small.a.data(), small.a.pixels(), result.a.row(y));
    std::copy_n(small.b.data(), small.b.pixels(), result.b.row(y));
  }
  return result;
}

LevelCurve level_curve(const StyleStatistics& statistics, float max_gain, float lift) {
  const float a = statistics.low, b = statistics.high;
  const float low = a + 0.7F * (std::min(a, 4.0F) - a), high = b + 0.7F * (std::max(b, 99.5F) - b);
  LevelCurve curve;
  curve.in_middle = (a + b) / 2;
  curve.gain = std::min(max_gain, (high - low) / std::max(b - a, 1.0F));
  curve.out_middle = b < 96 ? (low + high) / 2 : high - curve.gain * (b - a) / 2;
  if (lift > 0) {
    const float m = clamp(curve(statistics.median) / 100, 0.08F, 0.92F);
    curve.gamma = clamp(std::log(m + lift * (0.55F - m)) / std::log(m), 0.62F, 1.15F);
  }
  return curve;
}

float LevelCurve::operator()(float L) const {
  const float t = clamp(out_middle + (L - in_middle) * gain, 0, 100) / 100;
  return 100 * pow_fast(t, gamma);
}

void apply_levels(Plane& L, const LevelCurve& curve) {
  change(L, [curve](float x) {
    const float t = clamp(curve.out_middle + (x - curve.in_middle) * curve.gain, 0.0F, 100.0F) * 0.01F;
    return 100.0F * pow_fast(t, curve.gamma);
  });
}

TextureMask texture_mask(const Plane& L, float s, float structure) {
  const Gradient g = gradient(L);
  const float sigma = 1.6F * s, coherent = 3.5F * s;
  const Plane length =
      blur_mask(map([](float x, float y) { return std::fabs(x) + std::fabs(y); }, g.x, g.y), sigma);
  const Plane excess = map(
      [](float all, float x, float y) {
        const float e = all - (std::fabs(x) + std::fabs(y));
        return e < 4.0F ? e : 4.0F;
      },
      length, blur_mask(g.x, sigma), blur_mask(g.y, sigma));
  Plane plain = map([](float e) { return smoothstep(1.2F, 3.4F, e); }, blur_mask(excess, 7 * s));
  if (structure > 0) {
    const Plane built = right_angles(g, s);
    change(
        plain,
        [structure](float t, float a) { return t * (1.0F - 0.9F * structure * smoothstep(0.16F, 0.34F, a)); },
        built);
  }
  const auto product = [&](const Plane& x, const Plane& y) {
    return blur_mask(map([](float a, float b) { return a * b; }, x, y), coherent);
  };
  const Plane coherence = blur_mask(
      map([](float E, float G, float M) { return std::sqrt(square(E - G) + 4.0F * M * M) / (E + G + 0.01F); },
          product(g.x, g.x), product(g.y, g.y), product(g.x, g.y)),
      coherent);
  Plane tex = blur_mask(map([](float t, float A) { return t * (1.0F - 0.75F * smoothstep(0.42F, 0.78F, A)); },
                            plain, coherence),
                        2.5F * s);
  return {std::move(tex), std::move(plain)};
}

Plane skin_mask(const Lab& lab, float s, const Plane& tex) {
  const Lab small = blur(halve(lab), s);
  const Plane likely = map(
      [](float L, float a, float b) {
        const float chroma = std::sqrt(a * a + b * b), hue = atan2_degrees(b, a);
        return smoothstep(20.0F, 34.0F, hue) * (1.0F - smoothstep(68.0F, 82.0F, hue)) *
               smoothstep(8.0F, 14.0F, chroma) * (1.0F - smoothstep(42.0F, 58.0F, chroma)) *
               smoothstep(30.0F, 45.0F, L);
      },
      small.L, small.a, small.b);
  return map([](float skin, float t) { return clamp(1.6F * skin, 0.0F, 1.0F) * (1.0F - t); },
             resize_linear(blur_mask(likely, 2 * s), lab.width(), lab.height()), tex);
}

Front make_front(const RgbView& image, const StyleOptions& options, const FrontOptions& front_options) {
  Front front;
  front.image = image;
  front.reduction = reduction_of(image.width, image.height);
  const float own_s = side_scale(image.width, image.height);
  front.full_s = options.side > 0 ? static_cast<float>(options.side) / 512.0F : own_s;
  front.lab = reduced_lab(image, front.reduction);
  const int width = front.lab.width(), height = front.lab.height();
  front.s = side_scale(width, height) * (front.full_s / own_s);
  if (options.statistics) {
    front.statistics = *options.statistics;
  } else {
    const Percentiles L(front.lab.L);
    front.statistics.low = L.of(0.005);
    front.statistics.high = L.of(0.995);
    front.statistics.median = L.of(0.5);
  }
  front.curve = level_curve(front.statistics, front_options.max_gain, front_options.lift);
  apply_levels(front.lab.L, front.curve);
  const auto structure = static_cast<float>(options.values.at("structure"));
  TextureMask texture = texture_mask(front.lab.L, front.s, structure);
  front.busy = map([](float plain, float tex) { return 0.5F * (plain + tex); }, texture.plain, texture.tex);
  front.skin = skin_mask(front.lab, front.s, texture.tex);
  front.tex = std::move(texture.tex);
  if (options.face && !options.face->empty()) {
    front.face = fitted(*options.face, width, height);
    keep_faces(front);
  }
  if (!front_options.flatten) return front;
  const Plane faint = faintness(front.lab.L, front.s, structure);
  front.flat =
      flatten(front.lab, front.s, front.tex, front_options.range_sigma, structure > 0 ? &faint : nullptr);
  if (!front.face.empty())
    front.flat = mixed(front.flat, blur(front.lab, 0.6F * front.s),
                       map([](float face) { return 0.45F * face; }, front.face));
  if (options.best) front.flat = painted_flat(front);
  return front;
}

}  // namespace sumi::stylize
