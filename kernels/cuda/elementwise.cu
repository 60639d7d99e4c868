// Arithmetic with broadcasting, scaling, filling, conversion, and box copies. A thread owns 16
// bytes of channels of a pixel at a time (casts: 8 elements). Channels that are no multiple of a
// vector are processed one at a time by the same kernels. If all operands are as large as the
// result, or have one element, channels do not matter and the tensor is one long row.
#include "kernels/elementwise.h"

#include "kernels/base/launch.h"
#include "kernels/cuda/device/columns.cuh"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/pixels.cuh"
#include "kernels/cuda/rows.cuh"

namespace sumi::kernels::cuda {

// An operand broadcast to y: its strides, in elements, for each step of y along an axis; 0 for an
// axis of size 1.
struct BroadcastOperand {
  std::int64_t n;
  int h, w;
  bool channels;  // as many as y, else one

  BroadcastOperand(const Shape& s, const Shape& y)
      : n(s.n == 1 ? 0 : s.h * s.w * s.c),
        h(s.h == 1 ? 0 : static_cast<int>(s.w * s.c)),
        w(s.w == 1 ? 0 : static_cast<int>(s.c)),
        channels(s.c == y.c && y.c > 1) {}

  // The `size` elements for a pixel of y from channel `channel` on.
  template <int size, class T>
  __device__ void load(const T* x, const Pixel& at, int channel, float (&to)[size]) const {
    const std::int64_t from = at.n * n + std::int64_t{at.h} * h + std::int64_t{at.w} * w;
    if (channels) return load_floats(x + from + channel, to);
    const auto value = static_cast<float>(x[from]);
    SUMI_UNROLL
    for (int i = 0; i < size; ++i) to[i] = value;
  }
};

// a = a op b for each element; the operation is selected once. NaN on either side of maximum and
// minimum propagates.
template <int size>
__device__ void binary_values(Binary op, float (&a)[size], const float (&b)[size]) {
  const auto each = [&](auto&& value) {
    SUMI_UNROLL
    for (int n = 0; n < size; ++n) a[n] = value(a[n], b[n]);
  };
  switch (op) {
    case Binary::add:
      return each([](float x, float y) { return x + y; });
    case Binary::sub:
      return each([](float x, float y) { return x - y; });
    case Binary::mul:
      return each([](float x, float y) { return x * y; });
    case Binary::div:
      return each([](float x, float y) { return x / y; });
    case Binary::maximum:
      return each([](float x, float y) { return x > y || x != x ? x : y; });
    case Binary::minimum:
      return each([](float x, float y) { return x < y || x != x ? x : y; });
  }
}

// k: y as [1, pixels, c / size].
template <class T, int size>
__global__ void binary_rows(RowChunks k, Binary op, Pixels pixels, BroadcastOperand of_a,
                            BroadcastOperand of_b, const T* a, const T* b, T* y, bool add) {
  const Slice s(k);
  const int channels = static_cast<int>(k.cols) * size, channel = static_cast<int>(s.col) * size;
  for_each_pixel(k, s, [&](int pixel) {
    const Pixel at = pixels.at(pixel);
    float left[size], right[size];
    of_a.load(a, at, channel, left);
    of_b.load(b, at, channel, right);
    binary_values(op, left, right);
    store_floats(left, y + std::int64_t{pixel} * channels + channel, add);
  });
}

template <class T, int size>
__global__ void affine_rows(RowChunks k, Pixels pixels, BroadcastOperand of_x, const T* x, float scale,
                            float shift, T* y, bool add) {
  const Slice s(k);
  const int channels = static_cast<int>(k.cols) * size, channel = static_cast<int>(s.col) * size;
  for_each_pixel(k, s, [&](int pixel) {
    const Pixel at = pixels.at(pixel);
    float value[size];
    of_x.load(x, at, channel, value);
    SUMI_UNROLL
    for (int n = 0; n < size; ++n) value[n] = scale * value[n] + shift;
    store_floats(value, y + std::int64_t{pixel} * channels + channel, add);
  });
}

// y = value. The remainder behind the last whole vector is stored one by one.
template <class T>
__global__ void fill_vectors(std::int64_t count, T value, T* y) {
  Vector<T> v;
  SUMI_UNROLL
  for (int n = 0; n < Vector<T>::kSize; ++n) v.of[n] = value;
  const std::int64_t vectors = count / Vector<T>::kSize;
  for_each_element(vectors, [&](std::int64_t i) { v.store(y + i * Vector<T>::kSize); });
  for_each_element(count - vectors * Vector<T>::kSize,
                   [&](std::int64_t i) { y[vectors * Vector<T>::kSize + i] = value; });
}
template <class T>
__global__ void fill_elements(std::int64_t count, T value, T* y) {
  for_each_element(count, [=](std::int64_t i) { y[i] = value; });
}

// `size` elements at a time; the rest by the first threads.
template <class From, class To, int size>
__global__ void cast_vectors(std::int64_t count, const From* x, To* y, bool add) {
  const std::int64_t vectors = count / size;
  for_each_element(vectors, [=](std::int64_t i) {
    float value[size];
    load_floats(x + i * size, value);
    store_floats(value, y + i * size, add);
  });
  for_each_element(count - vectors * size, [=](std::int64_t i) {
    const std::int64_t at = vectors * size + i;
    store(y[at], static_cast<float>(x[at]), add);
  });
}

// The pixels of a box in a larger tensor of fewer than 2^31 pixels.
struct Box {
  std::int64_t first;
  int rows, columns, channels;

