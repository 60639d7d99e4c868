// Resizing of h and w as sums of weighted pixels, and the transposed sums for the gradient.
#include "kernels/resize.h"

#include <cmath>

#include "kernels/cpu/pad_source.h"
#include "kernels/cpu/pixels.h"

namespace sumi::kernels::cpu {
namespace {

// One axis: output i reads input a with weight 1 - t and b with weight t. In a border of zeros a is -1.
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

// With a border: of each padded index the taps of the output that it copies.
std::vector<Tap> padded(const std::vector<Tap>& inner, PadMode mode, i64 before, i64 after) {
  const auto size = static_cast<i64>(inner.size());
  std::vector<Tap> all;
  for (i64 i = -before; i < size + after; ++i) {
    const i64 from = pad_source(mode, i, size);
    all.push_back(from < 0 ? Tap{-1, -1, 0.0F} : inner[static_cast<std::size_t>(from)]);
  }
  return all;
}

// One pixel of y. A pixel without weight is not read: 0 times infinity would be NaN.
template <class T>
inline void mix_pixels(const T* x, const Shape& s, const Tap& v, const Tap& u, T* y) {
  if (v.a < 0 || u.a < 0) {
    std::fill(y, y + s.c, T(0.0F));
    return;
  }
  const T *aa = x + (v.a * s.w + u.a) * s.c, *ab = x + (v.a * s.w + u.b) * s.c;
  const T *ba = x + (v.b * s.w + u.a) * s.c, *bb = x + (v.b * s.w + u.b) * s.c;
  const auto at = [](const T* p, i64 i) { return static_cast<float>(p[i]); };
  if (v.t == 0.0F && u.t == 0.0F) {
    for (i64 i = 0; i < s.c; ++i) y[i] = aa[i];
  } else if (v.t == 0.0F || u.t == 0.0F) {
    const T* second = v.t == 0.0F ? ab : ba;
    const float q = v.t + u.t, p = 1.0F - q;
    for (i64 i = 0; i < s.c; ++i) y[i] = T(p * at(aa, i) + q * at(second, i));
  } else {
    const float waa = (1.0F - v.t) * (1.0F - u.t), wab = (1.0F - v.t) * u.t, wba = v.t * (1.0F - u.t),
                wbb = v.t * u.t;
    for (i64 i = 0; i < s.c; ++i)
      y[i] = T(waa * at(aa, i) + wab * at(ab, i) + wba * at(ba, i) + wbb * at(bb, i));
  }
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

void resize(const Exec&, const ResizeGeom& g, View x, const PadGeom& pad, MutView y) {
  const Shape s = x.shape, t = y.shape, inner = pad.inside(t);
  const auto rows = padded(taps(g, s.h, inner.h), pad.mode, pad.top, pad.bottom);
  const auto cols = padded(taps(g, s.w, inner.w), pad.mode, pad.left, pad.right);
  dispatch_f32_bf16("resize", x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    T* to = y.as<T>();
    const Tap *row = rows.data(), *col = cols.data();
    for_range(t.n * t.h, t.w * t.c * 2, [=](i64 begin, i64 end) {
      for (i64 i = begin; i < end; ++i)
        for (i64 w = 0; w < t.w; ++w) {
          const i64 n = i / t.h;
          mix_pixels(from + n * s.h * s.w * s.c, s, row[i % t.h], col[w], to + (i * t.w + w) * t.c);
        }
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
