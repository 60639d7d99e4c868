// Colours, a pixel at a time; pixels are shared out among the threads.
#include "kernels/colour.h"

#include "kernels/base/colour_space.h"
#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {

constexpr i64 pixel_cost = 64;  // three powers and three roots

void convert_colour(const Exec&, Colour c, View x, MutView y) {
  dispatch_f32_bf16(name_of(c), x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    T* to = y.as<T>();
    for_range(x.count() / 3, pixel_cost, [=](i64 begin, i64 end) {
      for (i64 i = 3 * begin; i < 3 * end; i += 3) {
        const auto value = colour::convert(c, colour::load<float>(from + i));
        for (int j = 0; j < 3; ++j) to[i + j] = T(value.v[j]);
      }
    });
  });
}

void convert_colour_grad(const Exec&, Colour c, View x, View dy, MutView dx, Write write) {
  const bool add = write == Write::accumulate;
  dispatch_f32_bf16(name_of(c), x.dtype, [&]<class T>() {
    const T *from = x.as<T>(), *grads = dy.as<T>();
    T* to = dx.as<T>();
    for_range(x.count() / 3, pixel_cost, [=](i64 begin, i64 end) {
      for (i64 i = 3 * begin; i < 3 * end; i += 3) {
        const auto grad =
            colour::convert_grad(c, colour::load<float>(from + i), colour::load<float>(grads + i));
        for (int j = 0; j < 3; ++j)
          to[i + j] = T(add ? static_cast<float>(to[i + j]) + grad.v[j] : grad.v[j]);
      }
    });
  });
}

}  // namespace sumi::kernels::cpu
