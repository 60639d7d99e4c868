// Padding of h and w, one thread per output element. The gradient is a gather: one thread owns one
// element of dx and adds, in the order of their positions, the padded elements that copy it.
#include "kernels/pad.h"

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/pad.cuh"

namespace sumi::kernels::cuda {

// The padded indices that copy input index i, along one axis: three runs, of which the second is i
// itself.
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
    const std::int64_t from = padded_from(g, s, t, i);
    y[i] = from < 0 ? T(0.0F) : x[from];
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
