// Pictures of bytes to floats and back; rows of pixels are shared out among the threads.
#include "kernels/picture.h"

#include <cmath>

#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {
namespace {

// One axis: pixel `first` with weight 1 - t and `second` with weight t, both in the picture.
struct Tap {
  i64 first, second;
  float t;
};

// Output i of `out`, from the `length` pixels from `start` on of a picture of `size`.
inline Tap tap(i64 i, i64 out, i64 start, i64 length, i64 size) {
  const double ratio = static_cast<double>(length) / static_cast<double>(out);
  const double at = std::max(0.0, (static_cast<double>(i) + 0.5) * ratio - 0.5);
  const i64 whole = static_cast<i64>(at), first = std::min(whole, length - 1);
  const i64 second = std::min(first + 1, length - 1);
  return {std::clamp<i64>(start + first, 0, size - 1), std::clamp<i64>(start + second, 0, size - 1),
          static_cast<float>(at - static_cast<double>(whole))};
}

}  // namespace

void load_pictures(const Exec&, Bytes x, Cuts cuts, MutView y) {
  const Shape s = x.shape, t = y.shape;
  const Cut whole{0, 0, static_cast<std::int32_t>(s.h), static_cast<std::int32_t>(s.w), 0};
  dispatch_f32_bf16("load_pictures", y.dtype, [&]<class T>() {
    T* const to = y.as<T>();
    for_range(t.n * t.h, 4 * t.w * t.c, [=](i64 begin, i64 end) {
      for (i64 row = begin; row < end; ++row) {
        const i64 n = row / t.h;
        const Cut cut = cuts.data ? cuts.data[n] : whole;
        const Tap v = tap(row % t.h, t.h, cut.top, cut.h, s.h);
        const std::uint8_t* above = x.data + (n * s.h + v.first) * s.w * s.c;
        const std::uint8_t* below = x.data + (n * s.h + v.second) * s.w * s.c;
        for (i64 w = 0; w < t.w; ++w) {
          const Tap u = tap(cut.flip ? t.w - 1 - w : w, t.w, cut.left, cut.w, s.w);
          for (i64 c = 0; c < s.c; ++c) {
            const auto along = [&](const std::uint8_t* p) {
              return (1.0F - u.t) * static_cast<float>(p[u.first * s.c + c]) +
                     u.t * static_cast<float>(p[u.second * s.c + c]);
            };
            const float value = (1.0F - v.t) * along(above) + v.t * along(below);
            to[(row * t.w + w) * t.c + c] = T((2.0F * value - 255.0F) / 255.0F);
          }
        }
      }
    });
  });
}

void store_pictures(const Exec&, View x, MutBytes y) {
  dispatch_f32_bf16("store_pictures", x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    std::uint8_t* to = y.data;
    for_range(x.count(), 1, [=](i64 begin, i64 end) {
      for (i64 i = begin; i < end; ++i) {
        const auto value = static_cast<float>(from[i]);
        to[i] = static_cast<std::uint8_t>(
            value != value ? 0 : std::lround((std::clamp(value, -1.0F, 1.0F) + 1.0F) * 127.5F));
      }
    });
  });
}

}  // namespace sumi::kernels::cpu
