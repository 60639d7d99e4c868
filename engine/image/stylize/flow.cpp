#include "engine/image/stylize/flow.h"

#include <algorithm>
#include <cmath>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/rows.h"
#include "kernels/thread_pool.h"

namespace sumi::stylize {
namespace {

// each(y, gx, gy) for every row, with the row's gradient.
template <class Each>
void for_gradient_rows(const Plane& x, const Each& each) {
  const int width = x.width(), height = x.height();
  Plane scratch(4 * (width + 2), kernels::num_threads());
  for_rows(height, [&](int begin, int end, int thread) {
    float* smooth = scratch.row(thread) + 1;  // down the columns: smoothed, and the difference
    float* change = smooth + width + 2;
    float* gx = change + width + 1;
    float* gy = gx + width;
    for (int y = begin; y < end; ++y) {
      const float* above = x.row(reflect(y - 1, height));
      const float* middle = x.row(y);
      const float* below = x.row(reflect(y + 1, height));
#pragma omp simd
      for (int i = 0; i < width; ++i) {
        smooth[i] = (3.0F / 32) * (above[i] + below[i]) + (10.0F / 32) * middle[i];
        change[i] = below[i] - above[i];
      }
      smooth[-1] = smooth[reflect(-1, width)];
      smooth[width] = smooth[reflect(width, width)];
      change[-1] = change[reflect(-1, width)];
      change[width] = change[reflect(width, width)];
#pragma omp simd
      for (int i = 0; i < width; ++i) {
        gx[i] = smooth[i + 1] - smooth[i - 1];
        gy[i] = (3.0F / 32) * (change[i - 1] + change[i + 1]) + (10.0F / 32) * change[i];
      }
      each(y, gx, gy);
    }
  });
}

struct Tensor {
  Plane xx, xy, yy;
};

Tensor structure(const Plane& x) {
  const int width = x.width();
  Tensor result{{width, x.height()}, {width, x.height()}, {width, x.height()}};
  for_gradient_rows(x, [&](int y, const float* gx, const float* gy) {
    float* __restrict xx = result.xx.row(y);
    float* __restrict xy = result.xy.row(y);
    float* __restrict yy = result.yy.row(y);
#pragma omp simd
    for (int i = 0; i < width; ++i) {
      xx[i] = gx[i] * gx[i];
      xy[i] = gx[i] * gy[i];
      yy[i] = gy[i] * gy[i];
    }
  });
  return result;
}

}  // namespace

Gradient gradient(const Plane& x) {
  const int width = x.width();
  Gradient result{{width, x.height()}, {width, x.height()}};
  for_gradient_rows(x, [&](int y, const float* gx, const float* gy) {
    std::copy_n(gx, width, result.x.row(y));
    std::copy_n(gy, width, result.y.row(y));
  });
  return result;
}

Plane gradient_length(const Plane& x) {
  const int width = x.width();
  Plane result(width, x.height());
  for_gradient_rows(x, [&](int y, const float* gx, const float* gy) {
    float* __restrict to = result.row(y);
#pragma omp simd
    for (int i = 0; i < width; ++i) to[i] = std::sqrt(gx[i] * gx[i] + gy[i] * gy[i]);
  });
  return result;
}

Flow tensor_flow(const Plane& x, float s, const FlowOptions& options) {
  const int width = x.width(), height = x.height();
  Tensor narrow = structure(x);
  const float wide_sigma = options.wide_sigma * s, w = options.wide_weight;
  const Plane xx = blur(narrow.xx, wide_sigma), xy = blur(narrow.xy, wide_sigma),
              yy = blur(narrow.yy, wide_sigma);
  narrow = {blur(narrow.xx, options.sigma * s), blur(narrow.xy, options.sigma * s),
            blur(narrow.yy, options.sigma * s)};
  Flow flow{{width, height}, {width, height}, {}};
  if (options.coherence) flow.coherence = Plane(width, height);
  for_rows(height, [&](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      const float *nx = narrow.xx.row(y), *nm = narrow.xy.row(y), *ny = narrow.yy.row(y);
      const float *wx = xx.row(y), *wm = xy.row(y), *wy = yy.row(y);
      float* __restrict tx = flow.x.row(y);
      float* __restrict ty = flow.y.row(y);
      // The gradient's angle t has cos 2t = (E - G) / d and sin 2t = 2M / d; the tangent is (-sin
      // t, cos t).
#pragma omp simd
      for (int i = 0; i < width; ++i) {
        const float E = nx[i] + w * wx[i], G = ny[i] + w * wy[i], M = nm[i] + w * wm[i];
        const float d = std::sqrt(square(E - G) + 4.0F * M * M);
        const float c = d > 1e-20F ? (E - G) / (d > 1e-20F ? d : 1.0F) : 1.0F;
        const float sine = std::sqrt(clamp(0.5F - 0.5F * c, 0.0F, 1.0F));
        tx[i] = M < 0.0F ? sine : -sine;
        ty[i] = std::sqrt(clamp(0.5F + 0.5F * c, 0.0F, 1.0F));
      }
      if (!options.coherence) continue;
      float* __restrict A = flow.coherence.row(y);
#pragma omp simd
      for (int i = 0; i < width; ++i) {
        const float E = nx[i] + w * wx[i], G = ny[i] + w * wy[i], M = nm[i] + w * wm[i];
        A[i] = std::sqrt(square(E - G) + 4.0F * M * M) / (E + G + 1e-4F);
      }
    }
  });
  return flow;
}

}  // namespace sumi::stylize
