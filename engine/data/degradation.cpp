#include "engine/data/degradation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kernels/base/check.h"
#include "kernels/base/philox.h"

namespace sumi {
namespace {

// The random numbers of one image, in sequence.
class Draws {
 public:
  Draws(std::uint64_t seed, std::uint64_t stream, std::uint64_t position)
      : seed_(seed), stream_(stream), next_(position << 32) {}

  double uniform(double lo, double hi) {
    if (at_ == 4) {
      words_ = philox::words(seed_, stream_, next_++);
      at_ = 0;
    }
    return lo + (hi - lo) * (words_.v[at_++] * 0x1p-32);
  }
  // An integer in [lo, hi].
  int whole(int lo, int hi) { return lo + static_cast<int>(uniform(0, hi - lo + 1)); }
  bool chance(double p) { return uniform(0, 1) < p; }
  double normal() {
    if (normal_at_ == 4) {
      normals_ = philox::normals_of(philox::words(seed_, stream_, next_++));
      normal_at_ = 0;
    }
    return static_cast<double>(normals_.v[normal_at_++]);
  }

 private:
  std::uint64_t seed_, stream_, next_;
  philox::Words words_{};
  philox::Floats normals_{};
  std::size_t at_ = 4, normal_at_ = 4;
};

// The number of levels per 1/255 of the range, in which strengths are given.
template <class Level>
constexpr double kUnit = std::numeric_limits<Level>::max() / 255.0;

template <class Level>
Level level(double v) {
  return static_cast<Level>(std::lround(std::clamp(v, 0.0, 255.0 * kUnit<Level>)));
}

// Calls dot(x, y) for the pixels within `radius` of the line from (x0, y0) to (x1, y1).
template <class Level, class Dot>
void draw_line(const BasicImage<Level>& image, double x0, double y0, double x1, double y1, double radius,
               Dot&& dot) {
  const double dx = x1 - x0, dy = y1 - y0, square = std::max(dx * dx + dy * dy, 1e-9);
  const auto first = [&](double v) { return std::max(0, static_cast<int>(std::floor(v - radius))); };
  const auto last = [&](double v, int side) {
    return std::min(side - 1, static_cast<int>(std::ceil(v + radius)));
  };
  for (int y = first(std::min(y0, y1)); y <= last(std::max(y0, y1), image.height); ++y)
    for (int x = first(std::min(x0, x1)); x <= last(std::max(x0, x1), image.width); ++x) {
      const double t = std::clamp(((x - x0) * dx + (y - y0) * dy) / square, 0.0, 1.0);
      const double away_x = x0 + t * dx - x, away_y = y0 + t * dy - y;
      if (away_x * away_x + away_y * away_y <= radius * radius) dot(x, y);
    }
}

template <class Level>
std::vector<bool> holes(const BasicImage<Level>& image, Draws& draws) {
  const int w = image.width, h = image.height, side = std::min(w, h);
  std::vector<bool> hole(static_cast<std::size_t>(w) * static_cast<std::size_t>(h));
  const auto cut = [&](int x, int y) {
    hole[static_cast<std::size_t>(y) * static_cast<std::size_t>(w) + static_cast<std::size_t>(x)] = true;
  };
  for (int shape = draws.whole(1, 4); shape > 0; --shape) {
    if (draws.chance(0.5)) {
      const int width = std::max(1, static_cast<int>(w * draws.uniform(0.15, 0.4)));
      const int height = std::max(1, static_cast<int>(h * draws.uniform(0.15, 0.4)));
      const int left = draws.whole(0, w - width), top = draws.whole(0, h - height);
      for (int y = top; y < top + height; ++y)
        for (int x = left; x < left + width; ++x) cut(x, y);
    } else {  // a stroke of two to four straight segments
      const double radius = side * draws.uniform(0.02, 0.06);
      double x = draws.uniform(0, w), y = draws.uniform(0, h);
      for (int part = draws.whole(2, 4); part > 0; --part) {
        const double to_x = std::clamp(x + w * draws.uniform(-0.5, 0.5), 0.0, w - 1.0);
        const double to_y = std::clamp(y + h * draws.uniform(-0.5, 0.5), 0.0, h - 1.0);
        draw_line(image, x, y, to_x, to_y, radius, cut);
        x = to_x, y = to_y;
      }
    }
  }
  return hole;
}

template <class Level>
void add_noise(BasicImage<Level>& image, double deviation, Draws& draws) {
  for (Level& v : image.data) v = level<Level>(v + kUnit<Level> * deviation * draws.normal());
}

template <class Level>
void blur(BasicImage<Level>& image, double sigma) {
  const int radius = std::max(1, static_cast<int>(std::ceil(3 * sigma)));
  std::vector<double> weights;
  double sum = 0;
  for (int i = -radius; i <= radius; ++i)
    sum += weights.emplace_back(std::exp(-0.5 * i * i / (sigma * sigma)));
  const auto along = [&](int dx, int dy) {
    const BasicImage<Level> from = image;
    for (int y = 0; y < image.height; ++y)
      for (int x = 0; x < image.width; ++x)
        for (int c = 0; c < image.channels; ++c) {
          double v = 0;
          for (int i = -radius; i <= radius; ++i)
            v += weights[static_cast<std::size_t>(i + radius)] *
                 from.at(std::clamp(x + i * dx, 0, image.width - 1),
                         std::clamp(y + i * dy, 0, image.height - 1))[c];
          image.at(x, y)[c] = level<Level>(v / sum);
        }
  };
  along(1, 0);
  along(0, 1);
}

template <class Level>
void make_gray(BasicImage<Level>& image) {
  if (image.channels == 1) return;
  for (std::size_t i = 0; i < image.data.size(); i += 3) {
    Level* p = image.data.data() + i;
    p[0] = p[1] = p[2] = luma(p);
  }
}

// Light and color fade, as dyes do, to the tone of old paper.
template <class Level>
void fade(BasicImage<Level>& image, Draws& draws) {
  const double strength = draws.uniform(0.1, 0.5), gray = draws.uniform(0, 0.7),
               light = draws.uniform(-20, 20);
  const std::array<double, 3> paper{215 + light, 198 + light, 165 + light};
  BasicImage<Level> luma = image;
  make_gray(luma);
  for (std::size_t i = 0; i < image.data.size(); ++i) {
    const double dull = image.data[i] + gray * (luma.data[i] - image.data[i]);
    image.data[i] =
        level<Level>(dull + strength * (kUnit<Level> * paper[image.channels == 1 ? 1 : i % 3] - dull));
  }
}

template <class Level>
void scratch(BasicImage<Level>& image, Draws& draws) {
  const int w = image.width, h = image.height;
  const double unit = std::max(1.0, std::min(w, h) / 256.0);
  const auto line = [&](double x0, double y0, double x1, double y1, double radius) {
    const double tone = draws.chance(0.8) ? draws.uniform(200, 255) : draws.uniform(0, 50);
    const double cover = draws.uniform(0.6, 1);
    draw_line(image, x0, y0, x1, y1, radius, [&](int x, int y) {
      for (int c = 0; c < image.channels; ++c)
        image.at(x, y)[c] =
            level<Level>(image.at(x, y)[c] + cover * (kUnit<Level> * tone - image.at(x, y)[c]));
    });
  };
  // mostly along the direction of film transport
  for (int lines = draws.whole(1, 6); lines > 0; --lines) {
    const double x = draws.uniform(0, w), y = draws.uniform(-0.5 * h, h),
                 lean = draws.uniform(-0.15, 0.15) * w;
    const double length = draws.uniform(0.2, 1) * h, radius = unit * draws.uniform(0.5, 1.1);
    if (draws.chance(0.8))
      line(x, y, x + lean, y + length, radius);
    else
      line(y, x, y + length, x + lean, radius);
  }
  for (int specks = draws.whole(0, 25); specks > 0; --specks) {
    const double x = draws.uniform(0, w), y = draws.uniform(0, h);
    line(x, y, x + unit * draws.uniform(-2, 2), y + unit * draws.uniform(-2, 2),
         unit * draws.uniform(0.5, 1.8));
  }
}

// In the order in which they happen to a photograph: lens, dyes, grain, handling.
template <class Level>
void age(BasicImage<Level>& image, Draws& draws) {
  if (draws.chance(0.5)) blur(image, draws.uniform(0.4, 1.6));
  if (draws.chance(0.7)) fade(image, draws);
  if (draws.chance(0.7)) add_noise(image, draws.uniform(3, 20), draws);
  if (draws.chance(0.8)) scratch(image, draws);
}

}  // namespace

RestorationTask task_named(const std::string& name) {
  constexpr std::array names{"none", "inpaint", "restore", "superres", "denoise", "colorize"};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (name == names[i]) return static_cast<RestorationTask>(i);
  fail("--task", fmt::format("unknown '{}'; use one of: {}", name, fmt::join(names, ", ")));
}

template <class Level>
Degraded<Level> degrade(const BasicImage<Level>& source, const Degradation& degradation, std::uint64_t seed,
                        std::uint64_t stream, std::uint64_t position) {
  Draws draws(seed, stream, position);
  Degraded<Level> result{source, {}};
  BasicImage<Level>& image = result.image;
  switch (degradation.task) {
    case RestorationTask::none:
      break;
    case RestorationTask::inpaint:
      result.hole = holes(image, draws);
      break;
    case RestorationTask::restore:
      age(image, draws);
      break;
    case RestorationTask::superres: {
      const auto shrunk = [&](int side) { return std::max(1, side / degradation.factor); };
      image = resize_image(resize_image(image, shrunk(image.width), shrunk(image.height)), image.width,
                           image.height);
      break;
    }
    case RestorationTask::denoise:
      add_noise(image, degradation.noise, draws);
      break;
    case RestorationTask::colorize:
      make_gray(image);
      break;
  }
  return result;
}

template Degraded<std::uint8_t> degrade(const Image8&, const Degradation&, std::uint64_t, std::uint64_t,
                                        std::uint64_t);
template Degraded<std::uint16_t> degrade(const Image16&, const Degradation&, std::uint64_t, std::uint64_t,
                                         std::uint64_t);

}  // namespace sumi
