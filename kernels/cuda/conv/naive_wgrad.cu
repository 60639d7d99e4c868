// The gradient of a convolution's weights, with u the stride and d the dilation:
//
//   dw[k,r,s,c] = sum over n,p,q of dy[n,p,q,k]
//                                   x[n, p u + r d - pad_top, q u + s d - pad_left, group of k, c]
//
// There may be few weights and many pixels (n,p,q): a first layer has some thousand weights and a
// million pixels. So pixels, numbered (n P + p) Q + q, are split into chunks of equal length, and
// one thread computes the sum of one chunk for one weight. Adjacent threads process adjacent
// channels c of one filter tap: a warp reads the same dy and adjacent x. The partial sums go to
// scratch memory, and a second kernel (sum_chunks) adds them in the order of the chunks; with one
// chunk the first kernel writes dw itself.
//
// A chunk is processed in pieces of rows, and within a row the columns that fall on padding are
// skipped beforehand. Each piece has a sum of its own, which keeps the rounding error of long sums
// small.
#include <type_traits>

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/conv/variants.h"
#include "kernels/cuda/device/chunks.cuh"

namespace sumi::kernels::cuda {

// One weight, and the position of its tap.
struct WeightAt {
  std::int64_t k, c;       // filter, channel of x
  std::int64_t top, left;  // output pixel (p, q) reads row p u + top and column q u + left of x
};

__device__ inline WeightAt weight_at(const ConvGeom& g, std::int64_t i) {
  const std::int64_t group_c = g.c / g.o.groups, group_k = g.k / g.o.groups;
  const std::int64_t c = i % group_c, s = i / group_c % g.s, r = i / (group_c * g.s) % g.r;
  const std::int64_t k = i / (group_c * g.s * g.r);
  return {k, k / group_k * group_c + c, r * g.o.dilation - g.o.pad_top, s * g.o.dilation - g.o.pad_left};
}

// The sum over output pixels [begin, end).
template <class T>
__device__ float sum_of_pixels(const ConvGeom& g, const WeightAt& at, std::int64_t begin, std::int64_t end,
                               const T* x, const T* dy) {
  const std::int64_t u = g.o.stride;
  // The columns q with 0 <= q u + left < w.
  const std::int64_t q_first = at.left < 0 ? (-at.left + u - 1) / u : 0;
  const std::int64_t q_end = at.left < g.w ? (g.w - 1 - at.left) / u + 1 : 0;
  float sum = 0;
  for (std::int64_t i = begin; i < end;) {
    const std::int64_t q0 = i % g.q, p = i / g.q % g.p, n = i / (g.q * g.p);
    const std::int64_t q1 = min(g.q, q0 + end - i);
    i += q1 - q0;
    const std::int64_t row = p * u + at.top;
    if (row < 0 || row >= g.h) continue;
    const T* x_row = x + (n * g.h + row) * g.w * g.c + at.c;
    const T* dy_row = dy + (n * g.p + p) * g.q * g.k + at.k;
    float row_sum = 0;
    for (std::int64_t q = max(q0, q_first); q < min(q1, q_end); ++q)
      row_sum += static_cast<float>(dy_row[q * g.k]) * static_cast<float>(x_row[(q * u + at.left) * g.c]);
    sum += row_sum;
  }
  return sum;
}

// to[chunk, weight] = or += the sum over a chunk: dw itself, or partial sums in f32.
template <class T, class To>
__global__ void conv_wgrad_naive(ConvGeom g, Chunks chunks, const T* x, const T* dy, To* to, bool add) {
  const std::int64_t weights = g.k * g.r * g.s * (g.c / g.o.groups), pixels = g.n * g.p * g.q;
  for_each_element(chunks.count * weights, [=](std::int64_t i) {
    const std::int64_t begin = i / weights * chunks.length;
    const std::int64_t end = min(begin + chunks.length, pixels);
    store(to[i], sum_of_pixels(g, weight_at(g, i % weights), begin, end, x, dy), add);
  });
}

void naive_wgrad(const Exec& e, const ConvGeom& g, View x, View dy, MutView dw, Write write) {
  // About as many threads as a large GPU holds at a time, each with at least 64 products.
  const std::int64_t weights = dw.count();
  const Chunks chunks = make_chunks(g.n * g.p * g.q, weights, 1 << 18, 64, 1);
  const std::int64_t sums = chunks.count * weights;
  const bool add = write == Write::accumulate;
  const char* name = g.transposed ? "conv_transpose_wgrad_naive" : "conv_wgrad_naive";
  dispatch_f32_bf16(g.wgrad_name(), x.dtype, [&]<class T>() {
    dispatch_f32_bf16(g.wgrad_name(), dw.dtype, [&]<class To>() {
      // a gradient is in f32 or in the operands' type
      if constexpr (std::is_same_v<To, float> || std::is_same_v<To, T>) {
        const LaunchShape shape{element_grid(sums), kElementBlock};
        if (chunks.count == 1)
          return launch(e, name, conv_wgrad_naive<T, To>, shape, g, chunks, x.as<T>(), dy.as<T>(),
                        dw.as<To>(), add);
        auto* partial = static_cast<float*>(e.scratch->get(static_cast<std::size_t>(sums) * sizeof(float)));
        launch(e, name, conv_wgrad_naive<T, float>, shape, g, chunks, x.as<T>(), dy.as<T>(), partial, false);
        launch(e, "sum_chunks", sum_chunks<To>, {element_grid(weights), kElementBlock}, chunks.count, weights,
               partial, dw.as<To>(), add);
      }
    });
  });
}

}  // namespace sumi::kernels::cuda
