// Color conversion of blocks of pixels, distributed over the threads.
#include "kernels/color.h"

#include "kernels/cpu/planes.h"
#include "kernels/cpu/power.h"

namespace sumi::kernels::cpu {
namespace {

constexpr i64 pixel_cost = 64;  // three powers and three roots

// Calls run.operator()<c>() with c as a compile-time constant, so that no loop over pixels branches
// on it.
template <class Run>
void with_color(Color c, const Run& run) {
  switch (c) {
    case Color::rgb_to_lab:
      return run.template operator()<Color::rgb_to_lab>();
    case Color::lab_to_rgb:
      return run.template operator()<Color::lab_to_rgb>();
    case Color::rgb_to_yuv:
      return run.template operator()<Color::rgb_to_yuv>();
    case Color::yuv_to_rgb:
      return run.template operator()<Color::yuv_to_rgb>();
  }
}

}  // namespace

void convert_color(const Exec&, Color color, View x, MutView y) {
  dispatch_f32_bf16(name_of(color), x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    T* to = y.as<T>();
    with_color(color, [&]<Color c>() {
      for_range(x.count() / 3, pixel_cost, [=](i64 begin, i64 end) {
        Planes in, out;
        for (i64 i = begin; i < end; i += plane_width) {
          const i64 count = std::min(plane_width, end - i);
          in.load(from + 3 * i, count);
          for (i64 j = 0; j < plane_width; ++j) out.put(j, color::convert<FastCurves>(c, in.at(j)));
          out.store(count, to + 3 * i);
        }
      });
    });
  });
}

void convert_color_grad(const Exec&, Color color, View x, View dy, MutView dx, Write write) {
  const bool add = write == Write::accumulate;
  dispatch_f32_bf16(name_of(color), x.dtype, [&]<class T>() {
    const T *from = x.as<T>(), *grads = dy.as<T>();
    T* to = dx.as<T>();
    with_color(color, [&]<Color c>() {
      for_range(x.count() / 3, pixel_cost, [=](i64 begin, i64 end) {
        Planes in, grad, before;
        for (i64 i = begin; i < end; i += plane_width) {
          const i64 count = std::min(plane_width, end - i);
          in.load(from + 3 * i, count);
          grad.load(grads + 3 * i, count);
          if (add) before.load(to + 3 * i, count);
          for (i64 j = 0; j < plane_width; ++j)
            grad.put(j, color::convert_grad<FastCurves>(c, in.at(j), grad.at(j)));
          for (int k = 0; add && k < 3; ++k)
            for (i64 j = 0; j < plane_width; ++j) grad.v[k][j] += before.v[k][j];
          grad.store(count, to + 3 * i);
        }
      });
    });
  });
}

}  // namespace sumi::kernels::cpu
