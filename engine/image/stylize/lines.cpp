#include "engine/image/stylize/lines.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/components.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/noise.h"
#include "engine/image/stylize/resize.h"
#include "engine/image/stylize/rows.h"
#include "engine/image/stylize/sample.h"
#include "kernels/thread_pool.h"

namespace sumi::stylize {
namespace {

constexpr int kChunk = 256;                         // columns at once
constexpr int kActiveColumns = 8, kActiveRows = 4;  // of a block
constexpr float kWanted = 0.35F;                    // of FdogOptions::where
constexpr int kMostSteps = 10;                      // along the flow, to each side

// Factors of a style's LineOptions, and the level at which its softened lines are cut. Strokes of a
// threshold that others do not reach would blink when hands take turns, so thresholds differ little.
struct LineHand {
  float cut, threshold, along, area;
};
constexpr std::array<LineHand, kLineHands> kHands{
    {{0, 1, 1, 1}, {0.64F, 0.85F, 1, 0.7F}, {0.36F, 1.1F, 1.8F, 1.4F}, {0.5F, 1, 0.2F, 0.8F}}};

// Which blocks of a plane can matter: calm ground, most of many photographs, is left out.
class ActiveBlocks {
 public:
  // value(x, y, width, height) of each block of kActiveColumns x kActiveRows pixels; those are active
  // that have, within `reach` pixels, one of at least `bound`; all where that is 0.
  template <class Value>
  ActiveBlocks(int width, int height, int reach, float bound, const Value& value)
      : columns_((width + kActiveColumns - 1) / kActiveColumns),
        rows_((height + kActiveRows - 1) / kActiveRows) {
    std::vector<char> strong(size());
    kernels::parallel_for(rows_, [&](std::int64_t row, int) {
      const int y = static_cast<int>(row) * kActiveRows, rows = std::min(kActiveRows, height - y);
      for (int i = 0; i < columns_; ++i) {
        const int x = i * kActiveColumns;
        strong[index(i, static_cast<int>(row))] =
            bound <= 0 || value(x, y, std::min(kActiveColumns, width - x), rows) >= bound;
      }
    });
    spread(strong, (reach + kActiveColumns - 1) / kActiveColumns, (reach + kActiveRows - 1) / kActiveRows);
  }

  // The pixels [begin, end) of the next active piece of a row of pixels, from `begin` on and at
  // most kChunk long; begin = end = width where there is none.
  std::pair<int, int> next(int begin, int y, int width) const {
    const int row = y / kActiveRows;
    int i = begin / kActiveColumns;
    while (i < columns_ && !active_[index(i, row)]) ++i;
    if (begin >= width || i == columns_) return {width, width};
    const int first = i * kActiveColumns;
    while (i < columns_ && active_[index(i, row)] && (i + 1) * kActiveColumns - first <= kChunk) ++i;
    return {first, std::min(i * kActiveColumns, width)};
  }

 private:
  std::size_t size() const { return static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_); }
  std::size_t index(int i, int k) const { return static_cast<std::size_t>(k * columns_ + i); }

  void spread(const std::vector<char>& strong, int across, int down) {
    active_.assign(size(), 0);
    for (int k = 0; k < rows_; ++k)
      for (int i = 0; i < columns_; ++i) {
        if (!strong[index(i, k)]) continue;
        for (int v = std::max(k - down, 0); v <= std::min(k + down, rows_ - 1); ++v)
          for (int u = std::max(i - across, 0); u <= std::min(i + across, columns_ - 1); ++u)
            active_[index(u, v)] = 1;
      }
  }

