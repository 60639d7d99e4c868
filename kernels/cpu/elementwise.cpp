// Arithmetic with broadcasting, scaling, filling, conversion, and box copies.
#include "kernels/elementwise.h"

#include <array>
#include <cstring>

#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {
namespace {

// A broadcast as few nested loops as possible: adjacent axes with equal strides in both operands
// are merged.
struct Loops {
  struct Axis {
    i64 size, a, b;  // strides of the two operands; 0 for broadcasting
  };
  std::array<Axis, 4> axis{};
  int rank = 0;

  Loops(const Shape& y, const Shape& a, const Shape& b) {
    Shape sa, sb;
    i64 da = 1, db = 1;
    for (int i = 3; i >= 0; --i) {
      sa[i] = a[i] == 1 ? 0 : da;
      sb[i] = b[i] == 1 ? 0 : db;
      da *= a[i];
      db *= b[i];
    }
    for (int i = 0; i < 4; ++i) {
      if (y[i] == 1) continue;
      Axis* last = rank ? &axis[rank - 1] : nullptr;
      if (last && last->a == sa[i] * y[i] && last->b == sb[i] * y[i]) {
        *last = {last->size * y[i], sa[i], sb[i]};
      } else {
        axis[rank++] = {y[i], sa[i], sb[i]};
      }
    }
    if (rank == 0) axis[rank++] = {1, 0, 0};
  }
  const Axis& inner() const { return axis[rank - 1]; }
  i64 rows() const {
    i64 count = 1;
    for (int i = 0; i < rank - 1; ++i) count *= axis[i].size;
    return count;
  }
  // The start of a row in both operands.
  void row(i64 index, i64& a, i64& b) const {
    a = b = 0;
    for (int i = rank - 2; i >= 0; --i) {
      const i64 at = index % axis[i].size;
      index /= axis[i].size;
      a += at * axis[i].a;
      b += at * axis[i].b;
    }
  }
};

// y[i] (+)= f(a[i * step_a], b[i * step_b]) with both steps as compile-time constants.
template <int step_a, int step_b, class T, class F>
inline void row_of(const T* a, const T* b, T* y, i64 count, bool add, F f) {
  if (add) {
    for (i64 i = 0; i < count; ++i)
      y[i] = T(static_cast<float>(y[i]) +
               f(static_cast<float>(a[i * step_a]), static_cast<float>(b[i * step_b])));
  } else {
    for (i64 i = 0; i < count; ++i)
      y[i] = T(f(static_cast<float>(a[i * step_a]), static_cast<float>(b[i * step_b])));
  }
}

template <class T, class F>
void broadcast(const Loops& loops, const T* a, const T* b, T* y, Write write, F f) {
  const i64 rows = loops.rows(), size = loops.inner().size;
  const bool step_a = loops.inner().a != 0, step_b = loops.inner().b != 0, add = write == Write::accumulate;
  const auto row = [=](const T* ra, const T* rb, T* ry, i64 count) {
    if (step_a && step_b) return row_of<1, 1>(ra, rb, ry, count, add, f);
    if (step_a) return row_of<1, 0>(ra, rb, ry, count, add, f);
    if (step_b) return row_of<0, 1>(ra, rb, ry, count, add, f);
    row_of<0, 0>(ra, rb, ry, count, add, f);
  };
  if (rows == 1) {
    for_range(size, 1, [=](i64 begin, i64 end) {
      row(a + (step_a ? begin : 0), b + (step_b ? begin : 0), y + begin, end - begin);
    });
    return;
  }
  for_range(rows, size, [=, &loops](i64 begin, i64 end) {
    for (i64 r = begin; r < end; ++r) {
      i64 at_a, at_b;
      loops.row(r, at_a, at_b);
      row(a + at_a, b + at_b, y + r * size, size);
    }
  });
}

template <class Use>
void with_binary(Binary op, Use&& use) {
  switch (op) {
    case Binary::add:
      return use([](float a, float b) { return a + b; });
    case Binary::sub:
      return use([](float a, float b) { return a - b; });
    case Binary::mul:
      return use([](float a, float b) { return a * b; });
    case Binary::div:
      return use([](float a, float b) { return a / b; });
    // NaN on either side propagates.
    case Binary::maximum:
      return use([](float a, float b) { return a > b || a != a ? a : b; });
    case Binary::minimum:
      return use([](float a, float b) { return a < b || a != a ? a : b; });
  }
}

}  // namespace

