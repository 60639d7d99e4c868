// Padding of h and w, and its gradient as sums of at most three rows and columns.
#include "kernels/pad.h"

#include <cstring>

#include "kernels/cpu/pad_source.h"
#include "kernels/cpu/pixels.h"

namespace sumi::kernels::cpu {
namespace {

// For each input index, the padded indices that copy it.
Readers copies(PadMode mode, i64 before, i64 size, i64 after) {
  std::vector<std::vector<Readers::Reader>> lists(static_cast<std::size_t>(size));
  for (i64 i = 0; i < size + before + after; ++i)
    if (const i64 from = pad_source(mode, i - before, size); from >= 0)
      lists[static_cast<std::size_t>(from)].push_back({i, 1.0F});
  return Readers(lists);
}

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
  const Readers rows = copies(g.mode, g.top, dx.shape.h, g.bottom),
                cols = copies(g.mode, g.left, dx.shape.w, g.right);
  dispatch_f32_bf16("pad_grad", dx.dtype,
                    [&]<class T>() { gather_rows<T>(dy, dx, write == Write::accumulate, rows, cols); });
}

}  // namespace sumi::kernels::cpu