  int columns_, rows_;
  std::vector<char> active_;
};

// Weights of the two Gaussians at 1, 2, ... pixels.
struct Profile {
  std::vector<float> narrow, wide;
  float narrow_sum = 1, wide_sum = 1;
};

Profile profile_of(float sigma) {
  const float wide_sigma = 1.6F * sigma;
  const int reach = std::max(2, static_cast<int>(std::ceil(2.4F * wide_sigma)));
  Profile profile;
  for (int i = 1; i <= reach; ++i) {
    const float a = std::exp(-0.5F * square(static_cast<float>(i) / sigma));
    const float b = std::exp(-0.5F * square(static_cast<float>(i) / wide_sigma));
    profile.narrow.push_back(a);
    profile.wide.push_back(b);
    profile.narrow_sum += 2 * a;
    profile.wide_sum += 2 * b;
  }
  return profile;
}

float largest_of(const Plane& x, int left, int top, int columns, int rows) {
  float largest = x.row(top)[left];
  for (int y = top; y < top + rows; ++y) {
    const float* row = x.row(y) + left;
#pragma omp simd reduction(max : largest)
    for (int i = 0; i < columns; ++i) largest = std::max(largest, row[i]);
  }
  return largest;
}

float range_of(const Plane& x, int left, int top, int columns, int rows) {
  float largest = x.row(top)[left], smallest = largest;
  for (int y = top; y < top + rows; ++y) {
    const float* row = x.row(y) + left;
#pragma omp simd reduction(max : largest) reduction(min : smallest)
    for (int i = 0; i < columns; ++i) {
      largest = std::max(largest, row[i]);
      smallest = std::min(smallest, row[i]);
    }
  }
  return largest - smallest;
}

ActiveBlocks wanted_blocks(const FdogOptions& options) {
  const Plane& where = *options.where;
  return {where.width(), where.height(), static_cast<int>(std::ceil(options.around)), kWanted,
          [&](int x, int y, int columns, int rows) { return largest_of(where, x, y, columns, rows); }};
}

// Difference of Gaussians across the flow, in unit steps along its normal.
Plane across_flow(const Plane& L, float scale, const Flow& flow, float sigma, const FdogOptions& options) {
  const int width = L.width();
  const Profile profile = profile_of(sigma);
  const float tau = options.tau, ignore = options.ignore;
  // The difference of the two Gaussians is at most a quarter of what there is between the darkest
  // and the lightest pixel.
  const ActiveBlocks active =
      options.where ? wanted_blocks(options)
                    : ActiveBlocks(width, L.height(), static_cast<int>(profile.narrow.size()) + 1, 4 * ignore,
                                   [&](int x, int y, int columns, int rows) {
                                     return std::fabs(scale) * range_of(L, x, y, columns, rows);
                                   });
  const Sampler source(L);
  Plane result(width, L.height(), 0.0F);
  const float wide_part = tau * scale / profile.wide_sum, narrow_part = scale / profile.narrow_sum;
  for_rows(L.height(), [&, source, wide_part, narrow_part](int begin, int end, int) {
    float narrow[kChunk], wide[kChunk];
    for (int y = begin; y < end; ++y)
      for (auto [left, right] = active.next(0, y, width); left < width;
           std::tie(left, right) = active.next(right, y, width)) {
        const int first = left, count = right - left;
        const float *tx = flow.x.row(y) + first, *ty = flow.y.row(y) + first, *from = L.row(y) + first;
        std::copy_n(from, count, narrow);
        std::copy_n(from, count, wide);
        const auto row = static_cast<float>(y);
        for (std::size_t i = 0; i < profile.narrow.size(); ++i) {
          const float a = profile.narrow[i], b = profile.wide[i], step = static_cast<float>(i + 1);
#pragma omp simd
          for (int x = 0; x < count; ++x) {
            const float at = static_cast<float>(first + x), dx = ty[x] * step, dy = tx[x] * step;
            const float v = source.linear(at + dx, row - dy) + source.linear(at - dx, row + dy);
            narrow[x] += a * v;
            wide[x] += b * v;
          }
        }
        float* __restrict to = result.row(y) + first;
#pragma omp simd
        for (int x = 0; x < count; ++x) to[x] = wide[x] * wide_part - narrow[x] * narrow_part;
      }
  });
  return result;
}

// Where a walk along the flow is, and its direction.
struct Walk {
  float x[kChunk], y[kChunk], dx[kChunk], dy[kChunk];
};

struct Walkers {
  const Sampler response;
  const float *tx, *ty;

