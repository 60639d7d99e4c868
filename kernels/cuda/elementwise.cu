// Arithmetic with broadcasting, scaling, filling, conversion, and box copies: one thread per output
// element.
#include "kernels/elementwise.h"

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/index.cuh"

namespace sumi::kernels::cuda {

// An operand's stride for each step of y along an axis; 0 for broadcasting.
struct Strides {
  std::int64_t n, h, w, c;
};

// y's shape with the strides of its operands. `flat`: every operand is as large as y or has one
// element, so the position in y suffices and `c` is its step.
template <int count>
struct Broadcast {
  Shape y;
  Strides of[count];
  bool flat;
};

template <int count>
Broadcast<count> make_broadcast(const Shape& y, const Shape (&operands)[count]) {
  Broadcast<count> b{y, {}, true};
  for (int i = 0; i < count; ++i) {
    const Shape& s = operands[i];
    const bool one = s.count() == 1;
    b.of[i] = {s.n == 1 ? 0 : s.h * s.w * s.c, s.h == 1 ? 0 : s.w * s.c, s.w == 1 ? 0 : s.c,
               s.c == 1 ? 0 : 1};
    if (s == y) b.of[i].c = 1;
    b.flat = b.flat && (one || s == y);
  }
  return b;
}

__device__ inline std::int64_t moved(const Strides& s, const Shape& at) {
  return at.n * s.n + at.h * s.h + at.w * s.w + at.c * s.c;
}

// NaN on either side of maximum and minimum propagates.
__device__ inline float binary_value(Binary op, float a, float b) {
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
      return a > b || a != a ? a : b;
    case Binary::minimum:
      return a < b || a != a ? a : b;
  }
  return a;
}

template <class T>
__global__ void binary_elements(Binary op, Broadcast<2> shape, std::int64_t count, const T* a, const T* b,
                                T* y, bool add) {
  for_each_element(count, [&](std::int64_t i) {
    std::int64_t at_a = i * shape.of[0].c, at_b = i * shape.of[1].c;
    if (!shape.flat) {
      const Shape at = index_at(shape.y, i);
      at_a = moved(shape.of[0], at);
      at_b = moved(shape.of[1], at);
    }
    store(y[i], binary_value(op, static_cast<float>(a[at_a]), static_cast<float>(b[at_b])), add);
  });
}

template <class T>
__global__ void affine_elements(Broadcast<1> shape, std::int64_t count, const T* x, float scale, float shift,
                                T* y, bool add) {
  for_each_element(count, [&](std::int64_t i) {
    const std::int64_t at = shape.flat ? i * shape.of[0].c : moved(shape.of[0], index_at(shape.y, i));
    store(y[i], scale * static_cast<float>(x[at]) + shift, add);
  });
}

template <class T>
__global__ void fill_elements(std::int64_t count, T value, T* y) {
  for_each_element(count, [=](std::int64_t i) { y[i] = value; });
}

template <class From, class To>
__global__ void cast_elements(std::int64_t count, const From* x, To* y, bool add) {
  for_each_element(count, [=](std::int64_t i) { store(y[i], static_cast<float>(x[i]), add); });
}

template <class T>
__global__ void copy_box_elements(Shape extent, std::int64_t count, Shape src, Shape src_at, const T* from,
                                  Shape dst, Shape dst_at, T* to, bool add) {
  for_each_element(count, [&](std::int64_t i) {
    const Shape at = index_at(extent, i);
    const T x = from[offset(src, src_at.n + at.n, src_at.h + at.h, src_at.w + at.w, src_at.c + at.c)];
    T& y = to[offset(dst, dst_at.n + at.n, dst_at.h + at.h, dst_at.w + at.w, dst_at.c + at.c)];
    store(y, static_cast<float>(x), add);
  });
}

void binary(const Exec& e, Binary op, View a, View b, MutView y, Write write) {
  dispatch_f32_bf16(name_of(op), y.dtype, [&]<class T>() {
    launch(e, name_of(op), binary_elements<T>, {element_grid(y.count()), kElementBlock}, op,
           make_broadcast(y.shape, {a.shape, b.shape}), y.count(), a.as<T>(), b.as<T>(), y.as<T>(),
           write == Write::accumulate);
  });
}

void affine(const Exec& e, View x, double scale, double shift, MutView y, Write write) {
  dispatch_f32_bf16("affine", y.dtype, [&]<class T>() {
    launch(e, "affine", affine_elements<T>, {element_grid(y.count()), kElementBlock},
           make_broadcast(y.shape, {x.shape}), y.count(), x.as<T>(), static_cast<float>(scale),
           static_cast<float>(shift), y.as<T>(), write == Write::accumulate);
  });
}

void fill(const Exec& e, double value, MutView y) {
  dispatch_f32_bf16("fill", y.dtype, [&]<class T>() {
    launch(e, "fill", fill_elements<T>, {element_grid(y.count()), kElementBlock}, y.count(), T(value),
           y.as<T>());
  });
}

void cast(const Exec& e, View x, MutView y, Write write) {
  dispatch_f32_bf16("cast", x.dtype, [&]<class From>() {
    dispatch_f32_bf16("cast", y.dtype, [&]<class To>() {
      launch(e, "cast", cast_elements<From, To>, {element_grid(x.count()), kElementBlock}, x.count(),
             x.as<From>(), y.as<To>(), write == Write::accumulate);
    });
  });
}

void copy_box(const Exec& e, View src, Shape src_at, MutView dst, Shape dst_at, Shape extent, Write write) {
  dispatch_f32_bf16("copy_box", dst.dtype, [&]<class T>() {
    launch(e, "copy_box", copy_box_elements<T>, {element_grid(extent.count()), kElementBlock}, extent,
           extent.count(), src.shape, src_at, src.as<T>(), dst.shape, dst_at, dst.as<T>(),
           write == Write::accumulate);
  });
}

}  // namespace sumi::kernels::cuda
