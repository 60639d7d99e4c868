// Average and maximum pooling, one row of pixels at a time. Gradients are gathered, so that no two
// threads write the same element.
#include "kernels/pool.h"

#include "kernels/cpu/lanes.h"
#include "kernels/cpu/pixels.h"

namespace sumi::kernels::cpu {
namespace {

// The windows [first, last] along one axis that contain index i.
struct Windows {
  i64 first, last;
  Windows(const PoolGeom& g, i64 i, i64 count)
      : first(i < g.size ? 0 : (i - g.size) / g.stride + 1), last(std::min(i / g.stride, count - 1)) {}
};

std::vector<Windows> windows_of_each(const PoolGeom& g, i64 size, i64 count) {
  std::vector<Windows> all;
  for (i64 i = 0; i < size; ++i) all.emplace_back(g, i, count);
  return all;
}

// y[c] (+)= the sum of the terms, rounded once; acc holds c floats.
template <class T>
void put_sum(const std::vector<Weighted<T>>& terms, i64 c, bool add, float* acc, T* y) {
  const auto size = static_cast<i64>(terms.size());
  if (std::is_same_v<T, float> || size <= 4) return sum_terms(terms.data(), size, c, add, y);
  sum_terms(terms.data(), size, c, false, acc);
  put_pixel(y, acc, c, add);
}

// The offsets of a window's pixels from its corner, in row-major order.
std::vector<i64> window_offsets(const PoolGeom& g, const Shape& x) {
  std::vector<i64> all;
  for (i64 i = 0; i < g.size; ++i)
    for (i64 j = 0; j < g.size; ++j) all.push_back((i * x.w + j) * x.c);
  return all;
}

// y[c] = v at the position of the first maximum of channel c in a window of x; x and v point at the
// window's corner. With `same`, v is x. `known`: the number of pixels of a window, or 0 if it is
// offsets.size().
template <bool same, int known, class T>
void pick_maxima(const std::vector<i64>& offsets, const T* x, const T* v, i64 channels, T* y) {
  const int count = known > 0 ? known : static_cast<int>(offsets.size());
  const i64* const at = offsets.data();
  for_packs(channels, [=](auto pack, i64 c) {
    typename decltype(pack)::Bits top, value, here, mine, better;
    pack.load(x + c, top);
    if constexpr (!same) pack.load(v + c, value);
    for (int k = 1; k < count; ++k) {
      pack.load(x + at[k] + c, here);
      pack.beats(here, top, better);
      choose(better, here, top);
      if constexpr (!same) {
        pack.load(v + at[k] + c, mine);
        choose(better, mine, value);
      }
    }
    pack.store(same ? top : value, y + c);
  });
}

// The index of the first maximum among the pixels `at` relative to x.
template <class P, class T>
inline void find_maxima(P pack, const i64* at, int count, const T* x, typename P::Bits& best) {
  typename P::Bits top, here, better;
  pack.load(x, top);
  best = typename P::Bits{};
  for (int k = 1; k < count; ++k) {
    pack.load(x + at[k], here);
    pack.beats(here, top, better);
    choose(better, here, top);
    choose(better, typename P::Bits{} + k, best);
  }
}
template <class T>
void place_maxima(const std::vector<i64>& offsets, const T* x, i64 channels, std::int32_t* place) {
  const int count = static_cast<int>(offsets.size());
  const i64* const at = offsets.data();
  for_packs(channels, [=](auto pack, i64 c) {
    typename decltype(pack)::Bits best;
    find_maxima(pack, at, count, x + c, best);
    std::memcpy(place + c, &best, sizeof best);
  });
}

// Writes or adds the gradients dy[c] of a window that overlaps no other at its maxima, and 0
// elsewhere.
template <int known, class T>
void put_window(const std::vector<i64>& offsets, const T* x, const T* dy, i64 channels, bool add, T* dx) {
  const int count = known > 0 ? known : static_cast<int>(offsets.size());
  const i64* const at = offsets.data();
  for_packs(channels, [=](auto pack, i64 c) {
    typename decltype(pack)::Bits best, grad, mine;
    find_maxima(pack, at, count, x + c, best);
    pack.load(dy + c, grad);
    for (int k = 0; k < count; ++k) {
      pack.equals(best, k, mine);
      mine &= grad;
      if (add) {
        float sums[pack.lanes];
        std::memcpy(sums, &mine, sizeof mine);
        put_pixel(dx + at[k] + c, sums, pack.lanes, true);
      } else {
        pack.store(mine, dx + at[k] + c);
      }
    }
  });
}

// One window that contains a pixel: its maxima's positions, its gradient, and the pixel's own
// position.
template <class T>
struct Claim {
  const std::int32_t* place;
  const T* dy;
  std::int32_t mine;
};

// dx[c] (+)= the gradients of the windows whose maximum the pixel is.
template <class T>
void put_claims(const Claim<T>* claims, i64 size, i64 channels, bool add, T* dx) {
  for_packs(channels, [=](auto pack, i64 c) {
    typename decltype(pack)::Bits grad, place, mine;
    typename decltype(pack)::Floats sum{};
    const auto claimed = [&](const Claim<T>& k) {
      pack.load(k.dy + c, grad);
      std::memcpy(&place, k.place + c, sizeof place);
      pack.equals(place, k.mine, mine);
      grad &= mine;
    };
    if (size == 1 && !add) {
      claimed(claims[0]);
      pack.store(grad, dx + c);
      return;
    }
    for (i64 k = 0; k < size; ++k) {
      claimed(claims[k]);
      pack.add(grad, sum);
    }
    float sums[pack.lanes];
    std::memcpy(sums, &sum, sizeof sum);
    put_pixel(dx + c, sums, pack.lanes, add);
  });
}

// For overlapping windows: rows of dx are distributed over the threads, and each thread keeps the
// positions of the maxima of the rows of windows that contain a row of pixels.
template <class T>
void overlapping_grad(const PoolGeom& g, const Shape& s, const Shape& t, const T* from, const T* grads,
                      bool add, T* to) {
  const std::vector<Windows> cols = windows_of_each(g, s.w, t.w);
  const std::vector<i64> offsets = window_offsets(g, s);
  const i64 kept = ceil_div(g.size, g.stride);
  for_range(s.n * s.h, s.w * s.c * 4, [=, &cols, &offsets](i64 begin, i64 end) {
    std::vector<std::int32_t> places(static_cast<std::size_t>(kept * t.w * s.c));
    std::vector<Claim<T>> claims;
    i64 made = 0;  // rows of windows before this one are done
    for (i64 r = begin; r < end; ++r) {
      const i64 n = r / s.h, h = r % s.h;
      const Windows rows(g, h, t.h);
      for (i64 p = rows.first; p <= rows.last; ++p) {
        if (n * t.h + p < made) continue;
        made = n * t.h + p + 1;
        for (i64 q = 0; q < t.w; ++q) {
          const T* const corner = from + ((n * s.h + p * g.stride) * s.w + q * g.stride) * s.c;
          std::int32_t* const place = places.data() + (p % kept * t.w + q) * s.c;
          place_maxima(offsets, corner, s.c, place);
        }
      }
      for (i64 w = 0; w < s.w; ++w) {
        const Windows across = cols[static_cast<std::size_t>(w)];
        claims.clear();
        for (i64 p = rows.first; p <= rows.last; ++p)
          for (i64 q = across.first; q <= across.last; ++q)
            claims.push_back({places.data() + (p % kept * t.w + q) * s.c,
                              grads + ((n * t.h + p) * t.w + q) * t.c,
                              static_cast<std::int32_t>((h - p * g.stride) * g.size + w - q * g.stride)});
        put_claims(claims.data(), static_cast<i64>(claims.size()), s.c, add, to + (r * s.w + w) * s.c);
      }
    }
  });
}

// For non-overlapping windows: rows of windows are distributed, each with the pixels up to the
// next.
template <class T>
void apart_grad(const PoolGeom& g, const Shape& s, const Shape& t, const T* from, const T* grads, bool add,
                T* to) {
  const std::vector<i64> offsets = window_offsets(g, s);
  const bool gaps = g.stride > g.size || s.h > t.h * g.size || s.w > t.w * g.size;
  for_range(t.n * t.h, g.stride * s.w * s.c * 2, [=, &offsets](i64 begin, i64 end) {
    for (i64 r = begin; r < end; ++r) {
      const i64 n = r / t.h, p = r % t.h, row = s.w * s.c;
      const i64 first = (n * s.h + p * g.stride) * row;
      const i64 last = p + 1 < t.h ? first + g.stride * row : (n + 1) * s.h * row;
      if (gaps && !add) std::fill(to + first, to + last, T(0.0F));
      for (i64 q = 0; q < t.w; ++q) {
        const i64 corner = first + q * g.stride * s.c;
        const T* const grad = grads + (r * t.w + q) * t.c;
        if (g.size == 2)
          put_window<4>(offsets, from + corner, grad, s.c, add, to + corner);
        else
          put_window<0>(offsets, from + corner, grad, s.c, add, to + corner);
      }
    }
  });
}

}  // namespace

void avg_pool(const Exec&, const PoolGeom& g, View x, MutView y) {
  const Shape s = x.shape, t = y.shape;
  const float weight = 1.0F / static_cast<float>(g.size * g.size);
  dispatch_f32_bf16("avg_pool", x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    T* to = y.as<T>();
    for_range(t.n * t.h, t.w * t.c * g.size * g.size, [=](i64 begin, i64 end) {
      std::vector<float> acc(static_cast<std::size_t>(t.c));
      std::vector<Weighted<T>> terms;
      for (i64 r = begin; r < end; ++r) {
        const T* top = from + (r / t.h * s.h + r % t.h * g.stride) * s.w * s.c;
        for (i64 q = 0; q < t.w; ++q) {
          terms.clear();
          for (int i = 0; i < g.size; ++i)
            for (int j = 0; j < g.size; ++j)
              terms.push_back({top + (i * s.w + q * g.stride + j) * s.c, weight});
          put_sum(terms, t.c, false, acc.data(), to + (r * t.w + q) * t.c);
        }
      }
    });
  });
}

