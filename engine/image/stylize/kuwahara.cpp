// The filter runs in square tiles. A tile's colors are copied to pixels of four floats (L, a, b,
// L^2 + a^2 + b^2), so that a bilinear sample is four loads and its sum in a sector one
// multiply-add, the variance's sum included. The square is interpolated as the colors are: the
// variance within the four pixels of a sample counts too, which the definition leaves out.
#include "engine/image/stylize/kuwahara.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <utility>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/rows.h"
#include "kernels/thread_pool.h"

namespace sumi::stylize {

namespace {

constexpr int kSectors = 8, kTile = 96;
using Four = float __attribute__((vector_size(16)));

// Points on ring i.
constexpr int ring_points(int ring) {
  return 8 + 4 * ring;
}
constexpr int points_before(int ring) {
  int count = 0;
  for (int i = 0; i < ring; ++i) count += ring_points(i);
  return count;
}

// Angle of point j of a ring, in sectors from sector 0: first + part / points. Odd rings are turned
// by half a step.
struct SectorPlace {
  int first, part;
};
constexpr SectorPlace sector_place(int ring, int j) {
  const int points = ring_points(ring), eighths = 4 * (2 * j + ring % 2);
  return {eighths / points, eighths % points};
}
// A sector's weight falls to nothing at three quarters of a sector from its middle.
constexpr float sector_weight(float distance) {
  const float part = distance / 0.75F;
  return std::max(0.0F, 1 - part * part);
}

// Sampling pattern shared by all pixels: the points and their weights in the sector before and the
// one after.
template <int rings>
struct Pattern {
  static constexpr int points = points_before(rings), padded = (points + 7) / 8 * 8;
  std::array<float, padded> u{}, v{}, before{}, after{};
  std::array<float, kSectors> scale{};  // 1 / sum of a sector's weights

  explicit Pattern(const std::array<float, rings>& radii) {
    scale.fill(1.0F / kSectors);
    int k = 0;
    for (int i = 0; i < rings; ++i) {
      const float r = radii[i], gauss = std::exp(-1.6F * r * r);
      for (int j = 0; j < ring_points(i); ++j, ++k) {
        const SectorPlace place = sector_place(i, j);
        const float part = static_cast<float>(place.part) / static_cast<float>(ring_points(i));
        const double angle = (place.first + part) * std::numbers::pi / 4;
        u[k] = r * static_cast<float>(std::cos(angle));
        v[k] = r * static_cast<float>(std::sin(angle));
        before[k] = gauss * sector_weight(part);
        after[k] = gauss * sector_weight(1 - part);
        scale[place.first % kSectors] += before[k];
        scale[(place.first + 1) % kSectors] += after[k];
      }
    }
    for (float& s : scale) s = 1 / s;
  }
};

// Places of one pixel's samples in the tile: index of the upper left pixel and the two fractions.
template <int count>
struct SamplePlaces {
  alignas(32) std::array<std::int32_t, count> index;
  alignas(32) std::array<float, count> fx, fy;
};

inline Four load_four(const float* p) {
  Four x;
  __builtin_memcpy(&x, p, sizeof(x));
  return x;
}
inline Four bilinear(const float* pixel, std::int64_t row, float fx, float fy) {
  const Four upper = load_four(pixel) + (load_four(pixel + 4) - load_four(pixel)) * fx;
  const Four lower = load_four(pixel + row) + (load_four(pixel + row + 4) - load_four(pixel + row)) * fx;
  return upper + (lower - upper) * fy;
}

template <int rings>
class Filter {
 public:
  using P = Pattern<rings>;
  Filter(const P& pattern, const float* pixels, int row) : pattern_(pattern), pixels_(pixels), row_(row) {}

  // The color at (x, y) of the tile for the ellipse of half axes (ax, ay) along the tangent and
  // (bx, by) across.
  Four at(float x, float y, float ax, float ay, float bx, float by) const {
    SamplePlaces<P::padded> places;
#pragma omp simd
    for (int k = 0; k < P::padded; ++k) {
      const float px = x + ax * pattern_.u[k] + bx * pattern_.v[k];
      const float py = y + ay * pattern_.u[k] + by * pattern_.v[k];
      const auto ix = static_cast<std::int32_t>(px), iy = static_cast<std::int32_t>(py);
      places.index[k] = 4 * (iy * row_ + ix);
      places.fx[k] = px - static_cast<float>(ix);
      places.fy[k] = py - static_cast<float>(iy);
    }
    const auto middle = 4 * (static_cast<std::int64_t>(y) * row_ + static_cast<std::int64_t>(x));
    const Four center = load_four(pixels_ + middle) * (1.0F / kSectors);
    Four sums[kSectors];
    for (Four& s : sums) s = center;
    add_rings(sums, places, std::make_index_sequence<rings>{});
    return blend(sums);
  }

