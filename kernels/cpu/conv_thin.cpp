// Convolutions for which the blocked product is inefficient: few output channels (an RGB image, a
// discriminator's score) and depthwise ones.
#include <cmath>

#include "kernels/cpu/conv_own.h"
#include "kernels/cpu/pixels.h"

namespace sumi::kernels::cpu {
namespace {

i64 floor_div(i64 a, i64 b) {
  return a >= 0 ? a / b : -ceil_div(-a, b);
}
i64 ceil_div_signed(i64 a, i64 b) {
  return -floor_div(-a, b);
}

// The input rows [h0, h1) of image n, computed from output rows [p0, p1), whose contributions are
// in col[p - p0][q][r][s][c].
struct Band {
  i64 n, h0, h1, p0, p1;
};

// Adds one output row's contributions through filter row r to one input row. Without dilation the
// filter's columns are adjacent, so that each output pixel adds one run of s*c values.
void fold_row(const ConvGeom& g, const float* from, float* out) {
  const i64 step = g.r * g.s * g.c, run = g.s * g.c, u = g.o.stride;
  if (g.o.dilation == 1) {
    const i64 width = g.w * g.c;
    for (i64 q = 0; q < g.q; ++q) {
      const i64 at = (q * u - g.o.pad_left) * g.c;
      const i64 first = std::max<i64>(-at, 0), end = std::min(width - at, run);
      float* const to = out + at;
      const float* const add = from + q * step;
      for (i64 j = first; j < end; ++j) to[j] += add[j];
    }
    return;
  }
  for (i64 s = 0; s < g.s; ++s)
    for (i64 q = 0; q < g.q; ++q) {
      const i64 w = q * u - g.o.pad_left + s * g.o.dilation;
      if (w < 0 || w >= g.w) continue;
      for (i64 c = 0; c < g.c; ++c) out[w * g.c + c] += from[q * step + s * g.c + c];
    }
}

void fold(const ConvGeom& g, const Band& b, const float* col, const float* bias, float* dx) {
  const i64 step = g.r * g.s * g.c;
  for (i64 h = b.h0; h < b.h1; ++h) {
    float* out = dx + (b.n * g.h + h) * g.w * g.c;
    for (i64 i = 0; i < g.w; ++i)
      for (i64 c = 0; c < g.c; ++c) out[i * g.c + c] = bias ? bias[c] : 0.0F;
    for (i64 r = 0; r < g.r; ++r) {
      const i64 top = h + g.o.pad_top - r * g.o.dilation;
      if (top < 0 || top % g.o.stride != 0 || top / g.o.stride >= g.p) continue;
      fold_row(g, col + (top / g.o.stride - b.p0) * g.q * step + r * g.s * g.c, out);
    }
  }
}

// Bands of input rows whose contributions fit a cache, but not so thin that adjacent bands repeat
// much work.
std::vector<Band> make_bands(const ConvGeom& g) {
  const i64 overlap = (g.r - 1) * g.o.dilation / g.o.stride;
  const i64 fitting = 131072 / (g.q * g.r * g.s * g.c);
  const i64 rows = std::max({fitting, 4 * overlap, i64{1}}) * g.o.stride;
  std::vector<Band> bands;
  for (i64 n = 0; n < g.n; ++n)
    for (i64 h = 0; h < g.h; h += rows) {
      const i64 end = std::min(h + rows, g.h);
      const i64 p0 =
          std::clamp<i64>(ceil_div_signed(h + g.o.pad_top - (g.r - 1) * g.o.dilation, g.o.stride), 0, g.p);
      const i64 p1 = std::clamp<i64>(floor_div(end - 1 + g.o.pad_top, g.o.stride) + 1, p0, g.p);
      bands.push_back({n, h, end, p0, p1});
    }
  return bands;
}

// The filter [k][tap] as [tap][k]: channels contiguous.
std::vector<float> taps_first(const float* w, i64 k, i64 taps) {
  std::vector<float> out(static_cast<std::size_t>(k * taps));
  for (i64 i = 0; i < k; ++i)
    for (i64 t = 0; t < taps; ++t) out[static_cast<std::size_t>(t * k + i)] = w[i * taps + t];
  return out;
}

inline void add_products(float* acc, const float* x, const float* w, i64 c) {
  for (i64 i = 0; i < c; ++i) acc[i] += x[i] * w[i];
}

}  // namespace

void folded_dgrad(const Exec& e, const ConvGeom& g, const ConvOperands& a) {
  const std::vector<Band> bands = make_bands(g);
  const i64 columns = g.r * g.s * g.c;
  i64 most = 0;
  for (const Band& b : bands) most = std::max(most, (b.p1 - b.p0) * g.q * columns);
  const i64 threads = g.macs() < 16 * parallel_threshold ? 1 : num_threads();
  Workspace space(e);
  const auto piece = space.add<float>(most * threads);
  space.allocate();
  float* const cols = space.at<float>(piece);
  const auto count = static_cast<i64>(bands.size());
  const auto one = [&](i64 i, i64 thread) {
    const Band& b = bands[static_cast<std::size_t>(i)];
    float* const col = cols + thread * most;
    const RowsOperand left(a.y + (b.n * g.p + b.p0) * g.q * g.k, g.k);
    const ColumnsOperand right(a.w, columns, false);
    const DenseOutput out(col, columns);
    run_product_here({(b.p1 - b.p0) * g.q, columns, 1, g.k, &left, &right, &out});
    const auto fold_rows = [&](i64, i64) { fold(g, b, col, a.bias, a.x); };
    run_span(fold_rows, 0, 1);
  };
  if (threads == 1) {
    for (i64 i = 0; i < count; ++i) one(i, 0);
    return;
  }
  parallel_for(count, one);
}

void folded_fprop(const Exec& e, const ConvGeom& g, const ConvOperands& a) {
  const auto& o = g.o;
  ConvGeom back{g.n, g.p, g.q, g.k, g.c, g.r, g.s, g.h, g.w, o};
  back.o.pad_top = static_cast<int>(g.r - 1) * o.dilation - o.pad_top;
  back.o.pad_left = static_cast<int>(g.s - 1) * o.dilation - o.pad_left;
  std::vector<float> mirrored(static_cast<std::size_t>(g.k * g.r * g.s * g.c));
  const i64 taps = g.r * g.s;
  for (i64 k = 0; k < g.k; ++k)
    for (i64 t = 0; t < taps; ++t)
      for (i64 c = 0; c < g.c; ++c)
        mirrored[static_cast<std::size_t>((c * taps + taps - 1 - t) * g.k + k)] =
            a.w[(k * taps + t) * g.c + c];
  folded_dgrad(e, back, {a.y, mirrored.data(), a.x, a.bias, false});
}

void swapped_wgrad(const Exec& e, const ConvGeom& g, const ConvOperands& a) {
  const auto& o = g.o;
  ConvGeom swapped{g.n, g.p, g.q, g.k, g.c, g.r, g.s, g.h, g.w, o};
  swapped.o.pad_top = static_cast<int>(g.r) - 1 - o.pad_top;
  swapped.o.pad_bottom = static_cast<int>(g.r) - 1 - o.pad_bottom;
  swapped.o.pad_left = static_cast<int>(g.s) - 1 - o.pad_left;
  swapped.o.pad_right = static_cast<int>(g.s) - 1 - o.pad_right;
  std::vector<float> mirrored(static_cast<std::size_t>(g.k * g.r * g.s * g.c));
  own_wgrad(e, swapped, {a.y, mirrored.data(), a.x, nullptr, false});
  const i64 taps = g.r * g.s;
  for (i64 k = 0; k < g.k; ++k)
    for (i64 t = 0; t < taps; ++t)
      for (i64 c = 0; c < g.c; ++c) {
        float& dw = a.w[(k * taps + t) * g.c + c];
        dw = mirrored[static_cast<std::size_t>((c * taps + taps - 1 - t) * g.k + k)] +
             (a.accumulate ? dw : 0.0F);
      }
}

void depthwise_fprop(const Exec& e, const ConvGeom& g, const ConvOperands& a) {
  const std::vector<float> w = taps_first(a.w, g.c, g.r * g.s);
  const float* const wt = w.data();
  const auto& o = g.o;
  const MutView y{a.y, DType::f32, g.y_shape(), e.device};
  gather_pixels<float>(y, false, g.r * g.s, [=](i64 n, i64 p, i64 q, float* acc) {
    if (a.bias) std::copy(a.bias, a.bias + g.c, acc);
    for (i64 r = 0; r < g.r; ++r)
      for (i64 s = 0; s < g.s; ++s) {
        const i64 h = p * o.stride - o.pad_top + r * o.dilation,
                  v = q * o.stride - o.pad_left + s * o.dilation;
        if (h >= 0 && h < g.h && v >= 0 && v < g.w)
          add_products(acc, a.x + ((n * g.h + h) * g.w + v) * g.c, wt + (r * g.s + s) * g.c, g.c);
      }
  });
}

void depthwise_dgrad(const Exec& e, const ConvGeom& g, const ConvOperands& a) {
  const std::vector<float> w = taps_first(a.w, g.c, g.r * g.s);
  const float* const wt = w.data();
  const auto& o = g.o;
  const MutView dx{a.x, DType::f32, g.x_shape(), e.device};
  gather_pixels<float>(dx, false, g.r * g.s, [=](i64 n, i64 h, i64 v, float* acc) {
    if (a.bias) std::copy(a.bias, a.bias + g.c, acc);
    for (i64 r = 0; r < g.r; ++r)
      for (i64 s = 0; s < g.s; ++s) {
        const i64 top = h + o.pad_top - r * o.dilation, left = v + o.pad_left - s * o.dilation;
        if (top < 0 || left < 0 || top % o.stride != 0 || left % o.stride != 0) continue;
        const i64 p = top / o.stride, q = left / o.stride;
        if (p < g.p && q < g.q)
          add_products(acc, a.y + ((n * g.p + p) * g.q + q) * g.c, wt + (r * g.s + s) * g.c, g.c);
      }
  });
}

void depthwise_wgrad(const Exec&, const ConvGeom& g, const ConvOperands& a) {
  const auto& o = g.o;
  // Each tap belongs to one thread, which sums row by row in f32 and joins rows in double.
  for_range(g.r * g.s, g.n * g.p * g.q * g.c, [=](i64 begin, i64 end) {
    std::vector<double> total(static_cast<std::size_t>(g.c));
    std::vector<float> row(static_cast<std::size_t>(g.c));
    for (i64 t = begin; t < end; ++t) {
      std::fill(total.begin(), total.end(), 0.0);
      for (i64 i = 0; i < g.n * g.p; ++i) {
        const i64 h = i % g.p * o.stride - o.pad_top + t / g.s * o.dilation;
        if (h < 0 || h >= g.h) continue;
        std::fill(row.begin(), row.end(), 0.0F);
        for (i64 q = 0; q < g.q; ++q) {
          const i64 v = q * o.stride - o.pad_left + t % g.s * o.dilation;
          if (v < 0 || v >= g.w) continue;
          add_products(row.data(), a.x + ((i / g.p * g.h + h) * g.w + v) * g.c, a.y + (i * g.q + q) * g.c,
                       g.c);
        }
        for (i64 c = 0; c < g.c; ++c) total[static_cast<std::size_t>(c)] += row[static_cast<std::size_t>(c)];
      }
      for (i64 c = 0; c < g.c; ++c) {
        float& dw = a.w[c * g.r * g.s + t];
        dw = static_cast<float>(total[static_cast<std::size_t>(c)] + (a.accumulate ? dw : 0.0F));
      }
    }
  });
}

}  // namespace sumi::kernels::cpu
