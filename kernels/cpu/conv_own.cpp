// Convolution as products whose operands are read in place: pixels on the left, weights (or, for
// wgrad, pixels) on the right. dgrad runs one product per residue of the output position modulo the
// stride, so that no zero is multiplied.
#include "kernels/cpu/conv_own.h"

#include <cstring>

#include "kernels/gemm.h"

namespace sumi::kernels::cpu {
namespace {

// The image that a filter window slides over. If whole filter rows are one run (a padded copy of
// the image, or no padding), a thin image still has long runs.
struct Window {
  const float* x;
  i64 h, w, c, p, q;  // c: all channels of a pixel
  i64 stride, pad_top, pad_left, dilation;
  i64 taps_w, run;  // taps per filter row and elements per tap
  const float* zero;

  // Sets ptr[j * step] to where tap first + j of output pixel `i` (of n p q) begins, at channel
  // `offset`, for `count` taps; zeros outside the image.
  void taps_at(i64 i, i64 first, i64 count, i64 offset, const float** ptr, int step) const {
    const i64 top = i / q % p * stride - pad_top, left = i % q * stride - pad_left;
    const float* const image = x + i / q / p * h * w * c + offset;
    i64 tap_row = first / taps_w, tap_col = first % taps_w;
    for (i64 j = 0; j < count; ++j, ptr += step) {
      const i64 row = top + tap_row * dilation, col = left + tap_col * dilation;
      const bool inside = row >= 0 && row < h && col >= 0 && col < w;
      *ptr = inside ? image + (row * w + col) * c : zero;
      if (++tap_col < taps_w) continue;
      tap_col = 0;
      ++tap_row;
    }
  }
};

Window make_window(const ConvGeom& g, const float* x) {
  return {x,          g.h,         g.w,          g.c,          g.p, g.q,
          g.o.stride, g.o.pad_top, g.o.pad_left, g.o.dilation, g.s, g.c / g.o.groups,
          nullptr};
}

bool has_pads(const ConvOptions& o) {
  return o.pad_top || o.pad_bottom || o.pad_left || o.pad_right;
}

// Returns true if a filter row is one run: always possible without pads, and worth a copy if c is
// small.
bool joins_taps(const ConvGeom& g) {
  return g.o.dilation == 1 && g.o.groups == 1 && (!has_pads(g.o) || g.c <= 16);
}

// x with its zero border, in `w`.
const float* padded_copy(const ConvGeom& g, const float* x, Workspace& w) {
  const i64 rows = g.h + g.o.pad_top + g.o.pad_bottom, cols = g.w + g.o.pad_left + g.o.pad_right;
  const auto piece = w.add<float>(g.n * rows * cols * g.c);
  w.allocate();
  auto* const copy = w.at<float>(piece);
  for_range(g.n * rows, cols * g.c, [=](i64 begin, i64 end) {
    for (i64 i = begin; i < end; ++i) {
      float* to = copy + i * cols * g.c;
      const i64 h = i % rows - g.o.pad_top;
      if (h < 0 || h >= g.h) {
        std::fill(to, to + cols * g.c, 0.0F);
        continue;
      }
      std::fill(to, to + g.o.pad_left * g.c, 0.0F);
      to += g.o.pad_left * g.c;
      std::memcpy(to, x + (i / rows * g.h + h) * g.w * g.c,
                  sizeof(float) * static_cast<std::size_t>(g.w * g.c));
      std::fill(to + g.w * g.c, to + (g.w + g.o.pad_right) * g.c, 0.0F);
    }
  });
  return copy;
}

Window joined_window(const ConvGeom& g, const float* x, Workspace& w) {
  Window win = make_window(g, x);
  if (has_pads(g.o)) {
    win.x = padded_copy(g, x, w);
    win.h += g.o.pad_top + g.o.pad_bottom;
    win.w += g.o.pad_left + g.o.pad_right;
    win.pad_top = win.pad_left = 0;
  }
  win.taps_w = 1;
  win.run = g.s * g.c;
  return win;
}

Window any_window(const ConvGeom& g, const float* x, Workspace& w) {
  Window win = joins_taps(g) ? joined_window(g, x, w) : make_window(g, x);
  win.zero = zeros(win.run);
  return win;
}

// fprop's left operand: output pixels.
struct WindowRows final : LeftOperand {
  Window win;
  explicit WindowRows(const Window& w) : win(w) {}
  void stage(i64 first, int rows, int strip, const DepthBlock& d, const float** ptr) const override {
    for (int i = 0; i < strip; ++i)
      win.taps_at(first + std::min(i, rows - 1), d.tap, d.taps, d.offset, ptr + i, strip);
  }
};

// fprop's right operand: filters, whose r s c elements are in the order of the taps.
struct FilterColumns final : RightOperand {
  const float* w;
  i64 row, run;
  FilterColumns(const float* w_, i64 row_, i64 run_) : w(w_), row(row_), run(run_) {}
  void pack(i64 first, int cols, const DepthBlock& d, float* out) const override {
    pack_transposed(w + first * row + d.tap * run + d.offset, row, d.size(), cols, out);
  }
};

// The input pixels with h = first_h + stride i, w = first_w + stride j, which all meet the same
// filter taps.
struct Phase {
  // Tap (r, s) meets output pixel (i + down, j + right).
  struct Tap {
    i64 r, s, down, right;
  };
  ConvGeom g;
  i64 first_h, first_w, rows, cols;
  std::vector<Tap> taps;