  // One step of Euler's method; tangents have no sign, so each is turned to the walk's own. The last
  // step needs no new direction.
  template <bool last>
  void advance(Walk& walk, float* __restrict sums, float weight, float step, int count) const {
    const Sampler D = response;
    const float *u = tx, *v = ty;
#pragma omp simd
    for (int i = 0; i < count; ++i) {
      const float x = walk.x[i] + walk.dx[i] * step, y = walk.y[i] + walk.dy[i] * step;
      sums[i] += weight * D.linear(x, y);
      if constexpr (!last) {
        const int pixel = D.nearest(x, y);
        const float nx = u[pixel], ny = v[pixel];
        const float sign = nx * walk.dx[i] + ny * walk.dy[i] < 0.0F ? -1.0F : 1.0F;
        walk.x[i] = x;
        walk.y[i] = y;
        walk.dx[i] = nx * sign;
        walk.dy[i] = ny * sign;
      }
    }
  }
};

// Gaussian along the flow.
Plane along_flow(const Plane& D, const Flow& flow, float sigma, const FdogOptions& options) {
  const int width = D.width(), most = std::max(1, static_cast<int>(std::lround(1.6F * sigma)));
  const int steps = std::min(most, kMostSteps);
  const float step = static_cast<float>(most) / static_cast<float>(steps);
  std::vector<float> weights;
  float total = 1;
  for (int i = 1; i <= steps; ++i) {
    weights.push_back(std::exp(-0.5F * square(static_cast<float>(i) * step / sigma)));
    total += 2 * weights.back();
  }
  const Walkers walkers{Sampler(D), flow.x.data(), flow.y.data()};
  const float scale = 1 / total;
  const ActiveBlocks active = options.where ? wanted_blocks(options)
                                            : ActiveBlocks(width, D.height(), most + 1, options.ignore,
                                                           [&](int x, int y, int columns, int rows) {
                                                             return largest_of(D, x, y, columns, rows);
                                                           });
  Plane result(width, D.height(), 0.0F);
  for_rows(D.height(), [&, scale](int begin, int end, int) {
    Walk walk;
    float sums[kChunk];
    for (int y = begin; y < end; ++y)
      for (auto [left, right] = active.next(0, y, width); left < width;
           std::tie(left, right) = active.next(right, y, width)) {
        const int count = right - left;
        std::copy_n(D.row(y) + left, count, sums);
        for (const float sign : {1.0F, -1.0F}) {
          const float *tx = flow.x.row(y) + left, *ty = flow.y.row(y) + left;
          for (int i = 0; i < count; ++i) {
            walk.x[i] = static_cast<float>(left + i);
            walk.y[i] = static_cast<float>(y);
            walk.dx[i] = tx[i] * sign;
            walk.dy[i] = ty[i] * sign;
          }
          for (int i = 0; i + 1 < steps; ++i)
            walkers.advance<false>(walk, sums, weights[static_cast<std::size_t>(i)], step, count);
          walkers.advance<true>(walk, sums, weights.back(), step, count);
        }
        float* __restrict to = result.row(y) + left;
        for (int i = 0; i < count; ++i) to[i] = sums[i] * scale;
      }
  });
  return result;
}

Flow line_flow(const Plane& x, float s, float sigma) {
  return tensor_flow(blur(x, sigma), s);
}

// At half size, brought up before any threshold: a quarter of the cost for wide lines.
Plane fdog_half(const Plane& x, float s, FdogOptions options) {
  options.tau = 0.998F;
  if (std::min(x.width(), x.height()) < 300) return fdog(x, 0.01F, line_flow(x, s, 0.6F * s), s, options);
  const Plane small = halve(x), where = options.where ? halve(*options.where) : Plane();
  if (options.where) {
    options.where = &where;
    options.around /= 2;
  }
  return resize_cubic(fdog(small, 0.01F, line_flow(small, s / 2, 0.3F * s), s / 2, options), x.width(),
                      x.height());
}

// Outlines between colors of one lightness, only where no other line is near.
Plane warm_lines(const Plane& ink, const Plane& warmth, float s, const Plane& raise,
                 const LineOptions& options) {
  const Plane response = fdog_half(warmth, s,
                                   {.sigma = options.fine_sigma * 1.4F,
                                    .flow_sigma = options.flow_sigma * 1.3F,
                                    .ignore = options.low * 2.2F});
  const Plane near = blur(dilate(ink), 2.2F * s);
  const float low = options.low * 2.2F, high = options.high * 2;
  return map(
      [=](float line, float d, float up, float other) {
        const float warm = smoothstep(low, high, d / up) * (1.0F - smoothstep(0.08F, 0.25F, other));
        return line > warm ? line : warm;
      },
      ink, response, raise, near);
}

}  // namespace

