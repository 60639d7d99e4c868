// Arithmetic of two operands with broadcasting, scaling, filling, conversion and box copies.
#include "kernels/elementwise.h"

#include <cmath>

#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {
namespace {

double value_of(Binary op, double a, double b) {
  switch (op) {
    case Binary::add:
      return a + b;
    case Binary::sub:
      return a - b;
    case Binary::mul:
      return a * b;
    case Binary::div:
      return a / b;
    case Binary::maximum:
      return a > b || std::isnan(a) ? a : b;
    case Binary::minimum:
      return a < b || std::isnan(a) ? a : b;
  }
  fail("binary", "no such operation");
}

}  // namespace

void binary(const Exec&, Binary op, View a, View b, MutView y, Write write) {
  dispatch(y.dtype, [&]<class T>() {
    const T *as = a.as<T>(), *bs = b.as<T>();
    T* ys = y.as<T>();
    for_each_index(y.shape, [&](const Shape& at) {
      const auto left = static_cast<double>(as[broadcast_offset(a.shape, at)]);
      const auto right = static_cast<double>(bs[broadcast_offset(b.shape, at)]);
      store(ys[offset(y.shape, at)], value_of(op, left, right), write);
    });
  });
}

void affine(const Exec&, View x, double scale, double shift, MutView y, Write write) {
  dispatch(y.dtype, [&]<class T>() {
    const T* xs = x.as<T>();
    T* ys = y.as<T>();
    for_each_index(y.shape, [&](const Shape& at) {
      const auto value = static_cast<double>(xs[broadcast_offset(x.shape, at)]);
      store(ys[offset(y.shape, at)], scale * value + shift, write);
    });
  });
}

void fill(const Exec&, double value, MutView y) {
  dispatch(y.dtype, [&]<class T>() {
    T* ys = y.as<T>();
    for (std::int64_t i = 0; i < y.count(); ++i) ys[i] = static_cast<T>(value);
  });
}

void cast(const Exec&, View x, MutView y, Write write) {
  dispatch(x.dtype, [&]<class From>() {
    dispatch(y.dtype, [&]<class To>() {
      const From* xs = x.as<From>();
      To* ys = y.as<To>();
      for (std::int64_t i = 0; i < x.count(); ++i) store(ys[i], static_cast<double>(xs[i]), write);
    });
  });
}

void copy_box(const Exec&, View src, Shape src_at, MutView dst, Shape dst_at, Shape extent, Write write) {
  dispatch(src.dtype, [&]<class T>() {
    const T* from = src.as<T>();
    T* to = dst.as<T>();
    for_each_index(extent, [&](const Shape& i) {
      const T value = from[offset(src.shape, src_at.n + i.n, src_at.h + i.h, src_at.w + i.w, src_at.c + i.c)];
      store(to[offset(dst.shape, dst_at.n + i.n, dst_at.h + i.h, dst_at.w + i.w, dst_at.c + i.c)],
            static_cast<double>(value), write);
    });
  });
}

}  // namespace sumi::kernels::ref
