// Image losses with their gradients in the same pass: sums as in loss.cu. Total variation: each
// thread adds one element's differences to the pixels below and on the right, and stores the
// element's derivative from all four neighbors. Color loss: one thread per pixel.
#include "kernels/image_loss.h"

#include "kernels/base/dispatch.h"
#include "kernels/color_space.h"
#include "kernels/cuda/sums.cuh"

namespace sumi::kernels::cuda {

template <class T>
struct VariationTerm {
  const T* x;
  T* dx;  // may be null
  std::int64_t h, w, c;
  float share_h, share_w;

  // x[to] - x[from], or 0 at an edge.
  __device__ float difference(bool inside, std::int64_t to, std::int64_t from) const {
    return inside ? static_cast<float>(x[to]) - static_cast<float>(x[from]) : 0;
  }
  __device__ float operator()(std::int64_t i) const {
    const std::int64_t row = i / c / w % h, col = i / c % w, next_row = w * c;
    const float down = difference(row + 1 < h, i + next_row, i), across = difference(col + 1 < w, i + c, i);
    if (dx) {
      const float up = difference(row > 0, i, i - next_row), back = difference(col > 0, i, i - c);
      dx[i] = T(2 * (share_h * (up - down) + share_w * (back - across)));
    }
    return share_h * down * down + share_w * across * across;
  }
};

template <class T>
struct ColorTerm {
  const T *x, *target;
  T* dx;  // may be null
  float delta, share;

  __device__ float operator()(std::int64_t pixel) const {
    const std::int64_t i = 3 * pixel;
    const auto d = color::yuv_distance(color::load<float>(x + i), color::load<float>(target + i), delta);
    if (dx)
      for (int j = 0; j < 3; ++j) dx[i + j] = T(share * d.grad.v[j]);
    return d.value;
  }
};

void total_variation(const Exec& e, View x, MutView y, MutView dx) {
  const Shape& s = x.shape;
  const VariationShares share(s);
  dispatch_f32_bf16("total_variation", x.dtype, [&]<class T>() {
    const VariationTerm<T> term{x.as<T>(),
                                dx ? dx.as<T>() : nullptr,
                                s.h,
                                s.w,
                                s.c,
                                static_cast<float>(share.h),
                                static_cast<float>(share.w)};
    sum_rows(e, RowChunks(1, s.count(), 1), term, 1, y.as<T>(), false);
  });
}

void color_loss(const Exec& e, double delta, View x, View target, MutView y, MutView dx) {
  const std::int64_t pixels = x.count() / 3;
  const double share = 1.0 / static_cast<double>(pixels);
  dispatch_f32_bf16("color_loss", x.dtype, [&]<class T>() {
    const ColorTerm<T> term{x.as<T>(), target.as<T>(), dx ? dx.as<T>() : nullptr, static_cast<float>(delta),
                            static_cast<float>(share)};
    sum_rows(e, RowChunks(1, pixels, 1), term, share, y.as<T>(), false);
  });
}

}  // namespace sumi::kernels::cuda
