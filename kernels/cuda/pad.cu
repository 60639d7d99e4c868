// Padding of h and w: one thread an output element at a time. The gradient is a gather: one thread owns one
// element of dx and adds, in the order of their positions, the padded elements that copy it.
#include "kernels/pad.h"

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/index.cuh"

namespace sumi::kernels::cuda {

// The input index that stands i pixels after the first, or -1 where the border is zero.
__device__ inline std::int64_t pad_source(PadMode mode, std::int64_t i, std::int64_t size) {
  if (i >= 0 && i < size) return i;
  if (mode == PadMode::zero) return -1;
  if (mode == PadMode::replicate) return i < 0 ? 0 : size - 1;
  return i < 0 ? -i : 2 * (size - 1) - i;
}

// The padded indices that copy input index i, along one axis: three runs, of which the second is i itself.
struct Copies {
  std::int64_t first[3], count[3];

  __device__ Copies(PadMode mode, std::int64_t before, std::int64_t size, std::int64_t after, std::int64_t i)
      : first{0, before + i, before + size}, count{0, 1, 0} {
    if (mode == PadMode::replicate) {
      if (i == 0) count[0] = before;
      if (i == size - 1) count[2] = after;
    } else if (mode == PadMode::reflect) {
      first[0] = before - i;
      if (i >= 1 && i <= before) count[0] = 1;
      first[2] = before + 2 * (size - 1) - i;
      if (i <= size - 2 && i >= size - 1 - after) count[2] = 1;
    }
  }
};

template <class F>
__device__ void for_each_copy(const Copies& copies, F&& f) {
  for (int run = 0; run < 3; ++run)
    for (std::int64_t i = 0; i < copies.count[run]; ++i) f(copies.first[run] + i);
}

template <class T>
__global__ void pad_elements(PadGeom g, Shape s, Shape t, std::int64_t count, const T* x, T* y) {
  for_each_element(count, [&](std::int64_t i) {
    const Shape at = index_at(t, i);
    const std::int64_t h = pad_source(g.mode, at.h - g.top, s.h), w = pad_source(g.mode, at.w - g.left, s.w);
    y[i] = h < 0 || w < 0 ? T(0.0F) : x[offset(s, at.n, h, w, at.c)];
  });
}

template <class T>
__global__ void pad_grad_elements(PadGeom g, Shape s, Shape t, std::int64_t count, const T* dy, T* dx,
                                  bool add) {
  for_each_element(count, [&](std::int64_t i) {
    const Shape at = index_at(s, i);
    const Copies rows(g.mode, g.top, s.h, g.bottom, at.h), cols(g.mode, g.left, s.w, g.right, at.w);
    float sum = 0;
    for_each_copy(rows, [&](std::int64_t h) {
      for_each_copy(cols,
                    [&](std::int64_t w) { sum += static_cast<float>(dy[offset(t, at.n, h, w, at.c)]); });
    });
    store(dx[i], sum, add);
  });
}

void pad(const Exec& e, const PadGeom& g, View x, MutView y) {
  dispatch_f32_bf16("pad", x.dtype, [&]<class T>() {
    launch(e, "pad", pad_elements<T>, {element_grid(y.count()), kElementBlock}, g, x.shape, y.shape,
           y.count(), x.as<T>(), y.as<T>());
  });
}

void pad_grad(const Exec& e, const PadGeom& g, View dy, MutView dx, Write write) {
  dispatch_f32_bf16("pad_grad", dx.dtype, [&]<class T>() {
    launch(e, "pad_grad", pad_grad_elements<T>, {element_grid(dx.count()), kElementBlock}, g, dx.shape,
           dy.shape, dx.count(), dy.as<T>(), dx.as<T>(), write == Write::accumulate);
  });
}

}  // namespace sumi::kernels::cuda
