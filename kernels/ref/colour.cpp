// Colours, a pixel at a time in double.
#include "kernels/colour.h"

#include "kernels/base/colour_space.h"
#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {

void convert_colour(const Exec&, Colour c, View x, MutView y) {
  dispatch(x.dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < x.count(); i += 3) {
      const auto value = colour::convert(c, colour::load<double>(x.as<T>() + i));
      for (int j = 0; j < 3; ++j) y.as<T>()[i + j] = static_cast<T>(value.v[j]);
    }
  });
}

void convert_colour_grad(const Exec&, Colour c, View x, View dy, MutView dx, Write write) {
  dispatch(x.dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < x.count(); i += 3) {
      const auto grad =
          colour::convert_grad(c, colour::load<double>(x.as<T>() + i), colour::load<double>(dy.as<T>() + i));
      for (int j = 0; j < 3; ++j) store(dx.as<T>()[i + j], grad.v[j], write);
    }
  });
}

}  // namespace sumi::kernels::ref