void avg_pool_grad(const Exec&, const PoolGeom& g, View dy, MutView dx, Write write) {
  const Shape s = dx.shape, t = dy.shape;
  const float weight = 1.0F / static_cast<float>(g.size * g.size);
  const std::vector<Windows> cols = windows_of_each(g, s.w, t.w);
  const bool add = write == Write::accumulate;
  dispatch_f32_bf16("avg_pool_grad", dx.dtype, [&]<class T>() {
    const T* from = dy.as<T>();
    T* to = dx.as<T>();
    for_range(s.n * s.h, s.w * s.c * 2, [=, &cols](i64 begin, i64 end) {
      std::vector<float> acc(static_cast<std::size_t>(s.c));
      std::vector<Weighted<T>> terms;
      for (i64 r = begin; r < end; ++r) {
        const Windows rows(g, r % s.h, t.h);
        const T* image = from + r / s.h * t.h * t.w * t.c;
        for (i64 w = 0; w < s.w; ++w) {
          const Windows across = cols[static_cast<std::size_t>(w)];
          terms.clear();
          for (i64 p = rows.first; p <= rows.last; ++p)
            for (i64 q = across.first; q <= across.last; ++q)
              terms.push_back({image + (p * t.w + q) * t.c, weight});
          put_sum(terms, s.c, add, acc.data(), to + (r * s.w + w) * s.c);
        }
      }
    });
  });
}

