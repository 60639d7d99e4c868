// Convolution as a product of two matrices that are never stored (implicit GEMM; Chetlur et al.,
// "cuDNN: Efficient primitives for deep learning", 2014): y[i,j] = sum over l of a[i,l] b[l,j].
//
//            i                          l, the depth                  j
//   fprop    output pixels n,p,q        taps and channels r,s,c       filters k
//   dgrad    input pixels of a phase    taps of the phase, filters k  channels c
//   wgrad    filters k                  output pixels n,p,q           taps and channels r,s,c
//
// The faster variants apply the kernels of kernels/cuda/product to such a product. Parts
// (product/part.cuh) are groups; for dgrad also the phases of the stride (defined in
// naive_dgrad.cu), for wgrad also chunks of the pixels.
#pragma once

#include <algorithm>
#include <numeric>

#include "kernels/base/dispatch.h"
#include "kernels/cuda/conv/matrices.cuh"
#include "kernels/cuda/conv/variants.h"
#include "kernels/cuda/product/part.cuh"

namespace sumi::kernels::cuda {

// The output for pixels: row i is pixel (p step + top, q step + left) of image n, where i = (n down
// + p) across + q.
template <class T>
struct PixelsOut {
  T* data;  // of the first channel of the group
  const T* bias;
  int height, width, channels;
  Divisor across, down;
  int step, top, left;
  bool fours;  // rows_take_four

  __device__ OutRow<T> row(int i) const {
    const auto [np, q] = across(i);
    const auto [n, p] = down(np);
    const std::int64_t pixel = (std::int64_t{n} * height + p * step + top) * width + q * step + left;
    return {data + pixel * channels, nullptr, bias, false};
  }
};

template <class T>
struct Fprop {
  using Element = T;
  static constexpr bool kDeepA = true, kDeepB = true;
  Part<Gather<T>, Dense<T>, PixelsOut<T>> of_group;
  int group_c, group_k, groups;

  unsigned parts() const { return static_cast<unsigned>(groups); }
  const auto& largest() const { return of_group; }
  __device__ auto part(unsigned z) const {
    auto p = of_group;
    const int g = static_cast<int>(z);
    p.a.data += g * group_c;
    p.b.data += g * group_k * p.b.stride;
    p.out.data += g * group_k;
    if (p.out.bias) p.out.bias += g * group_k;
    return p;
  }
};

template <class T>
struct Dgrad {
  using Element = T;
  static constexpr bool kDeepA = true, kDeepB = false;
  Part<Gather<T>, TapFilters<T>, PixelsOut<T>> of_phase[kMaxStride * kMaxStride];
  int group_c, group_k, groups, phases;

  unsigned parts() const { return static_cast<unsigned>(groups * phases); }
  const auto& largest() const { return of_phase[0]; }
  __device__ auto part(unsigned z) const {
    auto p = of_phase[z / static_cast<unsigned>(groups)];
    const int g = static_cast<int>(z) % groups;
    p.a.data += g * group_k;
    p.b.data += g * group_k * p.b.filter;
    p.out.data += g * group_c;
    if (p.out.bias) p.out.bias += g * group_c;
    return p;
  }
};

template <class T>
struct Wgrad {
  using Element = T;
  static constexpr bool kDeepA = false, kDeepB = false;
  Part<Dense<T>, Gather<T>, RowsOut<T>> of_group;
  int group_c, group_k, groups;
  int chunks, chunk_length, weights;
  ChunkJoin<T> chunk_join;

