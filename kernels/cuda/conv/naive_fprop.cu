// Convolution by its definition, with u the stride and d the dilation:
//
//   y[n,p,q,k] = bias[k] + sum over r,s,c of x[n, p u + r d - pad_top, q u + s d - pad_left, c]
//                                            w[k,r,s,c]
//
// One thread computes one element of y (and then the one a whole grid further, if y is larger than
// the grid). Elements are numbered in memory order, ((n P + p) Q + q) K + k, so the threads of a
// warp are adjacent filters k on one pixel: all of them read the same x at the same time, which
// costs one read, and each another filter. With groups, filter k reads only the c/groups channels
// of its own group, k / (K/groups).
//
// Nothing is shared between threads, and every product fetches both its factors: this is the kernel
// to read first and the baseline of the others.
#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/conv/variants.h"
#include "kernels/cuda/device/elements.cuh"

namespace sumi::kernels::cuda {

template <class T>
__global__ void conv_fprop_naive(ConvGeom g, const T* x, const T* w, const T* bias, T* y) {
  const std::int64_t group_c = g.c / g.o.groups, group_k = g.k / g.o.groups;
  const std::int64_t count = g.n * g.p * g.q * g.k, step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += step) {
    const std::int64_t k = i % g.k, q = i / g.k % g.q, p = i / (g.k * g.q) % g.p, n = i / (g.k * g.q * g.p);
    const std::int64_t first_c = k / group_k * group_c;
    float sum = bias ? static_cast<float>(bias[k]) : 0;
    for (std::int64_t r = 0; r < g.r; ++r) {
      const std::int64_t row = p * g.o.stride + r * g.o.dilation - g.o.pad_top;
      if (row < 0 || row >= g.h) continue;  // padding is zero
      for (std::int64_t s = 0; s < g.s; ++s) {
        const std::int64_t col = q * g.o.stride + s * g.o.dilation - g.o.pad_left;
        if (col < 0 || col >= g.w) continue;
        const T* pixel = x + ((n * g.h + row) * g.w + col) * g.c + first_c;
        const T* tap = w + ((k * g.r + r) * g.s + s) * group_c;
        for (std::int64_t c = 0; c < group_c; ++c)
          sum += static_cast<float>(pixel[c]) * static_cast<float>(tap[c]);
      }
    }
    y[i] = T(sum);
  }
}

void naive_fprop(const Exec& e, const ConvGeom& g, View x, View w, View bias, MutView y) {
  const char* name = g.transposed ? "conv_transpose_dgrad_naive" : "conv_fprop_naive";
  dispatch_f32_bf16(g.fprop_name(), y.dtype, [&]<class T>() {
    launch(e, name, conv_fprop_naive<T>, {element_grid(y.count()), kElementBlock}, g, x.as<T>(), w.as<T>(),
           bias ? bias.as<T>() : nullptr, y.as<T>());
  });
}

}  // namespace sumi::kernels::cuda