  Phase(const ConvGeom& geom, i64 h, i64 w)
      : g(geom),
        first_h(h),
        first_w(w),
        rows(ceil_div(g.h - h, g.o.stride)),
        cols(ceil_div(g.w - w, g.o.stride)) {
    for (i64 r = 0; r < g.r; ++r)
      for (i64 s = 0; s < g.s; ++s) {
        const i64 down = h + g.o.pad_top - r * g.o.dilation, right = w + g.o.pad_left - s * g.o.dilation;
        if (down % g.o.stride == 0 && right % g.o.stride == 0)
          taps.push_back({r, s, down / g.o.stride, right / g.o.stride});
      }
  }
  i64 h_of(i64 i) const { return first_h + i / cols % rows * g.o.stride; }
  i64 w_of(i64 i) const { return first_w + i % cols * g.o.stride; }
  i64 n_of(i64 i) const { return i / cols / rows; }
};

// dgrad's left operand: for each input pixel of the phase, the output pixels that its taps
// contribute to.
struct PhaseRows final : LeftOperand {
  const Phase& phase;
  const float *dy, *zero;
  PhaseRows(const Phase& f, const float* dy_, const float* z) : phase(f), dy(dy_), zero(z) {}
  void stage(i64 first, int rows, int strip, const DepthBlock& d, const float** ptr) const override {
    const ConvGeom& g = phase.g;
    for (int i = 0; i < strip; ++i) {
      const i64 at = first + std::min(i, rows - 1);
      const i64 row = at / phase.cols % phase.rows, col = at % phase.cols;
      const float* const image = dy + phase.n_of(at) * g.p * g.q * g.k + d.offset;
      for (i64 t = 0; t < d.taps; ++t) {
        const Phase::Tap& tap = phase.taps[static_cast<std::size_t>(d.tap + t)];
        const i64 p = row + tap.down, q = col + tap.right;
        const bool inside = p >= 0 && q >= 0 && p < g.p && q < g.q;
        ptr[t * strip + i] = inside ? image + (p * g.q + q) * g.k : zero;
      }
    }
  }
};

// dgrad's right operand: element (tap, k), column c.
struct PhaseFilters final : RightOperand {
  const Phase& phase;
  const float* w;
  PhaseFilters(const Phase& f, const float* w_) : phase(f), w(w_) {}
  void pack(i64 first, int cols, const DepthBlock& d, float* out) const override {
    const ConvGeom& g = phase.g;
    const i64 c = g.c / g.o.groups, row = g.r * g.s * c;
    for (i64 t = 0; t < d.taps; ++t) {
      const Phase::Tap& tap = phase.taps[static_cast<std::size_t>(d.tap + t)];
      pack_rows(w + d.offset * row + (tap.r * g.s + tap.s) * c + first, row, d.run, cols,
                out + t * d.run * tile_cols);
    }
  }
};

struct PhaseOut final : OutputRows {
  const Phase& phase;
  float* dx;
  PhaseOut(const Phase& f, float* d) : phase(f), dx(d) {}
  float* row(i64 i) const override {
    return dx + ((phase.n_of(i) * phase.g.h + phase.h_of(i)) * phase.g.w + phase.w_of(i)) * phase.g.c;
  }
};

// wgrad's right operand: columns are the filter's r s c elements, the inner dimension is the output
// pixels.
struct WindowColumns final : RightOperand {
  Window win;
  explicit WindowColumns(const Window& w) : win(w) {}
  void pack(i64 first, int cols, const DepthBlock& d, float* out) const override {
    for (int done = 0; done < tile_cols;) {
      const i64 tap = (first + done) / win.run, offset = (first + done) % win.run;
      const int length = static_cast<int>(std::min<i64>(win.run - offset, cols - done));
      if (done >= cols) {
        for (i64 i = 0; i < d.run; ++i)
          std::fill(out + i * tile_cols + done, out + (i + 1) * tile_cols, 0.0F);
        return;
      }
      copy_tap(tap, offset, length, d, out + done);
      done += length;
    }
  }
  // One tap's part of the panel, walking over the output pixels without divisions.
  void copy_tap(i64 tap, i64 offset, int length, const DepthBlock& d, float* out) const {
    i64 q = d.offset % win.q, p = d.offset / win.q % win.p, n = d.offset / win.q / win.p;
    const i64 tap_h = tap / win.taps_w * win.dilation - win.pad_top;
    const i64 tap_w = tap % win.taps_w * win.dilation - win.pad_left;
    for (i64 i = 0; i < d.run; ++i, out += tile_cols) {
      const i64 row = p * win.stride + tap_h, col = q * win.stride + tap_w;
      const bool inside = row >= 0 && row < win.h && col >= 0 && col < win.w;
      const float* from = inside ? win.x + ((n * win.h + row) * win.w + col) * win.c + offset : win.zero;
      if (length == tile_cols) {
        std::memcpy(out, from, sizeof(float) * tile_cols);
      } else {
        for (int j = 0; j < length; ++j) out[j] = from[j];
      }
      if (++q < win.q) continue;
      q = 0;
      if (++p < win.p) continue;
      p = 0;
      ++n;
    }
  }
};

}  // namespace

void own_fprop(const Exec& e, const ConvGeom& g, const ConvOperands& a) {
  Workspace space(e);
  const Window win = any_window(g, a.x, space);
  const i64 groups = g.o.groups, k = g.k / groups, row = g.r * g.s * g.c / groups;
  std::vector<WindowRows> lefts;
  std::vector<FilterColumns> rights;
  std::vector<DenseOutput> outs;
  for (i64 i = 0; i < groups; ++i) {
    Window part = win;
    part.x += i * (g.c / groups);
    lefts.emplace_back(part);
    rights.emplace_back(a.w + i * k * row, row, win.run);
    outs.emplace_back(a.y + i * k, g.k);
  }
  std::vector<Product> products;
  for (i64 i = 0; i < groups; ++i) {
    const auto at = static_cast<std::size_t>(i);
    products.push_back({g.n * g.p * g.q, k, row / win.run, win.run, &lefts[at], &rights[at], &outs[at],
                        a.bias ? a.bias + i * k : nullptr, false});
  }
  run_products(products);
}

void own_dgrad(const Exec&, const ConvGeom& g, const ConvOperands& a) {
  const i64 groups = g.o.groups, k = g.k / groups, c = g.c / groups;
  const float* const zero = zeros(k);
  std::vector<Phase> phases;
  for (i64 h = 0; h < std::min<i64>(g.o.stride, g.h); ++h)
    for (i64 w = 0; w < std::min<i64>(g.o.stride, g.w); ++w) phases.emplace_back(g, h, w);
  std::vector<PhaseRows> lefts;
  std::vector<PhaseFilters> rights;
  std::vector<PhaseOut> outs;
  for (i64 i = 0; i < groups; ++i)
    for (const Phase& f : phases) {
      lefts.emplace_back(f, a.y + i * k, zero);
      rights.emplace_back(f, a.w + i * k * g.r * g.s * c);
      outs.emplace_back(f, a.x + i * c);
    }
  std::vector<Product> products;
  for (std::size_t i = 0; i < lefts.size(); ++i) {
    const Phase& f = lefts[i].phase;
    products.push_back({g.n * f.rows * f.cols, c, static_cast<i64>(f.taps.size()), k, &lefts[i], &rights[i],
                        &outs[i], a.bias ? a.bias + static_cast<i64>(i / phases.size()) * c : nullptr,
                        false});
  }
  run_products(products);
}

void own_wgrad(const Exec& e, const ConvGeom& g, const ConvOperands& a) {
  Workspace space(e);
  const Window win = any_window(g, a.x, space);
  const i64 groups = g.o.groups, k = g.k / groups, row = g.r * g.s * g.c / groups;
  std::vector<TransposedOperand> lefts;  // dy: its pixels are the inner dimension
  std::vector<WindowColumns> rights;
  std::vector<DenseOutput> outs;
  for (i64 i = 0; i < groups; ++i) {
    Window part = win;
    part.x += i * (g.c / groups);
    lefts.emplace_back(a.y + i * k, g.k);
    rights.emplace_back(part);
    outs.emplace_back(a.w + i * k * row, row);
  }
  std::vector<Product> products;
  for (std::size_t i = 0; i < lefts.size(); ++i)
    products.push_back({k, row, 1, g.n * g.p * g.q, &lefts[i], &rights[i], &outs[i], nullptr, a.accumulate});
  run_products(products);
}

namespace {

View matrix(const Exec& e, const float* data, i64 rows, i64 cols) {
  return {data, DType::f32, Shape::matrix(rows, cols), e.device};
}
MutView matrix(const Exec& e, float* data, i64 rows, i64 cols) {
  return {data, DType::f32, Shape::matrix(rows, cols), e.device};
}

}  // namespace

void full_fprop(const Exec& e, const ConvGeom& g, const ConvOperands& a) {
  const i64 depth = g.r * g.s * g.c;
  const View bias = a.bias ? matrix(e, a.bias, 1, g.k) : View{};
  const GemmGeom product{1, g.n, g.k, depth, false, true};
  cpu::gemm({e.device, e.scratch}, product, matrix(e, a.x, g.n, depth), matrix(e, a.w, g.k, depth), bias,
            matrix(e, a.y, g.n, g.k), Write::overwrite);
}

void full_dgrad(const Exec& e, const ConvGeom& g, const ConvOperands& a) {
  const i64 cols = g.r * g.s * g.c;
  std::vector<float> bias;  // per channel, repeated for every pixel
  for (i64 i = 0; a.bias && i < g.r * g.s; ++i) bias.insert(bias.end(), a.bias, a.bias + g.c);
  const View bias_view = a.bias ? matrix(e, bias.data(), 1, cols) : View{};
  const GemmGeom product{1, g.n, cols, g.k, false, false};
  cpu::gemm({e.device, e.scratch}, product, matrix(e, a.y, g.n, g.k), matrix(e, a.w, g.k, cols), bias_view,
            matrix(e, a.x, g.n, cols), Write::overwrite);
}

void full_wgrad(const Exec& e, const ConvGeom& g, const ConvOperands& a) {
  const i64 cols = g.r * g.s * g.c;
  const GemmGeom product{1, g.k, cols, g.n, true, false};
  cpu::gemm({e.device, e.scratch}, product, matrix(e, a.y, g.n, g.k), matrix(e, a.x, g.n, cols), {},
            matrix(e, a.w, g.k, cols), a.accumulate ? Write::accumulate : Write::overwrite);
}

}  // namespace sumi::kernels::cpu
