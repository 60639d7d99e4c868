// The gradient of a convolution's input, which is also a transposed convolution. With u the stride
// and d the dilation, and (h, v) a pixel of dx:
//
//   dx[n,h,v,c] = bias[c] + sum over k and the taps (r,s) of dy[n,p,q,k] w[k,r,s,c]
//                 where p u = h + pad_top - r d and q u = v + pad_left - s d
//
// A tap counts only if p and q are integers. The textbook form inserts u - 1 zeros between the
// pixels of dy and convolves: one in u u of its products is not zero. Here pixels are sorted into u
// u phases, (h mod u, v mod u), instead: all pixels of a phase meet the same taps, which are evenly
// spaced. Along one axis, let e = gcd(u, d):
//
//   taps      r = first + j (u/e)   for j = 0, 1, ..., where first is the smallest r with
//                                   (h + pad_top - r d) mod u = 0; if there is none, no tap meets
//                                   the phase
//   they read p = (h + pad_top - first d)/u - j (d/e)
//
// so each phase is a small dense convolution of dy, and stride 1 is the case of one phase.
// (Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, describe the
// zeros; Shi et al., "Is the deconvolution layer the same as a convolutional layer?", 2016, the
// phases.)
//
// Blocks (x, y, z): y and z are the phase's row and column, x runs over its elements. One thread
// computes one element of dx, channels fastest: a warp reads the same dy and, for each filter k,
// adjacent weights.
#include <algorithm>
#include <numeric>

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/conv/variants.h"
#include "kernels/cuda/device/elements.cuh"

namespace sumi::kernels::cuda {

// The first tap of the phase whose pixels h have h + pad = at (mod stride), or `taps` if none meets
// it.
__device__ inline std::int64_t first_tap_of_phase(std::int64_t at, int stride, int dilation,
                                                  std::int64_t taps) {
  std::int64_t tap = 0;
  while (tap < taps && (at - tap * dilation) % stride != 0) ++tap;
  return tap;
}

// tap_step = u/e and dy_step = d/e.
template <class T>
__global__ void conv_dgrad_naive(ConvGeom g, int tap_step, int dy_step, const T* dy, const T* w,
                                 const T* bias, T* dx) {
  const std::int64_t u = g.o.stride, d = g.o.dilation;
  const std::int64_t group_c = g.c / g.o.groups, group_k = g.k / g.o.groups;
  const std::int64_t phase_h = blockIdx.y, phase_v = blockIdx.z;
  const std::int64_t first_r = first_tap_of_phase(phase_h + g.o.pad_top, g.o.stride, g.o.dilation, g.r);
  const std::int64_t first_s = first_tap_of_phase(phase_v + g.o.pad_left, g.o.stride, g.o.dilation, g.s);
  // of the phase
  const std::int64_t rows = (g.h - phase_h + u - 1) / u, cols = (g.w - phase_v + u - 1) / u;
  for_each_element(g.n * rows * cols * g.c, [=](std::int64_t i) {
    const std::int64_t c = i % g.c, v = i / g.c % cols * u + phase_v;
    const std::int64_t h = i / (g.c * cols) % rows * u + phase_h, n = i / (g.c * cols * rows);
    const std::int64_t first_k = c / group_c * group_k;
    const std::int64_t first_p = (h + g.o.pad_top - first_r * d) / u;
    const std::int64_t first_q = (v + g.o.pad_left - first_s * d) / u;
    float sum = bias ? static_cast<float>(bias[c]) : 0;
    for (std::int64_t r = first_r, p = first_p; r < g.r; r += tap_step, p -= dy_step) {
      if (p < 0 || p >= g.p) continue;
      for (std::int64_t s = first_s, q = first_q; s < g.s; s += tap_step, q -= dy_step) {
        if (q < 0 || q >= g.q) continue;
        const T* pixel = dy + ((n * g.p + p) * g.q + q) * g.k;
        for (std::int64_t k = first_k; k < first_k + group_k; ++k)
          sum += static_cast<float>(pixel[k]) *
                 static_cast<float>(w[((k * g.r + r) * g.s + s) * group_c + c % group_c]);
      }
    }
    dx[((n * g.h + h) * g.w + v) * g.c + c] = T(sum);
  });
}

void naive_dgrad(const Exec& e, const ConvGeom& g, View dy, View w, View bias, MutView dx) {
  const int common = std::gcd(g.o.stride, g.o.dilation);
  // An image smaller than the stride has fewer phases. The first has the most rows and columns.
  const std::int64_t u = g.o.stride;
  const auto phases_h = static_cast<unsigned>(std::min(u, g.h));
  const auto phases_v = static_cast<unsigned>(std::min(u, g.w));
  dim3 grid = element_grid(g.n * ((g.h + u - 1) / u) * ((g.w + u - 1) / u) * g.c);
  grid.y = phases_h;
  grid.z = phases_v;
  const char* name = g.transposed ? "conv_transpose_fprop_naive" : "conv_dgrad_naive";
  dispatch_f32_bf16(g.dgrad_name(), dx.dtype, [&]<class T>() {
    launch(e, name, conv_dgrad_naive<T>, {grid, kElementBlock}, g, g.o.stride / common, g.o.dilation / common,
           dy.as<T>(), w.as<T>(), bias ? bias.as<T>() : nullptr, dx.as<T>());
  });
}

}  // namespace sumi::kernels::cuda
