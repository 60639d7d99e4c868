#include "engine/image/stylize/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "engine/image/stylize/rows.h"
#include "kernels/thread_pool.h"

namespace sumi::stylize {
namespace {

// Sources of the new pixels of a row or column: `taps` neighbors from `first` on, with weights.
struct Taps {
  int taps = 0;
  std::vector<int> first;
  std::vector<float> weights;  // [new size][taps]

  const float* of(int i) const { return weights.data() + static_cast<std::ptrdiff_t>(i) * taps; }
};

Taps area_taps(int from, int to) {
  const double scale = double(from) / to;
  Taps result;
  result.taps = std::min(from, static_cast<int>(std::ceil(scale)) + 1);
  for (int i = 0; i < to; ++i) {
    const double begin = i * scale, end = std::min<double>((i + 1) * scale, from);
    const int first = std::clamp(static_cast<int>(begin), 0, from - result.taps);
    result.first.push_back(first);
    for (int k = 0; k < result.taps; ++k) {
      const double covered = std::min<double>(end, first + k + 1) - std::max<double>(begin, first + k);
      result.weights.push_back(static_cast<float>(std::max(0.0, covered) / (end - begin)));
    }
  }
  return result;
}

// Weights of pixels outside go to the outermost one.
template <class Kernel>
Taps point_taps(int from, int to, double scale, int reach, const Kernel& kernel) {
  Taps result;
  result.taps = std::min(from, 2 * reach);
  for (int i = 0; i < to; ++i) {
    const double at = (i + 0.5) * scale - 0.5;
    const int low = static_cast<int>(std::floor(at)) - reach + 1;
    const int first = std::clamp(low, 0, from - result.taps);
    std::vector<float> weights(static_cast<std::size_t>(result.taps));
    for (int k = low; k < low + 2 * reach; ++k) {
      const int inside = std::clamp(std::clamp(k, 0, from - 1) - first, 0, result.taps - 1);
      weights[static_cast<std::size_t>(inside)] += static_cast<float>(kernel(std::fabs(k - at)));
    }
    result.first.push_back(first);
    result.weights.insert(result.weights.end(), weights.begin(), weights.end());
  }
  return result;
}

double line(double x) {
  return x < 1 ? 1 - x : 0;
}
double cubic(double x) {
  const double a = -0.75;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((x - 5) * x + 8) * a * x - 4 * a : 0;
}

// Columns first, then rows of what that gave.
Plane resize(const Plane& x, int width, int height, const Taps& across, const Taps& down, int first,
             int rows) {
  Plane result(width, rows), lines(x.width(), kernels::num_threads());
  (void)height;
  const bool doubles = across.taps == 4 && width == 2 * x.width() && width >= 16;
  for_rows(rows, [&](int begin, int end, int thread) {
    float* __restrict line = lines.row(thread);
    const int count = x.width(), taps = across.taps;
    for (int y = begin; y < end; ++y) {
      const float* w = down.of(first + y);
      const int top = down.first[static_cast<std::size_t>(first + y)];
      std::fill_n(line, count, 0.0F);
      for (int k = 0; k < down.taps; ++k) {
        const float* from = x.row(top + k);
        const float weight = w[k];
        if (weight == 0) continue;
#pragma omp simd
        for (int i = 0; i < count; ++i) line[i] += weight * from[i];
      }
      float* __restrict to = result.row(y);
      const auto columns = [&](int from, int until) {
        for (int i = from; i < until; ++i) {
          const float* v = across.of(i);
          const float* pixels = line + across.first[static_cast<std::size_t>(i)];
          float sum = 0;
          for (int k = 0; k < taps; ++k) sum += v[k] * pixels[k];
          to[i] = sum;
        }
      };
      if (!doubles) {
        columns(0, width);
        continue;
      }
      columns(0, 4);
      // Pixels 2i and 2i + 1 have the same weights at every i.
      const float *even = across.of(4), *odd = across.of(5);
      const float e0 = even[0], e1 = even[1], e2 = even[2], e3 = even[3];
      const float o0 = odd[0], o1 = odd[1], o2 = odd[2], o3 = odd[3];
#pragma omp simd
      for (int i = 2; i < count - 2; ++i) {
        to[2 * i] = e0 * line[i - 2] + e1 * line[i - 1] + e2 * line[i] + e3 * line[i + 1];
        to[2 * i + 1] = o0 * line[i - 1] + o1 * line[i] + o2 * line[i + 1] + o3 * line[i + 2];
      }
      columns(width - 4, width);
    }
  });
  return result;
}

Plane enlarge(const Plane& x, int width, int height, int first, int rows, int reach,
              double (*kernel)(double)) {
  if (rows == 0) rows = height;
  if (width == x.width() && height == x.height()) return crop_rows(x, first, rows);
  return resize(x, width, height, point_taps(x.width(), width, double(x.width()) / width, reach, kernel),
                point_taps(x.height(), height, double(x.height()) / height, reach, kernel), first, rows);
}

}  // namespace

Plane resize_area(const Plane& x, int width, int height) {
  if (width == x.width() && height == x.height()) return x.copy();
  if (2 * width == x.width() && 2 * height == x.height()) return halve_exact(x);
  return resize(x, width, height, area_taps(x.width(), width), area_taps(x.height(), height), 0, height);
}

Lab resize_area(const Lab& x, int width, int height) {
  return {resize_area(x.L, width, height), resize_area(x.a, width, height), resize_area(x.b, width, height)};
}

Plane halve(const Plane& x) {
  return resize_area(x, (x.width() + 1) / 2, (x.height() + 1) / 2);
}

Lab halve(const Lab& x) {
  return {halve(x.L), halve(x.a), halve(x.b)};
}

Plane resize_linear(const Plane& x, int width, int height, int first, int rows) {
  return enlarge(x, width, height, first, rows, 1, line);
}

Lab resize_linear(const Lab& x, int width, int height, int first, int rows) {
  return {resize_linear(x.L, width, height, first, rows), resize_linear(x.a, width, height, first, rows),
          resize_linear(x.b, width, height, first, rows)};
}

Plane resize_cubic(const Plane& x, int width, int height, int first, int rows) {
  return enlarge(x, width, height, first, rows, 2, cubic);
}

Plane halve_exact(const Plane& x) {
  const int width = (x.width() + 1) / 2, height = (x.height() + 1) / 2;
  Plane result(width, height);
  for_rows(height, [&](int begin, int end, int) {
    const int pairs = x.width() / 2;
    for (int y = begin; y < end; ++y) {
      const float* a = x.row(2 * y);
      const float* b = x.row(std::min(2 * y + 1, x.height() - 1));
      float* __restrict to = result.row(y);
#pragma omp simd
      for (int i = 0; i < pairs; ++i) to[i] = 0.25F * ((a[2 * i] + a[2 * i + 1]) + (b[2 * i] + b[2 * i + 1]));
      if (pairs < width) to[pairs] = 0.5F * (a[2 * pairs] + b[2 * pairs]);
    }
  });
  return result;
}

Plane double_linear(const Plane& x, int width, int height) {
  const int w = x.width(), h = x.height();
  Plane result(width, height), lines(w, kernels::num_threads());
  for_rows(height, [&](int begin, int end, int thread) {
    float* __restrict line = lines.row(thread);
    for (int y = begin; y < end; ++y) {
      const float* near = x.row(y / 2);
      const float* far = x.row(std::clamp(y / 2 + (y % 2 == 0 ? -1 : 1), 0, h - 1));
#pragma omp simd
      for (int i = 0; i < w; ++i) line[i] = 0.75F * near[i] + 0.25F * far[i];
      float* __restrict to = result.row(y);
      to[0] = line[0];
      const int inner = (width - 1) / 2;  // pairs of pixels 2i + 1 and 2i + 2
#pragma omp simd
      for (int i = 0; i < inner; ++i) {
        to[2 * i + 1] = 0.75F * line[i] + 0.25F * line[i + 1];
        to[2 * i + 2] = 0.25F * line[i] + 0.75F * line[i + 1];
      }
      if (width % 2 == 0) to[width - 1] = line[w - 1];
    }
  });
  return result;
}

Plane crop_rows(const Plane& x, int first, int rows) {
  Plane result(x.width(), rows);
  std::copy_n(x.row(first), result.pixels(), result.data());
  return result;
}

}  // namespace sumi::stylize