void binary(const Exec&, Binary op, View a, View b, MutView y, Write write) {
  const Loops loops(y.shape, a.shape, b.shape);
  dispatch_f32_bf16(name_of(op), y.dtype, [&]<class T>() {
    with_binary(op, [&](auto f) { broadcast(loops, a.as<T>(), b.as<T>(), y.as<T>(), write, f); });
  });
}

void affine(const Exec&, View x, double scale, double shift, MutView y, Write write) {
  const Loops loops(y.shape, x.shape, x.shape);
  const auto s = static_cast<float>(scale), t = static_cast<float>(shift);
  dispatch_f32_bf16("affine", y.dtype, [&]<class T>() {
    const auto f = [s, t](float a, float) { return s * a + t; };
    broadcast(loops, x.as<T>(), x.as<T>(), y.as<T>(), write, f);
  });
}

void fill(const Exec&, double value, MutView y) {
  dispatch_f32_bf16("fill", y.dtype, [&]<class T>() {
    T* to = y.as<T>();
    const T v(static_cast<float>(value));
    for_range(y.count(), 1, [=](i64 begin, i64 end) { std::fill(to + begin, to + end, v); });
  });
}

void cast(const Exec&, View x, MutView y, Write write) {
  dispatch_f32_bf16("cast", x.dtype, [&]<class From>() {
    dispatch_f32_bf16("cast", y.dtype, [&]<class To>() {
      const From* from = x.as<From>();
      To* to = y.as<To>();
      const bool add = write == Write::accumulate;
      for_range(x.count(), 1, [=](i64 begin, i64 end) {
        if (add)
          for (i64 i = begin; i < end; ++i)
            to[i] = To(static_cast<float>(to[i]) + static_cast<float>(from[i]));
        else
          for (i64 i = begin; i < end; ++i) to[i] = To(static_cast<float>(from[i]));
      });
    });
  });
}

void copy_box(const Exec&, View src, Shape src_at, MutView dst, Shape dst_at, Shape extent, Write write) {
  const bool add = write == Write::accumulate;
  const auto offset = [](const Shape& s, const Shape& at, i64 n, i64 h, i64 w) {
    return (((n + at.n) * s.h + h + at.h) * s.w + w + at.w) * s.c + at.c;
  };
  if (extent.count() == 0) return;
  // Rows of w and c are contiguous if both sides have all channels.
  const bool whole = extent.c == src.shape.c && extent.c == dst.shape.c;
  const i64 run = whole ? extent.w * extent.c : extent.c, columns = whole ? 1 : extent.w;
  const Shape from_shape = src.shape, to_shape = dst.shape;
  dispatch_f32_bf16("copy_box", dst.dtype, [&]<class T>() {
    const T* from = src.as<T>();
    T* to = dst.as<T>();
    for_range(extent.n * extent.h * columns, run, [=](i64 begin, i64 end) {
      for (i64 i = begin; i < end; ++i) {
        const i64 w = i % columns, h = i / columns % extent.h, n = i / columns / extent.h;
        const T* a = from + offset(from_shape, src_at, n, h, w);
        T* b = to + offset(to_shape, dst_at, n, h, w);
        if (add) {
          for (i64 j = 0; j < run; ++j) b[j] = T(static_cast<float>(b[j]) + static_cast<float>(a[j]));
        } else {
          std::memcpy(b, a, static_cast<std::size_t>(run) * sizeof(T));
        }
      }
    });
  });
}

}  // namespace sumi::kernels::cpu
