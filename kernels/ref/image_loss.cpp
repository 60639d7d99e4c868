// Image losses, per pair of adjacent pixels and per pixel, in double.
#include "kernels/image_loss.h"

#include <vector>

#include "kernels/color_space.h"
#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {

void total_variation(const Exec&, View x, MutView y, MutView dx) {
  const Shape& s = x.shape;
  const VariationShares share(s);
  dispatch(x.dtype, [&]<class T>() {
    std::vector<double> grad(static_cast<std::size_t>(s.count()));
    double sum = 0;
    const auto pair = [&](std::int64_t a, std::int64_t b, double factor) {
      const auto d = static_cast<double>(x.as<T>()[b]) - static_cast<double>(x.as<T>()[a]);
      sum += factor * d * d;
      grad[static_cast<std::size_t>(b)] += 2 * factor * d;
      grad[static_cast<std::size_t>(a)] -= 2 * factor * d;
    };
    for_each_index(s, [&](const Shape& at) {
      const std::int64_t here = offset(s, at);
      if (at.h + 1 < s.h) pair(here, here + s.w * s.c, share.h);
      if (at.w + 1 < s.w) pair(here, here + s.c, share.w);
    });
    *y.as<T>() = static_cast<T>(sum);
    if (!dx) return;
    for (std::int64_t i = 0; i < s.count(); ++i)
      dx.as<T>()[i] = static_cast<T>(grad[static_cast<std::size_t>(i)]);
  });
}

void color_loss(const Exec&, double delta, View x, View target, MutView y, MutView dx) {
  dispatch(x.dtype, [&]<class T>() {
    const auto pixels = static_cast<double>(x.count() / 3);
    double sum = 0;
    for (std::int64_t i = 0; i < x.count(); i += 3) {
      const auto d = color::yuv_distance(color::load<double>(x.as<T>() + i),
                                         color::load<double>(target.as<T>() + i), delta);
      sum += d.value;
      for (int j = 0; dx && j < 3; ++j) dx.as<T>()[i + j] = static_cast<T>(d.grad.v[j] / pixels);
    }
    *y.as<T>() = static_cast<T>(sum / pixels);
  });
}

}  // namespace sumi::kernels::ref
