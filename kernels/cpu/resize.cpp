// Resizing of h and w as weighted sums of pixels, and the transposed sums for the gradient.
#include "kernels/resize.h"

#include <cmath>

#include "kernels/cpu/pad_source.h"
#include "kernels/cpu/pixels.h"

namespace sumi::kernels::cpu {
namespace {

// One axis: output i reads input a with weight 1 - t and b with weight t. In a zero border a is -1.
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

// With a border: for each padded index the taps of the output that it copies.
std::vector<Tap> padded(const std::vector<Tap>& inner, PadMode mode, i64 before, i64 after) {
  const auto size = static_cast<i64>(inner.size());
  std::vector<Tap> all;
  for (i64 i = -before; i < size + after; ++i) {
    const i64 from = pad_source(mode, i, size);
    all.push_back(from < 0 ? Tap{-1, -1, 0.0F} : inner[static_cast<std::size_t>(from)]);
  }
  return all;
}

using Lists = std::vector<std::vector<Readers::Reader>>;

// For each output, or padded output, the inputs that it reads. Inputs with weight 0 are not read: 0
// times infinity would be NaN.
Readers reads(const std::vector<Tap>& all) {
  Lists lists;
  for (const Tap& tap : all) {
    auto& list = lists.emplace_back();
    if (tap.a < 0) continue;
    if (tap.t != 1.0F) list.push_back({tap.a, 1.0F - tap.t});
    if (tap.t != 0.0F) list.push_back({tap.b, tap.t});
  }
  return Readers(lists);
}

// For each input, the outputs that read it.
Readers read_by(const std::vector<Tap>& all, i64 in) {
  Lists lists(static_cast<std::size_t>(in));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto put = [&](i64 at, float weight) {
      if (weight != 0.0F) lists[static_cast<std::size_t>(at)].push_back({static_cast<i64>(i), weight});
    };
    put(all[i].a, 1.0F - all[i].t);
    put(all[i].b, all[i].t);
  }
  return Readers(lists);
}

}  // namespace

void resize(const Exec&, const ResizeGeom& g, View x, const PadGeom& pad, MutView y) {
  const Shape s = x.shape, inner = pad.inside(y.shape);
  const Readers rows = reads(padded(taps(g, s.h, inner.h), pad.mode, pad.top, pad.bottom));
  const Readers cols = reads(padded(taps(g, s.w, inner.w), pad.mode, pad.left, pad.right));
  dispatch_f32_bf16("resize", x.dtype, [&]<class T>() { gather_rows<T>(x, y, false, rows, cols); });
}

void resize_grad(const Exec&, const ResizeGeom& g, View dy, MutView dx, Write write) {
  const Readers rows = read_by(taps(g, dx.shape.h, dy.shape.h), dx.shape.h);
  const Readers cols = read_by(taps(g, dx.shape.w, dy.shape.w), dx.shape.w);
  dispatch_f32_bf16("resize_grad", dx.dtype,
                    [&]<class T>() { gather_rows<T>(dy, dx, write == Write::accumulate, rows, cols); });
}

}  // namespace sumi::kernels::cpu
