// Planes computed pixel by pixel from others of the same size.
#pragma once

#include "engine/image/stylize/plane.h"
#include "engine/image/stylize/rows.h"

namespace sumi::stylize {

// f(x, others...) of each pixel. f is inlined into the loop, and has to be free of branches and
// calls to make a vector of it.
template <class F, class... Planes>
Plane map(const F& f, const Plane& first, const Planes&... others) {
  Plane result(first.width(), first.height());
  const int width = first.width();
  for_rows(first.height(), [&](int begin, int end, int) {
    const F mine = f;
    for (int y = begin; y < end; ++y) {
      const auto row = [=](float* __restrict to, const float* a, const auto*... rest) {
#pragma omp simd
        for (int x = 0; x < width; ++x) to[x] = mine(a[x], rest[x]...);
      };
      row(result.row(y), first.row(y), others.row(y)...);
    }
  });
  return result;
}

// x = f(x, others...) in place.
template <class F, class... Planes>
void change(Plane& first, const F& f, const Planes&... others) {
  const int width = first.width();
  for_rows(first.height(), [&](int begin, int end, int) {
    const F mine = f;
    for (int y = begin; y < end; ++y) {
      const auto row = [=](float* __restrict to, const auto*... rest) {
#pragma omp simd
        for (int x = 0; x < width; ++x) to[x] = mine(to[x], rest[x]...);
      };
      row(first.row(y), others.row(y)...);
    }
  });
}

// a to b by t.
inline Plane mixed(const Plane& a, const Plane& b, const Plane& t) {
  return map([](float p, float q, float r) { return p + (q - p) * r; }, a, b, t);
}
inline Lab mixed(const Lab& a, const Lab& b, const Plane& t) {
  return {mixed(a.L, b.L, t), mixed(a.a, b.a, t), mixed(a.b, b.b, t)};
}

}  // namespace sumi::stylize
