// Padding of h and w, and its gradient as a sum of at most nine pixels.
#include "kernels/pad.h"

#include <cstring>

#include "kernels/cpu/pad_source.h"
#include "kernels/cpu/pixels.h"

namespace sumi::kernels::cpu {
namespace {

// For each input index the padded indices that copy it, as lists behind each other.
struct Copies {
  std::vector<i64> start, index;

  Copies(PadMode mode, i64 before, i64 size, i64 after) : start(static_cast<std::size_t>(size) + 1) {
    for (i64 i = 0; i < size + before + after; ++i)
      if (const i64 from = pad_source(mode, i - before, size); from >= 0)
        ++start[static_cast<std::size_t>(from) + 1];
    for (std::size_t i = 1; i < start.size(); ++i) start[i] += start[i - 1];
    index.resize(static_cast<std::size_t>(start.back()));
    std::vector<i64> next(start.begin(), start.end() - 1);
    for (i64 i = 0; i < size + before + after; ++i)
      if (const i64 from = pad_source(mode, i - before, size); from >= 0)
        index[static_cast<std::size_t>(next[static_cast<std::size_t>(from)]++)] = i;
  }
};

}  // namespace

void pad(const Exec&, const PadGeom& g, View x, MutView y) {
  const Shape s = x.shape;
  dispatch_f32_bf16("pad", x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    pad_rows<T>(g, s, y, [=](i64 first, T* to) {
      std::memcpy(to, from + first * s.c, static_cast<std::size_t>(s.w * s.c) * sizeof(T));
    });
  });
}

void pad_grad(const Exec&, const PadGeom& g, View dy, MutView dx, Write write) {
  const Shape s = dx.shape, t = dy.shape;
  const Copies rows(g.mode, g.top, s.h, g.bottom), cols(g.mode, g.left, s.w, g.right);
  dispatch_f32_bf16("pad_grad", dx.dtype, [&]<class T>() {
    const T* from = dy.as<T>();
    const i64 *row_start = rows.start.data(), *row = rows.index.data();
    const i64 *col_start = cols.start.data(), *col = cols.index.data();
    gather_pixels<T>(dx, write == Write::accumulate, 2, [=](i64 n, i64 h, i64 w, float* acc) {
      for (i64 i = row_start[h]; i < row_start[h + 1]; ++i)
        for (i64 j = col_start[w]; j < col_start[w + 1]; ++j)
          add_pixel(acc, from + ((n * t.h + row[i]) * t.w + col[j]) * t.c, t.c, 1.0F);
    });
  });
}

}  // namespace sumi::kernels::cpu
