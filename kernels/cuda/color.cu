// Color conversion, one thread per pixel of three channels.
#include "kernels/color.h"

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/color_space.h"
#include "kernels/cuda/device/elements.cuh"

namespace sumi::kernels::cuda {

template <class T>
__global__ void convert_pixels(Color c, std::int64_t pixels, const T* x, T* y) {
  for_each_element(pixels, [=](std::int64_t i) {
    const auto value = color::convert(c, color::load<float>(x + 3 * i));
    for (int j = 0; j < 3; ++j) y[3 * i + j] = T(value.v[j]);
  });
}

template <class T>
__global__ void convert_grad_pixels(Color c, std::int64_t pixels, const T* x, const T* dy, T* dx, bool add) {
  for_each_element(pixels, [=](std::int64_t i) {
    const auto grad = color::convert_grad(c, color::load<float>(x + 3 * i), color::load<float>(dy + 3 * i));
    for (int j = 0; j < 3; ++j) store(dx[3 * i + j], grad.v[j], add);
  });
}

void convert_color(const Exec& e, Color c, View x, MutView y) {
  const std::int64_t pixels = x.count() / 3;
  dispatch_f32_bf16(name_of(c), x.dtype, [&]<class T>() {
    launch(e, name_of(c), convert_pixels<T>, {element_grid(pixels), kElementBlock}, c, pixels, x.as<T>(),
           y.as<T>());
  });
}

void convert_color_grad(const Exec& e, Color c, View x, View dy, MutView dx, Write write) {
  const std::int64_t pixels = x.count() / 3;
  dispatch_f32_bf16(name_of(c), x.dtype, [&]<class T>() {
    launch(e, name_of(c), convert_grad_pixels<T>, {element_grid(pixels), kElementBlock}, c, pixels, x.as<T>(),
           dy.as<T>(), dx.as<T>(), write == Write::accumulate);
  });
}

}  // namespace sumi::kernels::cuda