 private:
  template <int ring, int j>
  void add_point(Four (&sums)[kSectors], const SamplePlaces<P::padded>& places) const {
    constexpr SectorPlace place = sector_place(ring, j);
    constexpr int k = points_before(ring) + j;
    const Four c = bilinear(pixels_ + places.index[k], 4 * std::int64_t{row_}, places.fx[k], places.fy[k]);
    if constexpr (4 * place.part < 3 * ring_points(ring))
      sums[place.first % kSectors] += c * pattern_.before[k];
    if constexpr (4 * place.part > ring_points(ring))
      sums[(place.first + 1) % kSectors] += c * pattern_.after[k];
  }
  template <int ring, std::size_t... j>
  void add_ring(Four (&sums)[kSectors], const SamplePlaces<P::padded>& places,
                std::index_sequence<j...>) const {
    (add_point<ring, j>(sums, places), ...);
  }
  template <std::size_t... ring>
  void add_rings(Four (&sums)[kSectors], const SamplePlaces<P::padded>& places,
                 std::index_sequence<ring...>) const {
    (add_ring<ring>(sums, places, std::make_index_sequence<ring_points(ring)>{}), ...);
  }

  // Sector means weighted by 1 / (1 + (.06 variance)^4).
  Four blend(const Four (&sums)[kSectors]) const {
    Four total = {0, 0, 0, 0};
    for (int k = 0; k < kSectors; ++k) {
      Four mean = sums[k] * pattern_.scale[k];
      const Four square = mean * mean;
      const float variance = std::max(0.0F, mean[3] - (square[0] + square[1] + square[2])) * 0.06F;
      const float power = variance * variance;
      mean[3] = 1;
      total += mean * (1 / (1 + power * power));
    }
    return total * (1 / total[3]);
  }

  const P& pattern_;
  const float* pixels_;
  const int row_;
};

// A tile with its margin, as pixels of four floats.
void load_tile(const Lab& image, int x0, int y0, int width, int height, float* pixels) {
  for (int y = 0; y < height; ++y) {
    const int from = reflect(y0 + y, image.height());
    const float *l = image.L.row(from), *a = image.a.row(from), *b = image.b.row(from);
    float* to = pixels + std::size_t{4} * static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
    for (int x = 0; x < width; ++x, to += 4) {
      const int i = reflect(x0 + x, image.width());
      to[0] = l[i];
      to[1] = a[i];
      to[2] = b[i];
      to[3] = l[i] * l[i] + a[i] * a[i] + b[i] * b[i];
    }
  }
}

// Filters columns [x0, x0 + columns) of row y, which lie in the filter's tile from (margin, margin
// + y - y0) on.
template <int rings>
inline void filter_row(const Filter<rings>& filter, const Flow& flow, float radius, int margin, int x0,
                       int y0, int columns, int y, Lab& out) {
  std::array<float, kTile> along, across;
  const float *tx = flow.x.row(y) + x0, *ty = flow.y.row(y) + x0, *coherence = flow.coherence.row(y) + x0;
#pragma omp simd
  for (int i = 0; i < columns; ++i) {
    const float stretch = 1 + clamp(coherence[i], 0.0F, 1.0F);
    along[i] = radius * pow_fast(stretch, 0.9F);
    across[i] = radius / stretch;
  }
  float *L = out.L.row(y) + x0, *a = out.a.row(y) + x0, *b = out.b.row(y) + x0;
  for (int i = 0; i < columns; ++i) {
    const Four color = filter.at(static_cast<float>(i + margin), static_cast<float>(y - y0 + margin),
                                 tx[i] * along[i], ty[i] * along[i], -ty[i] * across[i], tx[i] * across[i]);
    L[i] = color[0];
    a[i] = color[1];
    b[i] = color[2];
  }
}

template <int rings>
Lab run_kuwahara(const Lab& image, const Flow& flow, float radius, const std::array<float, rings>& radii) {
  const int width = image.width(), height = image.height();
  const Pattern<rings> pattern(radii);
  const int margin = static_cast<int>(std::ceil(radius * std::pow(2.0F, 0.9F) * radii.back())) + 2;
  const int tiles_across = (width + kTile - 1) / kTile, tiles_down = (height + kTile - 1) / kTile;
  const int side = kTile + 2 * margin;
  Lab out(width, height);
  Plane scratch(4 * side * side, kernels::num_threads());
  kernels::parallel_for(std::int64_t{tiles_across} * tiles_down, [&](std::int64_t tile, int thread) {
    const int x0 = static_cast<int>(tile % tiles_across) * kTile,
              y0 = static_cast<int>(tile / tiles_across) * kTile;
    const int columns = std::min(kTile, width - x0), rows = std::min(kTile, height - y0);
    float* pixels = scratch.row(thread);
    load_tile(image, x0 - margin, y0 - margin, side, rows + 2 * margin, pixels);
    const Filter<rings> filter(pattern, pixels, side);
    rows_span(
        [&](int begin, int end, int) {
          for (int y = begin; y < end; ++y) filter_row(filter, flow, radius, margin, x0, y0, columns, y, out);
        },
        y0, y0 + rows, thread);
  });
  return out;
}

}  // namespace

Lab kuwahara(const Lab& image, const Flow& flow, float radius, KuwaharaRings rings) {
  if (rings == KuwaharaRings::three) return run_kuwahara<3>(image, flow, radius, {0.28F, 0.58F, 0.88F});
  return run_kuwahara<2>(image, flow, radius, {0.45F, 0.85F});
}

}  // namespace sumi::stylize
