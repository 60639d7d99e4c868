// Resizing of h and w as sums of weighted pixels, and the transposed sums for the gradient.
#include "kernels/resize.h"

#include <cmath>

#include "kernels/cpu/pixels.h"

namespace sumi::kernels::cpu {
namespace {

// One axis: output i reads input a with weight 1 - t and b with weight t.
struct Tap {
  i64 a, b;
  float t;
};

std::vector<Tap> taps(const ResizeGeom& g, i64 in, i64 out) {
  std::vector<Tap> all(static_cast<std::size_t>(out));
  for (i64 i = 0; i < out; ++i) {
    Tap& tap = all[static_cast<std::size_t>(i)];
    if (g.mode == ResizeMode::nearest) {
      tap = {i * in / out, i * in / out, 0.0F};
      continue;
    }
    const double ratio = static_cast<double>(in) / static_cast<double>(out), at = static_cast<double>(i);
    double x = 0;
    if (g.coords == ResizeCoords::half_pixel) {
      x = std::max(0.0, (at + 0.5) * ratio - 0.5);
    } else if (g.coords == ResizeCoords::align_corners) {
      x = out == 1 ? 0.0 : at * static_cast<double>(in - 1) / static_cast<double>(out - 1);
    } else {
      x = at * ratio;
    }
    tap.a = std::min(static_cast<i64>(x), in - 1);
    tap.b = std::min(tap.a + 1, in - 1);
    tap.t = static_cast<float>(x - std::floor(x));
  }
  return all;
}

// The transposed taps: for each input index the outputs that read it, with their weights, behind each other.
struct Readers {
  struct Reader {
    i64 index;
    float weight;
  };
  std::vector<i64> start;
  std::vector<Reader> reader;

  Readers(const std::vector<Tap>& all, i64 in) : start(static_cast<std::size_t>(in) + 1) {
    std::vector<std::vector<Reader>> lists(static_cast<std::size_t>(in));
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto put = [&](i64 at, float weight) {
        if (weight != 0.0F) lists[static_cast<std::size_t>(at)].push_back({static_cast<i64>(i), weight});
      };
      put(all[i].a, 1.0F - all[i].t);
      put(all[i].b, all[i].t);
    }
    for (std::size_t i = 0; i < lists.size(); ++i) {
      reader.insert(reader.end(), lists[i].begin(), lists[i].end());
      start[i + 1] = static_cast<i64>(reader.size());
    }
  }
};

}  // namespace

void resize(const Exec&, const ResizeGeom& g, View x, MutView y) {
  const Shape s = x.shape;
  const std::vector<Tap> rows = taps(g, s.h, y.shape.h), cols = taps(g, s.w, y.shape.w);
  dispatch_f32_bf16("resize", x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    const Tap *row = rows.data(), *col = cols.data();
    gather_pixels<T>(y, false, 2, [=](i64 n, i64 h, i64 w, float* acc) {
      const Tap v = row[h], u = col[w];
      const auto add = [&](i64 i, i64 j, float weight) {
        if (weight != 0.0F) add_pixel(acc, from + ((n * s.h + i) * s.w + j) * s.c, s.c, weight);
      };
      add(v.a, u.a, (1.0F - v.t) * (1.0F - u.t));
      add(v.a, u.b, (1.0F - v.t) * u.t);
      add(v.b, u.a, v.t * (1.0F - u.t));
      add(v.b, u.b, v.t * u.t);
    });
  });
}

void resize_grad(const Exec&, const ResizeGeom& g, View dy, MutView dx, Write write) {
  const Shape s = dx.shape, t = dy.shape;
  const Readers rows(taps(g, s.h, t.h), s.h), cols(taps(g, s.w, t.w), s.w);
  dispatch_f32_bf16("resize_grad", dx.dtype, [&]<class T>() {
    const T* from = dy.as<T>();
    const i64 *row_start = rows.start.data(), *col_start = cols.start.data();
    const Readers::Reader *row = rows.reader.data(), *col = cols.reader.data();
    gather_pixels<T>(dx, write == Write::accumulate, 4, [=](i64 n, i64 h, i64 w, float* acc) {
      for (i64 i = row_start[h]; i < row_start[h + 1]; ++i)
        for (i64 j = col_start[w]; j < col_start[w + 1]; ++j)
          add_pixel(acc, from + ((n * t.h + row[i].index) * t.w + col[j].index) * t.c, t.c,
                    row[i].weight * col[j].weight);
    });
  });
}

}  // namespace sumi::kernels::cpu
