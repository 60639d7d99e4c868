// Functions of one operand, variant 2: 16 bytes at a time.
//
// What changed from `scalar`: a thread reads and writes 4 f32 or 8 bf16 with one instruction. The
// remainder (count mod 4 or 8) is processed element by element by the first threads.
//
// Why it should be faster: LeakyReLU computes almost nothing, so memory determines its time, and
// what counts is the number of bytes in flight per multiprocessor: by Little's law 3.35 TB/s (H100)
// times about 600 ns are 2 MB, 15 KB for each of its 132 multiprocessors. At 2048 threads that is 8
// bytes per thread: scalar reads have 4 (f32) or 2 (bf16) in flight per thread and iteration,
// vectors 16. The loop's own instructions (index, comparison) are divided by 4 or 8 as well.
#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/device/unary.cuh"
#include "kernels/cuda/floats.cuh"
#include "kernels/cuda/unary/variants.h"

namespace sumi::kernels::cuda {

template <class T>
__global__ void unary_vectors(Unary f, float alpha, std::int64_t count, const T* x, T* y) {
  constexpr int size = Vector<T>::kSize;
  const std::int64_t vectors = count / size;
  for_each_element(vectors, [=](std::int64_t i) {
    float value[size];
    load_floats(x + i * size, value);
    unary_values(f, alpha, value);
    store_floats(value, y + i * size);
  });
  for_each_element(count - vectors * size, [=](std::int64_t i) {
    const std::int64_t at = vectors * size + i;
    y[at] = T(unary_value(f, alpha, static_cast<float>(x[at])));
  });
}

template <class T>
__global__ void unary_grad_vectors(Unary f, float alpha, std::int64_t count, const T* x, const T* y,
                                   const T* dy, T* dx, bool add) {
  constexpr int size = Vector<T>::kSize;
  const std::int64_t vectors = count / size;
  const auto gradient = [=](T at_x, T at_y, T at_dy) {
    return unary_slope(f, alpha, static_cast<float>(at_x), static_cast<float>(at_y)) *
           static_cast<float>(at_dy);
  };
  for_each_element(vectors, [=](std::int64_t i) {
    float of_x[size], of_y[size], of_dy[size];
    load_floats(x + i * size, of_x);
    load_floats(y + i * size, of_y);
    load_floats(dy + i * size, of_dy);
    multiply_slopes(f, alpha, of_x, of_y, of_dy);
    store_floats(of_dy, dx + i * size, add);
  });
  for_each_element(count - vectors * size, [=](std::int64_t i) {
    const std::int64_t at = vectors * size + i;
    store(dx[at], gradient(x[at], y[at], dy[at]), add);
  });
}

void vectorized_unary(const Exec& e, Unary f, double alpha, View x, MutView y) {
  dispatch_f32_bf16(name_of(f), x.dtype, [&]<class T>() {
    const dim3 grid = element_grid((x.count() + Vector<T>::kSize - 1) / Vector<T>::kSize);
    launch(e, name_of(f), unary_vectors<T>, {grid, kElementBlock}, f, static_cast<float>(alpha), x.count(),
           x.as<T>(), y.as<T>());
  });
}

void vectorized_unary_grad(const Exec& e, Unary f, double alpha, View x, View y, View dy, MutView dx,
                           Write write) {
  dispatch_f32_bf16(name_of(f), x.dtype, [&]<class T>() {
    const dim3 grid = element_grid((x.count() + Vector<T>::kSize - 1) / Vector<T>::kSize);
    launch(e, name_of(f), unary_grad_vectors<T>, {grid, kElementBlock}, f, static_cast<float>(alpha),
           x.count(), x.as<T>(), y.as<T>(), dy.as<T>(), dx.as<T>(), write == Write::accumulate);
  });
}

}  // namespace sumi::kernels::cuda
