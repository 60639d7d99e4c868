// y = pad(act(gamma (x - mean) / sqrt(var + eps) + beta) + residual).
//
// A thread owns 16 bytes of adjacent channels, whose maps it reads once, and walks down the rows of
// y: for each it loads a vector, transforms it and stores it. With one element a thread, every
// element would load four parameters, take a root and divide its index, some 170 instructions; so
// it is about 10 (bf16) to 15 (f32). Channels that are no multiple of a vector are processed one
// element at a time by the same kernel. A border element is recomputed from the one that it
// mirrors.
#include "kernels/cuda/device/unary.cuh"
#include "kernels/cuda/norm.cuh"
#include "kernels/cuda/pad.cuh"
#include "kernels/cuda/pixels.cuh"

namespace sumi::kernels::cuda {

// k: y as [outer, rows, c / size]. residual may be null; y may be x if there is no border.
template <class T, int size, class Act>
__global__ void norm_apply_rows(RowChunks k, Affine affine, Act act, Border border, const T* x,
                                const T* residual, T* y) {
  const Slice s(k);
  const ChannelMaps<size> maps = own_maps<size>(k, s, affine.block_maps<size>(k, s));
  const int channels = static_cast<int>(k.cols) * size, channel = static_cast<int>(s.col) * size;
  for_each_pixel(k, s, [&](int pixel) {
    const int source = border.source(pixel);
    const std::int64_t from = std::int64_t{source} * channels + channel;
    float value[size] = {};
    if (source >= 0) {
      float centered[size];
      load_floats(x + from, centered);
      maps.apply(centered, value);
      SUMI_UNROLL
      for (int n = 0; n < size; ++n) value[n] = act.value(value[n]);
      if (residual) {
        float more[size];
        load_floats(residual + from, more);
        SUMI_UNROLL
        for (int n = 0; n < size; ++n) value[n] += more[n];
      }
    }
    store_floats(value, y + std::int64_t{pixel} * channels + channel);
  });
}

void norm_apply(const Exec& e, const NormGeom& g, View x, View mean, View var, View gamma, View beta,
                Unary act, double alpha, View residual, const PadGeom& pad, MutView y) {
  const NormLayout l(g);
  const std::int64_t rows = y.count() > 0 ? y.count() / (l.outer * l.c) : 0;
  if (rows == 0) return;
  [[maybe_unused]] const Pixels fits("norm_apply", y.shape);
  dispatch_f32_bf16("norm_apply", x.dtype, [&]<class T>() {
    dispatch_vectors<T>(l.c, are_aligned({x, residual, y}), [&]<int size>() {
      dispatch_activation(act, alpha, [&]<class Act>(Act function) {
        const RowChunks k = RowChunks::of_elements(l.outer, rows, l.c / size);
        launch(e, "norm_apply", norm_apply_rows<T, size, Act>, {k.grid(), kColumnBlock}, k,
               Affine(l, mean, var, gamma, beta), function, Border("norm_apply", pad, x.shape, y.shape),
               x.as<T>(), residual ? residual.as<T>() : nullptr, y.as<T>());
      });
    });
  });
}

}  // namespace sumi::kernels::cuda
