// 8-bit images to floats and back, one thread per value. Cropping, resizing, mirroring and scaling
// are one launch for the whole batch.
#include "kernels/image_u8.h"

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/index.cuh"
#include "kernels/cuda/taps.cuh"

namespace sumi::kernels::cuda {

// Index i of an axis of `size` pixels, clamped to it.
__device__ inline std::int64_t inside(std::int64_t i, std::int64_t size) {
  return i < 0 ? 0 : i < size ? i : size - 1;
}

template <class T>
__global__ void load_image_elements(Shape s, const std::uint8_t* x, const Crop* cuts, Shape t,
                                    std::int64_t count, T* y) {
  const ResizeGeom bilinear{ResizeMode::bilinear, ResizeCoords::half_pixel};
  for_each_element(count, [&](std::int64_t i) {
    const Shape at = index_at(t, i);
    Crop cut{0, 0, static_cast<std::int32_t>(s.h), static_cast<std::int32_t>(s.w), 0};
    if (cuts) cut = cuts[at.n];
    const Tap v = Axis{bilinear, cut.h, t.h}.tap(at.h);
    const Tap u = Axis{bilinear, cut.w, t.w}.tap(cut.flip ? t.w - 1 - at.w : at.w);
    const auto level = [&](std::int64_t h, std::int64_t w) {
      return static_cast<float>(
          x[offset(s, at.n, inside(cut.top + h, s.h), inside(cut.left + w, s.w), at.c)]);
    };
    const float above = (1.0F - u.t) * level(v.first, u.first) + u.t * level(v.first, u.second);
    const float below = (1.0F - u.t) * level(v.second, u.first) + u.t * level(v.second, u.second);
    const float value = (1.0F - v.t) * above + v.t * below;
    y[i] = T((2.0F * value - 255.0F) / 255.0F);
  });
}

template <class T>
__global__ void store_image_elements(std::int64_t count, const T* x, std::uint8_t* y) {
  for_each_element(count, [=](std::int64_t i) {
    const auto value = static_cast<float>(x[i]);
    const float clamped = value > -1.0F ? value < 1.0F ? value : 1.0F : -1.0F;  // NaN: -1
    y[i] = static_cast<std::uint8_t>(lroundf((clamped + 1.0F) * 127.5F));
  });
}

void u8_to_float(const Exec& e, Bytes x, Cuts cuts, MutView y) {
  dispatch_f32_bf16("u8_to_float", y.dtype, [&]<class T>() {
    launch(e, "u8_to_float", load_image_elements<T>, {element_grid(y.count()), kElementBlock}, x.shape,
           x.data, cuts.data, y.shape, y.count(), y.as<T>());
  });
}

void float_to_u8(const Exec& e, View x, MutBytes y) {
  dispatch_f32_bf16("float_to_u8", x.dtype, [&]<class T>() {
    launch(e, "float_to_u8", store_image_elements<T>, {element_grid(x.count()), kElementBlock}, x.count(),
           x.as<T>(), y.data);
  });
}

}  // namespace sumi::kernels::cuda
