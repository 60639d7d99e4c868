// Color conversion, one pixel at a time in double.
#include "kernels/color.h"

#include "kernels/color_space.h"
#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {

void convert_color(const Exec&, Color c, View x, MutView y) {
  dispatch(x.dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < x.count(); i += 3) {
      const auto value = color::convert(c, color::load<double>(x.as<T>() + i));
      for (int j = 0; j < 3; ++j) y.as<T>()[i + j] = static_cast<T>(value.v[j]);
    }
  });
}

void convert_color_grad(const Exec&, Color c, View x, View dy, MutView dx, Write write) {
  dispatch(x.dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < x.count(); i += 3) {
      const auto grad =
          color::convert_grad(c, color::load<double>(x.as<T>() + i), color::load<double>(dy.as<T>() + i));
      for (int j = 0; j < 3; ++j) store(dx.as<T>()[i + j], grad.v[j], write);
    }
  });
}

}  // namespace sumi::kernels::ref
