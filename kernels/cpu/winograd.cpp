// Three stages: transform tiles of pixels (and the filters), one matrix product per point,
// transform back. Tiles run in chunks that bound the memory. All vectors run along channels.
//
// A filter larger than the transform's, or a stride of 2, becomes several small filters on
// samplings of the image: a 7x7 filter four of 4x4, four pixels apart; with stride 2 even and odd
// pixels have one each. Summing them is free: they are concatenated along the inner dimension of
// the products.
#include "kernels/cpu/winograd.h"

#include "kernels/cpu/winograd_transforms.h"

namespace sumi::kernels::cpu {
namespace {

using namespace minimal;

// The transform F(tile, taps) on `Points`.
template <class P, int Tile, int Taps>
struct Form {
  using Points = P;
  static constexpr int side = P::points, points = side * side, tile = Tile, taps = Taps;
  using Pixels = typename P::Pixels;
  using Filter = typename P::template Filter<Taps>;
  using Back = typename P::template Back<Tile>;
  // wgrad is F(taps, tile): dy's tile is the filter, and the filter's taps are the result.
  using Gradient = typename P::template Filter<Tile>;
  using BackToTaps = typename P::template Back<Taps>;
};
using F43 = Form<SixPoints, 4, 3>;
using F34 = Form<SixPoints, 3, 4>;
using F42 = Form<FivePoints, 4, 2>;

i64 round_up(i64 value, i64 to) {
  return ceil_div(value, to) * to;
}

// One matrix per point, a cache line more than their size apart to avoid cache set conflicts.
struct Planes {
  float* base = nullptr;
  i64 step = 0;
  float* operator[](i64 point) const { return base + point * step; }
  static i64 step_of(i64 size) { return round_up(size, 16) + 16; }
};

// An image cut into tiles.
struct Tiles {
  i64 n, rows, cols;  // tiles of an image
  i64 count() const { return n * rows * cols; }
};
Tiles tiles_of(i64 n, i64 h, i64 w, i64 tile) {
  return {n, ceil_div(h, tile), ceil_div(w, tile)};
}

struct ImageView {
  const float* data;
  i64 h, w, c, top, left;  // top, left: padding
};

// The small filters along one dimension: tap u of filter `set` is tap u * step + set * offset of
// the large one.
struct Split {
  int sets = 1, step = 1, offset = 0;
  int tap(int set, int u) const { return u * step + set * offset; }
};

// Pixels of the tiles [first, end) of each set -> planes [tile][set][c rounded up to lanes],
// padded.
template <class T>
void transform_tiles(const ImageView& x, const Split& split, i64 tile_size, const Tiles& tiles, i64 first,
                     i64 end, const Planes& to) {
  const i64 width = round_up(x.c, lanes), sets = split.sets;
  const float* const zero = zeros(width);
  const auto body = [=]<int N>(Width<N>, i64 begin, i64 stop) {
    for (i64 i = begin; i < stop; ++i) {
      const i64 set = i % (sets * sets), tile = first + i / (sets * sets);
      const i64 h0 =
          tile / tiles.cols % tiles.rows * tile_size * split.step + set / sets * split.offset - x.top;
      const i64 w0 = tile % tiles.cols * tile_size * split.step + set % sets * split.offset - x.left;
      const i64 n = tile / tiles.cols / tiles.rows;
      const float* pixel[T::in * T::in];
      for (int j = 0; j < T::in * T::in; ++j) {
        const i64 h = h0 + j / T::in * split.step, w = w0 + j % T::in * split.step;
        const bool inside = h >= 0 && h < x.h && w >= 0 && w < x.w;
        pixel[j] = inside ? x.data + ((n * x.h + h) * x.w + w) * x.c : zero;
      }
      for (i64 c = 0; c < x.c; c += N) {
        Lanes<N> d[T::in * T::in], v[T::out * T::out];
        for (int j = 0; j < T::in * T::in; ++j) load(pixel[j] + c, x.c - c, d[j]);
        transform<T>(d, v);
        for (int j = 0; j < T::out * T::out; ++j) {
          float* const at = to[j] + i * width + c;
          prefetch<1>(at);
          store(v[j], N, at);
        }
      }
    }
  };
  for_range_wide((end - first) * sets * sets, T::out * T::out * width, x.c, body);
}

// Filters as the right operand of the products [sets, depth; cols]: element (d, j, row, col) at d *
// depth_step + j * col_step + (row * side + col) * tap_step; d or j has step 1.
struct Filters {
  const float* w;
  i64 depth, cols, depth_step, col_step, tap_step;
  int side;
  // The filter row (column) of tap u of set s, or -1.
  int row[2][4], col[2][4];

