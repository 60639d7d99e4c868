// The one-dimensional transforms of Winograd's minimal filtering, along vectors of channels. F(m,
// r) computes m pixels of a filter with r taps from m + r - 1 products. Points and matrices after
// Toom and Cook, as in Lavin and Gray 2015. Private to winograd.cpp.
#pragma once

#include <cstring>
#include <type_traits>

#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu::minimal {

// Eight or sixteen channels; sixteen only where the processor has AVX-512.
// (g++ 12 cannot take the size of a vector from a template's argument.)
template <int N>
struct LanesOf;
template <>
struct LanesOf<8> {
  using Type = float __attribute__((vector_size(32)));
};
template <>
struct LanesOf<16> {
  using Type = float __attribute__((vector_size(64)));
};
template <int N>
using Lanes = typename LanesOf<N>::Type;
template <class V>
constexpr int lanes_of = sizeof(V) / sizeof(float);

template <class V>
inline void load(const float* from, i64 count, V& to) {
  if (count >= lanes_of<V>) {
    std::memcpy(&to, from, sizeof(V));
  } else {
    float some[lanes_of<V>] = {};
    for (i64 i = 0; i < count; ++i) some[i] = from[i];
    std::memcpy(&to, some, sizeof(V));
  }
}
template <class V>
inline void store(const V& from, i64 count, float* to) {
  if (count >= lanes_of<V>) {
    std::memcpy(to, &from, sizeof(V));
  } else {
    for (i64 i = 0; i < count; ++i) to[i] = from[i];
  }
}

// Prefetches the line some vectors ahead: there are more planes than streams that a processor
// prefetches itself.
template <int write>
void prefetch(const float* at) {
  constexpr i64 ahead = 48;
  __builtin_prefetch(at + ahead, write);
}

// Row i becomes column i: halves are exchanged, then quarters, then adjacent elements.
inline void transpose(Lanes<8> (&r)[8]) {
  for (int i = 0; i < 4; ++i) {
    const Lanes<8> a = r[i], b = r[i + 4];
    r[i] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
    r[i + 4] = __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
  }
  for (int i : {0, 1, 4, 5}) {
    const Lanes<8> a = r[i], b = r[i + 2];
    r[i] = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
    r[i + 2] = __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  }
  for (int i : {0, 2, 4, 6}) {
    const Lanes<8> a = r[i], b = r[i + 1];
    r[i] = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
    r[i + 1] = __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
  }
}

// Six products: F(4, 3) and F(3, 4). Interpolation points 0, +-a, +-b and infinity. With 5/8 and
// 3/2 the error is half of that with +-1 and +-2: relative L2 over 256 channels 9.2e-7 (direct:
// 4.8e-7) against 1.9e-6, and all products below are exact in f32.
struct SixPoints {
  static constexpr int points = 6;
  static constexpr float a = 0.625F, b = 1.5F;
  static constexpr float a2 = a * a, b2 = b * b, a3 = a2 * a, b3 = b2 * b;
  static constexpr float n0 = 1.0F / (a2 * b2), na = 1.0F / (2 * a2 * (a2 - b2)),
                         nb = 1.0F / (2 * b2 * (b2 - a2));

  struct Pixels {
    static constexpr int in = 6, out = 6;
    template <class V>
    static inline void run(const V* d, int from, V* v, int to) {
      const V d0 = d[0], d1 = d[from], d2 = d[2 * from], d3 = d[3 * from], d4 = d[4 * from], d5 = d[5 * from];
      const V even_a = d4 - b2 * d2, odd_a = a * (d3 - b2 * d1);
      const V even_b = d4 - a2 * d2, odd_b = b * (d3 - a2 * d1);
      v[0] = a2 * b2 * d0 - (a2 + b2) * d2 + d4;
      v[to] = even_a + odd_a;
      v[2 * to] = even_a - odd_a;
      v[3 * to] = even_b + odd_b;
      v[4 * to] = even_b - odd_b;
      v[5 * to] = a2 * b2 * d1 - (a2 + b2) * d3 + d5;
    }
  };
  // Three or four taps, or in wgrad as many pixels of dy.
  template <int Taps>
  struct Filter {
    static constexpr int in = Taps, out = 6;
    template <class V>
    static inline void run(const V* g, int from, V* u, int to) {
      const V g0 = g[0], g1 = g[from], g2 = g[2 * from];
      V odd1 = g1, odd2 = g1;
      if constexpr (Taps == 4) {
        odd1 += a2 * g[3 * from];
        odd2 += b2 * g[3 * from];
      }
      const V even_a = na * (g0 + a2 * g2), odd_a = (na * a) * odd1;
      const V even_b = nb * (g0 + b2 * g2), odd_b = (nb * b) * odd2;
      u[0] = n0 * g0;
      u[to] = even_a + odd_a;
      u[2 * to] = even_a - odd_a;
      u[3 * to] = even_b + odd_b;
      u[4 * to] = even_b - odd_b;
      u[5 * to] = g[(Taps - 1) * from];
    }
  };
  // To four or three pixels, or in wgrad as many taps.
  template <int Out>
  struct Back {
    static constexpr int in = 6, out = Out;
    template <class V>
    static inline void run(const V* m, int from, V* y, int to) {
      const V sum_a = m[from] + m[2 * from], diff_a = m[from] - m[2 * from];
      const V sum_b = m[3 * from] + m[4 * from], diff_b = m[3 * from] - m[4 * from];
      y[0] = m[0] + sum_a + sum_b;
      y[to] = a * diff_a + b * diff_b;
      if constexpr (Out == 4) {
        y[2 * to] = a2 * sum_a + b2 * sum_b;
        y[3 * to] = a3 * diff_a + b3 * diff_b + m[5 * from];
      } else {
        y[2 * to] = a2 * sum_a + b2 * sum_b + m[5 * from];
      }
    }
  };
};