void max_pool_pick(const Exec&, const PoolGeom& g, View x, View v, MutView y) {
  const Shape s = x.shape, t = y.shape;
  const std::vector<i64> offsets = window_offsets(g, s);
  dispatch_f32_bf16("max_pool", x.dtype, [&]<class T>() {
    const T *from = x.as<T>(), *values = v.as<T>();
    T* to = y.as<T>();
    for_range(t.n * t.h, t.w * t.c * g.size * g.size, [=, &offsets](i64 begin, i64 end) {
      for (i64 r = begin; r < end; ++r) {
        const i64 top = (r / t.h * s.h + r % t.h * g.stride) * s.w * s.c;
        for (i64 q = 0; q < t.w; ++q) {
          const i64 corner = top + q * g.stride * s.c;
          T* const out = to + (r * t.w + q) * t.c;
          if (from != values)
            pick_maxima<false, 0>(offsets, from + corner, values + corner, s.c, out);
          else if (g.size == 2)
            pick_maxima<true, 4>(offsets, from + corner, from + corner, s.c, out);
          else
            pick_maxima<true, 0>(offsets, from + corner, from + corner, s.c, out);
        }
      }
    });
  });
}

void max_pool_grad(const Exec&, const PoolGeom& g, View x, View dy, MutView dx, Write write) {
  const bool add = write == Write::accumulate;
  dispatch_f32_bf16("max_pool_grad", dx.dtype, [&]<class T>() {
    const auto run = g.stride < g.size ? overlapping_grad<T> : apart_grad<T>;
    run(g, x.shape, dy.shape, x.as<T>(), dy.as<T>(), add, dx.as<T>());
  });
}

}  // namespace sumi::kernels::cpu