  __device__ std::int64_t join_ticket(unsigned z, unsigned tile, unsigned tiles) const {
    return std::int64_t{z % static_cast<unsigned>(groups)} * tiles + tile;
  }
  __device__ std::int64_t joined_at(unsigned z) const {
    return std::int64_t{z % static_cast<unsigned>(groups)} * group_k * of_group.out.stride;
  }
  unsigned parts() const { return static_cast<unsigned>(groups * chunks); }
  const auto& largest() const { return of_group; }
  __device__ auto part(unsigned z) const {
    auto p = of_group;
    const int g = static_cast<int>(z) % groups, chunk = static_cast<int>(z) / groups;
    p.begin = chunk * chunk_length;
    p.end = min(p.end, p.begin + chunk_length);
    p.a.rows = p.b.rows = p.end;
    p.a.data += g * group_k;
    p.b.data += g * group_c;
    p.out.data += g * group_k * p.out.stride;
    if (p.out.partial) p.out.partial += std::int64_t{chunk} * weights + g * group_k * p.out.stride;
    return p;
  }
};

// ---- from a geometry ----

template <class T>
Gather<T> im2col(const ConvGeom& g, const T* x) {
  const auto i = [](std::int64_t value) { return static_cast<int>(value); };
  const std::int64_t group_c = g.c / g.o.groups;
  return {x,
          i(g.n * g.p * g.q),
          i(g.r * g.s * group_c),
          i(g.h),
          i(g.w),
          i(g.c),
          Divisor(g.q),
          Divisor(g.p),
          g.o.stride,
          -g.o.pad_top,
          -g.o.pad_left,
          Divisor(group_c),
          Divisor(g.s),
          g.o.dilation};
}

template <class T>
Fprop<T> make_fprop(const ConvGeom& g, View x, View w, View bias, MutView y) {
  const auto i = [](std::int64_t value) { return static_cast<int>(value); };
  const std::int64_t group_c = g.c / g.o.groups, group_k = g.k / g.o.groups, depth = g.r * g.s * group_c;
  const PixelsOut<T> out{y.as<T>(),
                         bias ? bias.as<T>() : nullptr,
                         i(g.p),
                         i(g.q),
                         i(g.k),
                         Divisor(g.q),
                         Divisor(g.p),
                         1,
                         0,
                         0,
                         rows_take_four(y.as<T>(), g.k, group_k)};
  return {{im2col(g, x.as<T>()),
           {w.as<T>(), i(group_k), i(depth), i(depth)},
           out,
           i(g.n * g.p * g.q),
           i(group_k),
           0,
           i(depth)},
          i(group_c),
          i(group_k),
          g.o.groups};
}

// The phase of input pixels (h, v) with h mod stride = phase_h and v mod stride = phase_v.
template <class T>
auto dgrad_phase(const ConvGeom& g, int phase_h, int phase_v, View dy, View w, View bias, MutView dx) {
  const auto i = [](std::int64_t value) { return static_cast<int>(value); };
  const int u = g.o.stride, d = g.o.dilation, common = std::gcd(u, d), step = u / common;
  const std::int64_t group_c = g.c / g.o.groups, group_k = g.k / g.o.groups;
  const int rows = i((g.h - phase_h + u - 1) / u), cols = i((g.w - phase_v + u - 1) / u);
  const auto first_tap = [&](int at, std::int64_t taps) {
    int tap = 0;
    while (tap < taps && (at - tap * d) % u != 0) ++tap;
    return tap;
  };
  const int r = first_tap(phase_h + g.o.pad_top, g.r), s = first_tap(phase_v + g.o.pad_left, g.s);
  const int taps_r = i((g.r - r + step - 1) / step), taps_s = i((g.s - s + step - 1) / step);
  const int depth = i(taps_r * taps_s * group_k), pixels = i(g.n * rows * cols);
  // Exact if a tap meets the phase; otherwise nothing is read.
  const int top = (phase_h + g.o.pad_top - r * d) / u, left = (phase_v + g.o.pad_left - s * d) / u;
  const Divisor across(std::max(cols, 1)), down(std::max(rows, 1)), taps(std::max(taps_s, 1));
  const Gather<T> a{dy.as<T>(), pixels, depth, i(g.p), i(g.q),           i(g.k), across,
                    down,       1,      top,   left,   Divisor(group_k), taps,   -d / common};
  const TapFilters<T> b{w.as<T>(), depth, i(group_c), i(g.r * g.s * group_c), Divisor(group_k), taps, i(g.s),
                        r,         s,     step};
  const PixelsOut<T> out{
      dx.as<T>(), bias ? bias.as<T>() : nullptr,           i(g.h), i(g.w), i(g.c), across, down, u, phase_h,
      phase_v,    rows_take_four(dx.as<T>(), g.c, group_c)};
  return Part<Gather<T>, TapFilters<T>, PixelsOut<T>>{a, b, out, pixels, i(group_c), 0, depth};
}

template <class T>
Dgrad<T> make_dgrad(const ConvGeom& g, View dy, View w, View bias, MutView dx) {
  Dgrad<T> product{};
  product.group_c = static_cast<int>(g.c / g.o.groups);
  product.group_k = static_cast<int>(g.k / g.o.groups);
  product.groups = g.o.groups;
  const std::int64_t u = g.o.stride;  // an image smaller than the stride has fewer phases
  for (int h = 0; h < std::min(u, g.h); ++h)
    for (int v = 0; v < std::min(u, g.w); ++v)
      product.of_phase[product.phases++] = dgrad_phase<T>(g, h, v, dy, w, bias, dx);
  return product;
}

// Pixels are split into chunks whose length is a multiple of `step`, so that about 500 blocks have
// work: one per tile and chunk. Results of bf16 operands for an f32 dw are partial sums too, dw
// itself if there is one chunk and nothing is added.
template <class T>
Wgrad<T> make_wgrad(const Exec& e, const ConvGeom& g, View x, View dy, MutView dw, Write write, int tile_rows,
                    int tile_cols, int step) {
  const auto i = [](std::int64_t value) { return static_cast<int>(value); };
  const std::int64_t group_c = g.c / g.o.groups, group_k = g.k / g.o.groups, pixels = g.n * g.p * g.q;
  const std::int64_t filter = g.r * g.s * group_c, weights = dw.count();
  const std::int64_t tiles = g.o.groups * tile_count(group_k, filter, tile_rows, tile_cols);
  const Chunks chunks = make_chunks(pixels, tiles, 512, 512, step);
  const bool wide = dw.dtype != x.dtype, add = write == Write::accumulate;
  float* const partial = wide && chunks.count == 1 && !add ? dw.as<float>()
                         : wide                            ? scratch_sums(e, chunks.count, weights)
                                                           : partial_sums(e, chunks.count, weights);
  T* const data = wide ? nullptr : dw.as<T>();
  return {{{dy.as<T>(), i(pixels), i(group_k), i(g.k)},
           im2col(g, x.as<T>()),
           {data, partial, nullptr, i(filter), add,
            rows_take_four(data, filter) && rows_take_four(partial, filter)},
           i(group_k),
           i(filter),
           0,
           i(pixels)},
          i(group_c),
          i(group_k),
          g.o.groups,
          i(chunks.count),
          i(chunks.length),
          i(weights),
          {partial && partial != dw.data && tiles <= kTickets, add, i(chunks.count), weights, partial, data,
           wide ? dw.as<float>() : nullptr}};
}

// Sums the partial sums of a Wgrad in a launch of its own, if there are too many tiles for tickets.
template <class T>
void join_chunks(const Exec& e, const Wgrad<T>& product, MutView dw, Write write) {
  const float* const partial = product.of_group.out.partial;
  if (!partial || partial == dw.data || product.chunk_join.here) return;
  dispatch_f32_bf16("conv_wgrad", dw.dtype, [&]<class To>() {
    add_chunks(e, product.chunks, product.weights, partial, dw.as<To>(), write == Write::accumulate);
  });
}

// Returns true if both operands can be read `vector` elements at a time: the channels (and with
// `with_filters` the filters) of a group are a multiple of it, and the addresses are aligned.
template <class T>
bool vectors_fit(int vector, const ConvGeom& g, bool with_filters, std::initializer_list<View> operands) {
  if (g.c / g.o.groups % vector != 0 || (with_filters && g.k / g.o.groups % vector != 0)) return false;
  return std::all_of(operands.begin(), operands.end(), [&](const View& v) {
    return reinterpret_cast<std::uintptr_t>(v.data) % (static_cast<std::size_t>(vector) * sizeof(T)) == 0;
  });
}

}  // namespace sumi::kernels::cuda