// Five products: F(4, 2) and F(2, 4). Points 0, +-a, b and infinity; relative L2 over 256 channels
// 1.1e-6 and 7e-7, the smallest of the eleven sets tried.
struct FivePoints {
  static constexpr int points = 5;
  static constexpr float a = 0.75F, b = 1.5F;
  static constexpr float a2 = a * a, a3 = a2 * a, b2 = b * b, b3 = b2 * b;
  static constexpr float n0 = 1.0F / (a2 * b), np = 1.0F / (2 * a2 * (a - b)),
                         nm = -1.0F / (2 * a2 * (a + b)), nb = 1.0F / (b * (b2 - a2));

  struct Pixels {
    static constexpr int in = 5, out = 5;
    template <class V>
    static inline void run(const V* d, int from, V* v, int to) {
      const V d0 = d[0], d1 = d[from], d2 = d[2 * from], d3 = d[3 * from], d4 = d[4 * from];
      const V even = d3 - b * d2, odd = a * (d2 - b * d1);
      v[0] = a2 * b * d0 - a2 * d1 - b * d2 + d3;
      v[to] = even + odd;
      v[2 * to] = even - odd;
      v[3 * to] = d3 - a2 * d1;
      v[4 * to] = a2 * b * d1 - a2 * d2 - b * d3 + d4;
    }
  };
  template <int Taps>
  struct Filter {  // two taps, or four pixels of dy
    static constexpr int in = Taps, out = 5;
    template <class V>
    static inline void run(const V* g, int from, V* u, int to) {
      V even_a = g[0], odd_a = a * g[from], at_b = g[0] + b * g[from];
      if constexpr (Taps == 4) {
        even_a += a2 * g[2 * from];
        odd_a += a3 * g[3 * from];
        at_b += b2 * g[2 * from] + b3 * g[3 * from];
      }
      u[0] = n0 * g[0];
      u[to] = np * (even_a + odd_a);
      u[2 * to] = nm * (even_a - odd_a);
      u[3 * to] = nb * at_b;
      u[4 * to] = g[(Taps - 1) * from];
    }
  };
  template <int Out>
  struct Back {  // to four pixels, or to two taps
    static constexpr int in = 5, out = Out;
    template <class V>
    static inline void run(const V* m, int from, V* y, int to) {
      const V sum = m[from] + m[2 * from], diff = m[from] - m[2 * from], at_b = m[3 * from];
      y[0] = m[0] + sum + at_b;
      if constexpr (Out == 4) {
        y[to] = a * diff + b * at_b;
        y[2 * to] = a2 * sum + b2 * at_b;
        y[3 * to] = a3 * diff + b3 * at_b + m[4 * from];
      } else {
        y[to] = a * diff + b * at_b + m[4 * from];
      }
    }
  };
};

// In two dimensions: along columns, then along rows.
template <class T, class V>
inline void transform(const V* x, V* y) {
  V half[T::out * T::in];
  for (int j = 0; j < T::in; ++j) T::run(x + j, T::in, half + j, T::in);
  for (int i = 0; i < T::out; ++i) T::run(half + i * T::in, 1, y + i * T::out, 1);
}

constexpr i64 lanes = 8;  // rows of transformed values have whole groups of so many channels

template <int N>
struct Width : std::integral_constant<int, N> {};

#if defined(__x86_64__) && defined(__GNUC__)
template <class Body>
__attribute__((target("avx512f"), flatten)) void run_avx512(const Body& body, i64 begin, i64 end) {
  const Body mine = body;
  mine(Width<16>{}, begin, end);
}
#endif

// for_range over body(Width<N>, begin, end), which processes N channels at a time: sixteen where
// the processor has AVX-512 and `channels` allows it. The bits are the same.
template <class Body>
void for_range_wide(i64 count, i64 cost, i64 channels, const Body& body) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (channels % 16 == 0 && cpu_isa() == Isa::avx512)
    return for_range(count, cost, [=](i64 begin, i64 end) { run_avx512(body, begin, end); });
#endif
  for_range(count, cost, [=](i64 begin, i64 end) { body(Width<lanes>{}, begin, end); });
}

}  // namespace sumi::kernels::cpu::minimal
