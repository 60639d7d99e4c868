// Padding of h and w. A thread owns 16 bytes of channels of a pixel at a time; channels that are no
// multiple of a vector are copied one at a time by the same kernel. The gradient is a gather: one
// thread owns a vector of dx and adds, in the order of their positions, the padded vectors that
// copy it. Most pixels have one copy, and are read and written once.
#include "kernels/pad.h"

#include "kernels/base/launch.h"
#include "kernels/cuda/device/columns.cuh"
#include "kernels/cuda/pad.cuh"
#include "kernels/cuda/rows.cuh"

namespace sumi::kernels::cuda {

// The padded indices that copy input index i, along one axis, in order: `less` from `first` on,
// then before + i, then the rest from `last` on.
struct Copies {
  int first, less, self, last, count;

  __device__ Copies(PadMode mode, int before, int size, int after, int i)
      : first(0), less(0), self(before + i), last(before + size), count(1) {
    if (mode == PadMode::replicate) {
      less = i == 0 ? before : 0;
      count += less + (i == size - 1 ? after : 0);
    } else if (mode == PadMode::reflect) {
      first = before - i;
      less = i >= 1 && i <= before ? 1 : 0;
      last = before + 2 * (size - 1) - i;
      count += less + (i <= size - 2 && i >= size - 1 - after ? 1 : 0);
    }
  }
  __device__ int at(int k) const { return k < less ? first + k : k == less ? self : last + k - less - 1; }
};

// k: y as [1, pixels, c / size].
template <class T, int size>
__global__ void pad_rows(RowChunks k, Border border, const T* x, T* y) {
  const Slice s(k);
  const int channels = static_cast<int>(k.cols) * size, channel = static_cast<int>(s.col) * size;
  for_each_pixel(k, s, [&](int pixel) {
    const int source = border.source(pixel);
    float value[size] = {};
    if (source >= 0) load_floats(x + std::int64_t{source} * channels + channel, value);
    store_floats(value, y + std::int64_t{pixel} * channels + channel);
  });
}

// Returns true if no border copies index i.
__device__ inline bool is_inner(int i, int before, int size, int after) {
  return i > before && i < size - 1 - after;
}

// k: dx as [1, pixels, c / size]; pixels: of dx; h, w: sizes of dx.
template <class T, int size>
__global__ void pad_grad_rows(RowChunks k, PadGeom g, Pixels pixels, int h, int w, const T* dy, T* dx,
                              bool add) {
  const Slice s(k);
  const int channels = static_cast<int>(k.cols) * size, channel = static_cast<int>(s.col) * size;
  const int padded_w = g.left + w + g.right, padded_h = g.top + h + g.bottom;
  for_each_pixel(k, s, [&](int pixel) {
    const Pixel at = pixels.at(pixel);
    float sum[size] = {};
    const auto add_copy = [&](int row, int col) {
      float value[size];
      load_floats(dy + std::int64_t{(at.n * padded_h + row) * padded_w + col} * channels + channel, value);
      SUMI_UNROLL
      for (int n = 0; n < size; ++n) sum[n] += value[n];
    };
    const bool inner =
        g.mode == PadMode::zero || (is_inner(at.h, g.top, h, g.bottom) && is_inner(at.w, g.left, w, g.right));
    if (inner) {
      add_copy(g.top + at.h, g.left + at.w);
      return store_floats(sum, dx + std::int64_t{pixel} * channels + channel, add);
    }
    const Copies rows(g.mode, g.top, h, g.bottom, at.h), cols(g.mode, g.left, w, g.right, at.w);
    SUMI_UNROLL_BY(1)
    for (int row = 0; row < rows.count; ++row) {
      SUMI_UNROLL_BY(1)
      for (int col = 0; col < cols.count; ++col) add_copy(rows.at(row), cols.at(col));
    }
    store_floats(sum, dx + std::int64_t{pixel} * channels + channel, add);
  });
}

void pad(const Exec& e, const PadGeom& g, View x, MutView y) {
  dispatch_rows("pad", y, {x, y}, [&]<class T, int size>(const RowChunks& k) {
    launch(e, "pad", pad_rows<T, size>, {k.grid(), kColumnBlock}, k, Border("pad", g, x.shape, y.shape),
           x.as<T>(), y.as<T>());
  });
}

void pad_grad(const Exec& e, const PadGeom& g, View dy, MutView dx, Write write) {
  [[maybe_unused]] const Pixels fits("pad_grad", dy.shape);
  dispatch_rows("pad_grad", dx, {dy, dx}, [&]<class T, int size>(const RowChunks& k) {
    launch(e, "pad_grad", pad_grad_rows<T, size>, {k.grid(), kColumnBlock}, k, g,
           Pixels("pad_grad", dx.shape), static_cast<int>(dx.shape.h), static_cast<int>(dx.shape.w),
           dy.as<T>(), dx.as<T>(), write == Write::accumulate);
  });
}

}  // namespace sumi::kernels::cuda