  // at: the box's position in s
  Box(const Shape& s, const Shape& at)
      : first(((at.n * s.h + at.h) * s.w + at.w) * s.c + at.c),
        rows(static_cast<int>(s.h)),
        columns(static_cast<int>(s.w)),
        channels(static_cast<int>(s.c)) {}
  __device__ std::int64_t offset(const Pixel& p, int channel) const {
    return first + std::int64_t{(p.n * rows + p.h) * columns + p.w} * channels + channel;
  }
};

// k: the extent as [1, pixels, c / size].
template <class T, int size>
__global__ void copy_box_rows(RowChunks k, Pixels pixels, Box src, const T* from, Box dst, T* to, bool add) {
  const Slice s(k);
  const int channel = static_cast<int>(s.col) * size;
  for_each_pixel(k, s, [&](int pixel) {
    const Pixel at = pixels.at(pixel);
    float value[size];
    load_floats(from + src.offset(at, channel), value);
    store_floats(value, to + dst.offset(at, channel), add);
  });
}

// The shapes of an operation. If all operands have one element or are as large as y: one long row.
struct FlatShapes {
  Shape y;
  bool flat;

  FlatShapes(const Shape& whole, std::initializer_list<Shape> operands) : y(whole), flat(true) {
    for (const Shape& s : operands) flat = flat && (s == whole || s.count() == 1);
    constexpr std::int64_t kWidest = 8;
    if (!flat || y.count() == 0) return;
    const std::int64_t c = y.count() % kWidest == 0 ? kWidest : y.c;
    y = {1, 1, y.count() / c, c};
  }
  Shape of(const Shape& operand) const { return flat && operand.count() > 1 ? y : operand; }
};

void binary(const Exec& e, Binary op, View a, View b, MutView y, Write write) {
  const FlatShapes shapes(y.shape, {a.shape, b.shape});
  MutView rows = y;
  rows.shape = shapes.y;
  dispatch_rows(name_of(op), rows, {a, b, y}, [&]<class T, int size>(const RowChunks& k) {
    launch(e, name_of(op), binary_rows<T, size>, {k.grid(), kColumnBlock}, k, op,
           Pixels(name_of(op), shapes.y), BroadcastOperand(shapes.of(a.shape), shapes.y),
           BroadcastOperand(shapes.of(b.shape), shapes.y), a.as<T>(), b.as<T>(), y.as<T>(),
           write == Write::accumulate);
  });
}

void affine(const Exec& e, View x, double scale, double shift, MutView y, Write write) {
  const FlatShapes shapes(y.shape, {x.shape});
  MutView rows = y;
  rows.shape = shapes.y;
  dispatch_rows("affine", rows, {x, y}, [&]<class T, int size>(const RowChunks& k) {
    launch(e, "affine", affine_rows<T, size>, {k.grid(), kColumnBlock}, k, Pixels("affine", shapes.y),
           BroadcastOperand(shapes.of(x.shape), shapes.y), x.as<T>(), static_cast<float>(scale),
           static_cast<float>(shift), y.as<T>(), write == Write::accumulate);
  });
}

void fill(const Exec& e, double value, MutView y) {
  dispatch_f32_bf16("fill", y.dtype, [&]<class T>() {
    const bool vectors = are_aligned({y});
    launch(e, "fill", vectors ? fill_vectors<T> : fill_elements<T>,
           {element_grid(vectors ? (y.count() + Vector<T>::kSize - 1) / Vector<T>::kSize : y.count()),
            kElementBlock},
           y.count(), T(value), y.as<T>());
  });
}

void cast(const Exec& e, View x, MutView y, Write write) {
  dispatch_f32_bf16("cast", x.dtype, [&]<class From>() {
    dispatch_f32_bf16("cast", y.dtype, [&]<class To>() {
      constexpr int size = 8;
      const auto run = [&](auto kernel, int at_once) {
        launch(e, "cast", kernel, {element_grid((x.count() + at_once - 1) / at_once), kElementBlock},
               x.count(), x.as<From>(), y.as<To>(), write == Write::accumulate);
      };
      if (are_aligned({x, y}))
        run(cast_vectors<From, To, size>, size);
      else
        run(cast_vectors<From, To, 1>, 1);
    });
  });
}

void copy_box(const Exec& e, View src, Shape src_at, MutView dst, Shape dst_at, Shape extent, Write write) {
  if (extent.count() == 0) return;
  for (const Shape& s : {src.shape, dst.shape}) [[maybe_unused]] const Pixels fits("copy_box", s);
  dispatch_f32_bf16("copy_box", dst.dtype, [&]<class T>() {
    // A vector never straddles the sides of a box if all sizes and positions are multiples of it.
    const std::int64_t sizes = src.shape.c | dst.shape.c | src_at.c | dst_at.c | extent.c;
    dispatch_vectors<T>(sizes, are_aligned({src, dst}), [&]<int size>() {
      const RowChunks k = RowChunks::of_elements(1, extent.n * extent.h * extent.w, extent.c / size);
      launch(e, "copy_box", copy_box_rows<T, size>, {k.grid(), kColumnBlock}, k, Pixels("copy_box", extent),
             Box(src.shape, src_at), src.as<T>(), Box(dst.shape, dst_at), dst.as<T>(),
             write == Write::accumulate);
    });
  });
}

}  // namespace sumi::kernels::cuda
