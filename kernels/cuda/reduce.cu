// Sums over any axes, sums of squares, and the search for NaN and infinity.
//
// A sum over adjacent axes (all to one, n h w to channels, h w per image) is a sum over rows in two
// kernels, sums.cuh. Any other sum, and short sums, use one thread per output: it walks over the
// box of elements that are summed to its output, in memory order.
#include "kernels/reduce.h"

#include "kernels/base/dispatch.h"
#include "kernels/base/reduction_shape.h"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/sums.cuh"

namespace sumi::kernels::cuda {

// Below this number of terms an output is computed by one thread.
inline constexpr std::int64_t kShortSum = 64;

template <class T>
struct Element {
  const T* x;
  __device__ float operator()(std::int64_t i) const { return static_cast<float>(x[i]); }
};
template <class T>
struct ElementSquared {
  const T* x;
  __device__ float operator()(std::int64_t i) const {
    const auto value = static_cast<float>(x[i]);
    return value * value;
  }
};
// 1 if the element is NaN or infinite: x - x is 0 for any other number.
template <class T>
struct ElementNonfinite {
  const T* x;
  __device__ float operator()(std::int64_t i) const {
    const auto value = static_cast<float>(x[i]);
    return value - value == 0 ? 0.0F : 1.0F;
  }
};

// xs and ys: the shapes of x and y.
template <class T>
__global__ void sum_boxes(Shape xs, Shape ys, const T* x, double scale, T* y, bool add) {
  for_each_element(ys.n * ys.h * ys.w * ys.c, [=](std::int64_t i) {
    const std::int64_t c0 = i % ys.c, w0 = i / ys.c % ys.w, h0 = i / ys.c / ys.w % ys.h,
                       n0 = i / ys.c / ys.w / ys.h;
    double sum = 0;
    for (std::int64_t n = n0; n < (ys.n == 1 ? xs.n : n0 + 1); ++n)
      for (std::int64_t h = h0; h < (ys.h == 1 ? xs.h : h0 + 1); ++h)
        for (std::int64_t w = w0; w < (ys.w == 1 ? xs.w : w0 + 1); ++w)
          for (std::int64_t c = c0; c < (ys.c == 1 ? xs.c : c0 + 1); ++c)
            sum += static_cast<double>(x[((n * xs.h + h) * xs.w + w) * xs.c + c]);
    sum *= scale;
    y[i] = T(add ? static_cast<double>(y[i]) + sum : sum);
  });
}

void sum_to(const Exec& e, View x, double scale, MutView y, Write write) {
  const ReductionShape fold(x.shape, y.shape);
  const bool add = write == Write::accumulate;
  dispatch_f32_bf16("sum_to", x.dtype, [&]<class T>() {
    if (fold.fits && fold.rows >= kShortSum) {
      const RowChunks k(fold.outer, fold.rows, fold.cols);
      sum_rows(e, k, Element<T>{x.as<T>()}, scale, y.as<T>(), add);
    } else {
      launch(e, "sum_boxes", sum_boxes<T>, {element_grid(y.count()), kElementBlock}, x.shape, y.shape,
             x.as<T>(), scale, y.as<T>(), add);
    }
  });
}

void sum_squares(const Exec& e, View x, MutView y) {
  dispatch_f32_bf16("sum_squares", x.dtype, [&]<class T>() {
    sum_rows(e, RowChunks(1, x.count(), 1), ElementSquared<T>{x.as<T>()}, 1, y.as<T>(), false);
  });
}

std::int64_t count_nonfinite(const Exec& e, View x) {
  double count = 0;
  dispatch_f32_bf16("count_nonfinite", x.dtype, [&]<class T>() {
    // A chunk counts in f32, exact to 2^24: chunks are longer only if x has 2^34 elements.
    const RowChunks k(1, x.count(), 1);
    auto* const total = static_cast<double*>(
        e.scratch->get(sizeof(double) + static_cast<std::size_t>(k.partials()) * sizeof(float)));
    sum_rows(e, k, ElementNonfinite<T>{x.as<T>()}, reinterpret_cast<float*>(total + 1), 1, total, false);
    read_back("count_nonfinite", e, &count, total, sizeof count);
  });
  return static_cast<std::int64_t>(count);
}

}  // namespace sumi::kernels::cuda
