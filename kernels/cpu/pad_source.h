// Padding sources for kernels that write a border.
#pragma once

#include "kernels/cpu/parallel.h"
#include "kernels/pad.h"

namespace sumi::kernels::cpu {

// The input index i pixels after the first, or -1 where the border is zero.
inline i64 pad_source(PadMode mode, i64 i, i64 size) {
  if (i >= 0 && i < size) return i;
  if (mode == PadMode::zero) return -1;
  if (mode == PadMode::replicate) return i < 0 ? 0 : size - 1;
  return i < 0 ? -i : 2 * (size - 1) - i;
}

// Writes the pixels left and right of a row of s.w pixels. `row` is the padded row; `in` points to
// the row's own pixels in it.
template <class T>
void pad_row(const PadGeom& g, const Shape& s, const T* in, T* row) {
  const auto border = [&](i64 w) {
    const i64 at = pad_source(g.mode, w - g.left, s.w);
    for (i64 c = 0; c < s.c; ++c) row[w * s.c + c] = at < 0 ? T(0.0F) : in[at * s.c + c];
  };
  for (i64 w = 0; w < g.left; ++w) border(w);
  for (i64 w = g.left + s.w; w < g.left + s.w + g.right; ++w) border(w);
}

// Writes the padded batch y of images of shape s, one row at a time: inner(first, to) writes the
// s.w pixels of an image row to `to`; `first` is the index of its first pixel. A border row is
// recomputed from the row that it mirrors.
template <class T, class Inner>
void pad_rows(const PadGeom& g, const Shape& s, MutView y, const Inner& inner) {
  const Shape t = y.shape;
  T* ys = y.as<T>();
  for_range(t.n * t.h, t.w * t.c, [&](i64 begin, i64 end) {
    for (i64 i = begin; i < end; ++i) {
      const i64 h = pad_source(g.mode, i % t.h - g.top, s.h);
      T* row = ys + i * t.w * t.c;
      if (h < 0) {
        std::fill(row, row + t.w * t.c, T(0.0F));
        continue;
      }
      T* own = row + g.left * t.c;
      inner((i / t.h * s.h + h) * s.w, own);
      pad_row(g, s, own, row);
    }
  });
}

}  // namespace sumi::kernels::cpu