  // All taps in order, or in mirrored order.
  void set_taps(const Split& split, int taps, bool mirrored) {
    for (int s = 0; s < split.sets; ++s)
      for (int u = 0; u < taps; ++u) {
        const int t = split.tap(s, u);
        row[s][u] = col[s][u] = t >= side ? -1 : mirrored ? side - 1 - t : t;
      }
  }
};

// Elements [depth d, columns j0...] of the filters' tap at `from`: `deep` rows of `wide` columns.
template <int N>
inline void load_block(const Filters& f, const float* from, i64 deep, i64 wide, Lanes<N> (&block)[lanes]) {
  if (f.depth_step != 1) {
    for (i64 d = 0; d < deep; ++d) load(from + d * f.depth_step, wide, block[d]);
    return;
  }
  for (i64 j0 = 0; j0 < std::min<i64>(wide, N); j0 += lanes) {
    Lanes<lanes> part[lanes] = {};
    for (i64 j = 0; j < std::min(wide - j0, lanes); ++j) load(from + (j0 + j) * f.col_step, deep, part[j]);
    transpose(part);
    for (int d = 0; d < lanes; ++d)
      std::memcpy(reinterpret_cast<float*>(&block[d]) + j0, &part[d], sizeof part[d]);
  }
}

// -> planes of packed panels [panel of 16 columns][set][depth rounded up][16], zero-padded.
template <class F>
void transform_filters(const Filters& f, int sets, const Planes& to) {
  constexpr int square = F::taps * F::taps;
  const i64 depth = round_up(f.depth, lanes), blocks = depth / lanes, panels = ceil_div(f.cols, tile_cols);
  const auto body = [=]<int N>(Width<N>, i64 begin, i64 end) {
    for (i64 i = begin; i < end; ++i) {
      const i64 d0 = i % blocks * lanes, set = i / blocks % (sets * sets), panel = i / blocks / (sets * sets);
      const i64 deep = std::min<i64>(lanes, f.depth - d0);
      for (i64 part = 0; part < tile_cols; part += N) {
        const i64 j0 = panel * tile_cols + part, wide = std::min<i64>(N, f.cols - j0);
        Lanes<N> taps[lanes][square] = {};
        for (int t = 0; t < square && wide > 0; ++t) {
          const int row = f.row[set / sets][t / F::taps], col = f.col[set % sets][t % F::taps];
          if (row < 0 || col < 0) continue;
          const float* from = f.w + d0 * f.depth_step + j0 * f.col_step + (row * f.side + col) * f.tap_step;
          Lanes<N> block[lanes] = {};
          load_block<N>(f, from, deep, wide, block);
          for (int d = 0; d < lanes; ++d) taps[d][t] = block[d];
        }
        float* const start = to.base + ((panel * sets * sets + set) * depth + d0) * tile_cols + part;
        for (i64 d = 0; d < lanes; ++d) {
          Lanes<N> u[F::points];
          transform<typename F::Filter>(taps[d], u);
          for (int j = 0; j < F::points; ++j) {
            float* const at = start + j * to.step + d * tile_cols;
            prefetch<1>(at);
            store(u[j], N, at);
          }
        }
      }
    }
  };
  for_range_wide(panels * sets * sets * blocks, F::points * lanes * tile_cols, tile_cols, body);
}

struct PackedColumns final : RightOperand {
  const float* base;
  i64 depth;
  PackedColumns(const float* p, i64 d) : base(p), depth(d) {}
  const float* packed(i64 first, const DepthBlock& d) const override {
    return base + (first / tile_cols * depth + d.offset) * tile_cols;
  }
  void pack(i64, int, const DepthBlock&, float*) const override {}
};

// The destination: pixel (p, q) of image n at row p * step + top, column q * step + left of y
// [n,h,w,c].
struct Result {
  float* y;
  i64 h, w, c;
  i64 rows, cols;  // of p and q
  i64 step = 1, top = 0, left = 0;
};

// Products [tile][c] of the tiles [first, end) -> their pixels of y.
template <class F>
void transform_back(const Planes& from, const Tiles& tiles, i64 first, i64 end, const Result& r,
                    const float* bias) {
  const i64 width = round_up(r.c, lanes);
  const auto body = [=]<int N>(Width<N>, i64 begin, i64 stop) {
    for (i64 i = begin; i < stop; ++i) {
      const i64 tile = first + i, n = tile / tiles.cols / tiles.rows;
      const i64 p0 = tile / tiles.cols % tiles.rows * F::tile, q0 = tile % tiles.cols * F::tile;
      for (i64 c0 = 0; c0 < r.c; c0 += N) {
        Lanes<N> m[F::points], out[F::tile * F::tile], add = {};
        if (bias) load(bias + c0, r.c - c0, add);
        for (int j = 0; j < F::points; ++j) {
          const float* const at = from[j] + i * width + c0;
          prefetch<0>(at);
          load(at, N, m[j]);
        }
        transform<typename F::Back>(m, out);
        for (i64 p = 0; p < std::min<i64>(F::tile, r.rows - p0); ++p)
          for (i64 q = 0; q < std::min<i64>(F::tile, r.cols - q0); ++q) {
            const i64 h = (p0 + p) * r.step + r.top, w = (q0 + q) * r.step + r.left;
            const Lanes<N> pixel = out[p * F::tile + q] + add;
            store(pixel, r.c - c0, r.y + ((n * r.h + h) * r.w + w) * r.c + c0);
          }
      }
    }
  };
  for_range_wide(end - first, F::points * width, r.c, body);
}

// Tiles per chunk: the transformed ones fit `budget` floats, in equal chunks.
i64 chunk_of(i64 tiles, i64 per_tile) {
  constexpr i64 budget = i64{5} << 19;
  const i64 fitting = std::max<i64>(budget / per_tile / most_rows, 4) * most_rows;
  return std::min(round_up(ceil_div(tiles, ceil_div(tiles, fitting)), most_rows), tiles);
}

// The correlation of the n images x with the filters, + bias.
template <class F>
void correlate(const Exec& e, const ImageView& x, const Split& split, const Filters& f, i64 n,
               const float* bias, const Result& r) {
  const Tiles tiles = tiles_of(n, r.rows, r.cols, F::tile);
  if (tiles.count() == 0) return;
  const i64 depth = split.sets * split.sets * round_up(f.depth, lanes), cols = round_up(f.cols, lanes);
  const i64 chunk = chunk_of(tiles.count(), F::points * (depth + cols));
  Workspace space(e);
  Planes u{nullptr, Planes::step_of(round_up(f.cols, tile_cols) * depth)};
  Planes v{nullptr, Planes::step_of(chunk * depth)}, m{nullptr, Planes::step_of(chunk * cols)};
  const auto u_piece = space.add<float>(F::points * u.step), v_piece = space.add<float>(F::points * v.step);
  const auto m_piece = space.add<float>(F::points * m.step);
  space.allocate();
  u.base = space.at<float>(u_piece);
  v.base = space.at<float>(v_piece);
  m.base = space.at<float>(m_piece);
  transform_filters<F>(f, split.sets, u);
  for (i64 first = 0; first < tiles.count(); first += chunk) {
    const i64 end = std::min(first + chunk, tiles.count());
    transform_tiles<typename F::Pixels>(x, split, F::tile, tiles, first, end, v);
    std::vector<RowsOperand> lefts;
    std::vector<PackedColumns> rights;
    std::vector<DenseOutput> outs;
    for (int i = 0; i < F::points; ++i) {
      lefts.emplace_back(v[i], depth);
      rights.emplace_back(u[i], depth);
      outs.emplace_back(m[i], cols);
    }
    std::vector<Product> products;
    for (std::size_t i = 0; i < F::points; ++i)
      products.push_back({end - first, cols, 1, depth, &lefts[i], &rights[i], &outs[i]});
    run_products(products);
    transform_back<F>(m, tiles, first, end, r, bias);
  }
}

// Products [k][set][c] -> dw [k,side,side,c].
template <class F>
void transform_to_filters(const Planes& from, const Split& split, int side, i64 k, i64 c, bool accumulate,
                          float* dw) {
  const i64 width = round_up(c, lanes), sets = split.sets;
  const auto body = [=]<int N>(Width<N>, i64 begin, i64 end) {
    for (i64 i = begin; i < end; ++i)
      for (i64 c0 = 0; c0 < c; c0 += N) {
        const auto set = static_cast<int>(i % (sets * sets));
        Lanes<N> m[F::points], out[F::taps * F::taps];
        for (int j = 0; j < F::points; ++j) load(from[j] + i * width + c0, N, m[j]);
        transform<typename F::BackToTaps>(m, out);
        for (int t = 0; t < F::taps * F::taps; ++t) {
          const int row = split.tap(set / split.sets, t / F::taps),
                    col = split.tap(set % split.sets, t % F::taps);
          if (row >= side || col >= side) continue;
          float* const to = dw + ((i / (sets * sets) * side + row) * side + col) * c + c0;
          Lanes<N> sum = out[t];
          if (accumulate) {
            Lanes<N> old;
            load(to, c - c0, old);
            sum += old;
          }
          store(sum, c - c0, to);
        }
      }
  };
  for_range_wide(k * sets * sets, F::points * width, c, body);
}

template <class F>
void weight_gradient(const Exec& e, const ConvGeom& g, const Split& split, const ConvOperands& t) {
  const Tiles tiles = tiles_of(g.n, g.p, g.q, F::tile);
  const i64 c = split.sets * split.sets * round_up(g.c, lanes), k = round_up(g.k, lanes);
  const i64 chunk = chunk_of(tiles.count(), F::points * (c + k));
  Workspace space(e);
  Planes v{nullptr, Planes::step_of(chunk * c)}, u{nullptr, Planes::step_of(chunk * k)};
  Planes m{nullptr, Planes::step_of(g.k * c)};
  const auto v_piece = space.add<float>(F::points * v.step), u_piece = space.add<float>(F::points * u.step);
  const auto m_piece = space.add<float>(F::points * m.step);
  space.allocate();
  v.base = space.at<float>(v_piece);
  u.base = space.at<float>(u_piece);
  m.base = space.at<float>(m_piece);
  const ImageView x{t.x, g.h, g.w, g.c, g.o.pad_top, g.o.pad_left}, dy{t.y, g.p, g.q, g.k, 0, 0};
  for (i64 first = 0; first < tiles.count(); first += chunk) {
    const i64 end = std::min(first + chunk, tiles.count());
    transform_tiles<typename F::Pixels>(x, split, F::tile, tiles, first, end, v);
    transform_tiles<typename F::Gradient>(dy, {}, F::tile, tiles, first, end, u);
    std::vector<TransposedOperand> lefts;
    std::vector<ColumnsOperand> rights;
    std::vector<DenseOutput> outs;
    for (int i = 0; i < F::points; ++i) {
      lefts.emplace_back(u[i], k);
      rights.emplace_back(v[i], c, false);
      outs.emplace_back(m[i], c);
    }
    std::vector<Product> products;
    for (std::size_t i = 0; i < F::points; ++i)
      products.push_back({g.k, c, 1, end - first, &lefts[i], &rights[i], &outs[i], nullptr, first > 0});
    run_products(products);
  }
  transform_to_filters<F>(m, split, static_cast<int>(g.r), g.k, g.c, t.accumulate, t.w);
}

// Stride 1: dy correlated with the mirrored filter. Stride 2: each second row and column of dx sees
// each second tap; t is such a tap of pixel 2 i + from where t + 2 p = 2 i + from + pad.
template <class F>
void data_gradient(const Exec& e, const ConvGeom& g, const Split& split, const ConvOperands& t) {
  const auto side = static_cast<int>(g.r);
  Filters f{t.w, g.k, g.c, g.r * g.s * g.c, 1, g.c, side, {}, {}};
  if (g.o.stride == 1) {
    f.set_taps(split, F::taps, true);
    const ImageView dy{t.y, g.p, g.q, g.k, side - 1 - g.o.pad_top, side - 1 - g.o.pad_left};
    return correlate<F>(e, dy, split, f, g.n, t.bias, {t.x, g.h, g.w, g.c, g.h, g.w});
  }
  for (int from_h = 0; from_h < 2; ++from_h)
    for (int from_w = 0; from_w < 2; ++from_w) {
      const int odd_h = (from_h + g.o.pad_top) % 2, odd_w = (from_w + g.o.pad_left) % 2;
      for (int u = 0; u < F::taps; ++u) {
        const int last = F::taps - 1 - u;
        f.row[0][u] = 2 * last + odd_h < side ? 2 * last + odd_h : -1;
        f.col[0][u] = 2 * last + odd_w < side ? 2 * last + odd_w : -1;
      }
      const ImageView dy{t.y,
                         g.p,
                         g.q,
                         g.k,
                         F::taps - 1 - (from_h + g.o.pad_top - odd_h) / 2,
                         F::taps - 1 - (from_w + g.o.pad_left - odd_w) / 2};
      correlate<F>(e, dy, {}, f, g.n, t.bias,
                   {t.x, g.h, g.w, g.c, (g.h - from_h + 1) / 2, (g.w - from_w + 1) / 2, 2, from_h, from_w});
    }
}

template <class F>
void run_form(const Exec& e, Direction d, const ConvGeom& g, const Split& split, const ConvOperands& t) {
  if (d == Direction::wgrad) return weight_gradient<F>(e, g, split, t);
  if (d == Direction::dgrad) return data_gradient<F>(e, g, split, t);
  Filters f{t.w, g.c, g.k, 1, g.r * g.s * g.c, g.c, static_cast<int>(g.r), {}, {}};
  f.set_taps(split, F::taps, false);
  correlate<F>(e, {t.x, g.h, g.w, g.c, g.o.pad_top, g.o.pad_left}, split, f, g.n, t.bias,
               {t.y, g.p, g.q, g.k, g.p, g.q});
}

}  // namespace

void winograd(const Exec& e, Direction d, const ConvGeom& g, const ConvOperands& t) {
  if (g.o.stride == 2) return run_form<F42>(e, d, g, {2, 2, 1}, t);
  if (g.r == 3) return run_form<F43>(e, d, g, {}, t);
  if (g.r == 4) return run_form<F34>(e, d, g, {}, t);
  run_form<F34>(e, d, g, {2, 1, 4}, t);
}

}  // namespace sumi::kernels::cpu
