// The number of channels that a kernel accesses at once, as a template parameter.
#pragma once

#include "kernels/base/dispatch.h"
#include "kernels/base/view.h"
#include "kernels/cuda/device/columns.cuh"
#include "kernels/cuda/floats.cuh"
#include "kernels/cuda/variant.h"

namespace sumi::kernels::cuda {

// Calls f.operator()<size>() with a Vector's size if `channels` is a multiple of it and the
// operands are aligned, else with 1.
template <class T, class F>
void dispatch_vectors(std::int64_t channels, bool aligned, F&& f) {
  if (aligned && channels % Vector<T>::kSize == 0) return f.template operator()<Vector<T>::kSize>();
  f.template operator()<1>();
}

// Calls f.operator()<T, size>(k) with the partition of y as [1, pixels, c / size], for a kernel
// that computes a vector of y at a time, of f32 or bf16, with for_each_pixel(). `operands`: all
// that it accesses in vectors. Does nothing if y is empty.
template <class F>
void dispatch_rows(const char* kernel, View y, std::initializer_list<View> operands, F&& f) {
  if (y.count() == 0) return;
  if (y.count() / y.shape.c >= (std::int64_t{1} << 31) - kColumnBlock)
    fail(kernel, "2^31 pixels or more, " + y.shape.str() + "; use a smaller batch or image");
  dispatch_f32_bf16(kernel, y.dtype, [&]<class T>() {
    dispatch_vectors<T>(y.shape.c, are_aligned(operands), [&]<int size>() {
      const RowChunks k = RowChunks::of_elements(1, y.count() / y.shape.c, y.shape.c / size);
      f.template operator()<T, size>(k);
    });
  });
}

}  // namespace sumi::kernels::cuda
