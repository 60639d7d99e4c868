// 8-bit images to values and back, one value at a time.
#include "kernels/image_u8.h"

#include <algorithm>
#include <cmath>

#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {
namespace {

// One axis: (1 - weight) * first + weight * second, both inside the image.
struct Taps {
  std::int64_t first, second;
  double weight;
};

// The taps of output i of `out`, for `length` pixels starting at `start` of an image of `size`.
Taps taps(std::int64_t i, std::int64_t out, std::int64_t start, std::int64_t length, std::int64_t size) {
  const double at = std::max(
      0.0, (static_cast<double>(i) + 0.5) * static_cast<double>(length) / static_cast<double>(out) - 0.5);
  const std::int64_t first = std::min(static_cast<std::int64_t>(at), length - 1);
  const std::int64_t second = std::min(first + 1, length - 1);
  return {std::clamp<std::int64_t>(start + first, 0, size - 1),
          std::clamp<std::int64_t>(start + second, 0, size - 1), at - std::floor(at)};
}

}  // namespace

void u8_to_float(const Exec&, Bytes x, Cuts cuts, MutView y) {
  const Shape s = x.shape, t = y.shape;
  const Crop whole{0, 0, static_cast<std::int32_t>(s.h), static_cast<std::int32_t>(s.w), 0};
  dispatch(y.dtype, [&]<class T>() {
    for_each_index(t, [&](const Shape& at) {
      const Crop cut = cuts.data ? cuts.data[at.n] : whole;
      const Taps v = taps(at.h, t.h, cut.top, cut.h, s.h);
      const Taps u = taps(cut.flip ? t.w - 1 - at.w : at.w, t.w, cut.left, cut.w, s.w);
      const auto level = [&](std::int64_t h, std::int64_t w) {
        return static_cast<double>(x.data[offset(s, at.n, h, w, at.c)]);
      };
      const double above = (1 - u.weight) * level(v.first, u.first) + u.weight * level(v.first, u.second);
      const double below = (1 - u.weight) * level(v.second, u.first) + u.weight * level(v.second, u.second);
      const double value = (1 - v.weight) * above + v.weight * below;
      y.as<T>()[offset(t, at)] = static_cast<T>((2 * value - 255) / 255);
    });
  });
}

void float_to_u8(const Exec&, View x, MutBytes y) {
  dispatch(x.dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < x.count(); ++i) {
      const auto value = static_cast<double>(x.as<T>()[i]);
      y.data[i] = static_cast<std::uint8_t>(
          std::isnan(value) ? 0 : std::lround((std::clamp(value, -1.0, 1.0) + 1) * 127.5));
    }
  });
}

}  // namespace sumi::kernels::ref