LineSource line_source(const Lab& lab, const Lab& flat, float s, const Plane& tex, float keep, float chroma) {
  const Plane amount = map([keep](float t) { return keep * (1.0F - t); }, tex);
  const Lab m = mixed(flat, blur(lab, 0.6F * s), amount);
  return {map([chroma](float L, float a, float b) { return L - chroma * std::sqrt(a * a + b * b); }, m.L, m.a,
              m.b),
          map([](float L, float a, float b) { return 0.7F * L + 0.25F * a + 0.35F * b; }, m.L, m.a, m.b)};
}

LineOptions by_hand(LineOptions lines, int hand) {
  const LineHand& h = kHands.at(static_cast<std::size_t>(hand));
  lines.low *= h.threshold;
  lines.high *= h.threshold;
  lines.flow_sigma *= h.along;
  lines.min_area *= h.area;
  lines.cut = h.cut;
  return lines;
}

Plane fdog(const Plane& L, float scale, const Flow& flow, float s, const FdogOptions& options) {
  const Plane D = across_flow(L, scale, flow, std::max(0.6F, options.sigma * s), options);
  return along_flow(D, flow, std::max(1.0F, options.flow_sigma * s), options);
}

Plane ink_lines(const LineSource& source, float s, const Plane& tex, const LineOptions& options,
                const Plane* soft) {
  const Flow flow = line_flow(source.lightness, s, 0.6F * s);
  const Plane none = soft ? Plane() : Plane(tex.width(), tex.height(), 0.0F);
  const Plane& softness = soft ? *soft : none;
  const float raise = options.tex_raise;
  const Plane up = map([raise](float t, float q) { return (1.0F + raise * t) * (1.0F + q); }, tex, softness);
  const Plane fine =
      fdog(source.lightness, 0.01F, flow, s, {options.fine_sigma, 0.998F, options.flow_sigma, options.low});
  const Plane bold = fdog_half(
      source.lightness, s,
      {.sigma = options.bold_sigma, .flow_sigma = options.flow_sigma * 1.5F, .ignore = options.low * 1.9F});
  Plane ink = map(
      [low = options.low, high = options.high, weight = options.bold](float f, float b, float u, float q) {
        const float thin = smoothstep(low, high, f / u);
        const float wide =
            smoothstep(low * 1.9F, high * 1.7F, b / u) * weight * (1.0F - clamp(q * 1.2F, 0.0F, 0.6F));
        return thin > wide ? thin : wide;
      },
      fine, bold, up, softness);
  if (!source.warmth.empty()) ink = warm_lines(ink, source.warmth, s, up, options);
  const Plane weight = map([](float q) { return 1.0F + 5.0F * (q < 0.4F ? q : 0.4F); }, softness);
  const double area = std::max(6.0, std::floor(double(options.min_area) * s * s));
  Plane drawn = drop_small(ink, area, 0.35F, soft ? &weight : nullptr);
  if (options.cut <= 0) return drawn;
  const float low = options.cut - 0.22F, high = options.cut + 0.22F;
  return map([low, high](float line) { return smoothstep(low, high, line); }, blur(drawn, 0.9F * s));
}

Plane texture_strokes(const Plane& L, const Plane& tex, float s) {
  // Strokes have the strength of their surroundings, as far as the blur reaches.
  const Plane response = fdog_half(L, s, {.sigma = 1.15F, .flow_sigma = 7, .where = &tex, .around = 32 * s});
  const Plane around = blur(map([](float f) { return f * f; }, response), 9 * s);
  const Plane clumps = smooth_noise(L.width(), L.height(), 9 * s, 77);
  const double area = std::max(6.0, std::floor(14.0 * s * s));
  const auto strokes = [&](float sign) {
    return drop_small(map(
                          [sign](float f, float mean, float t, float clump) {
                            const float ratio = sign * f / (std::sqrt(mean) + 1e-3F);
                            const float low = 1.15F + 0.5F * clamp(clump, -1.5F, 1.5F);
                            return smoothstep(low, low + 0.7F, ratio) * smoothstep(kWanted, 0.75F, t);
                          },
                          response, around, tex, clumps),
                      area, 0.3F);
  };
  return map([](float dark, float light) { return dark - light; }, strokes(1), strokes(-1));
}

}  // namespace sumi::stylize
