// Color space conversions and their gradients. The formulas are in kernels/color_space.h.
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// rgb: sRGB in [-1, 1]. lab: CIE Lab under D65, scaled to L* / 50 - 1, a* / 110, b* / 110. yuv:
// BT.601, full range: Y in [0, 1], U in [-0.436, 0.436], V in [-0.615, 0.615]. Results are not
// clamped.
enum class Color : std::uint8_t { rgb_to_lab, lab_to_rgb, rgb_to_yuv, yuv_to_rgb };

constexpr const char* name_of(Color c) {
  constexpr const char* names[] = {"rgb_to_lab", "lab_to_rgb", "rgb_to_yuv", "yuv_to_rgb"};
  return names[static_cast<int>(c)];
}

// y = x converted, pixel by pixel. x and y [n,h,w,3]; y may be x (in place).
using ConvertColor = void(const Exec&, Color, View x, MutView y);
// dx (+)= the transposed Jacobian at x, applied to dy. dx may be dy (in place).
using ConvertColorGrad = void(const Exec&, Color, View x, View dy, MutView dx, Write);

namespace ref {
ConvertColor convert_color;
ConvertColorGrad convert_color_grad;
}  // namespace ref
namespace cpu {
ConvertColor convert_color;
ConvertColorGrad convert_color_grad;
}  // namespace cpu
namespace cuda {
ConvertColor convert_color;
ConvertColorGrad convert_color_grad;
}  // namespace cuda

inline void check_color(const Exec& e, Color c, std::initializer_list<View> views) {
  check_on_device(name_of(c), e, views);
  check_same_dtype(name_of(c), views);
  const Shape shape = views.begin()->shape;
  if (shape.c != 3) fail(name_of(c), shape.str() + " (NHWC) has not three channels");
  for (const View& v : views) check_shape(name_of(c), "operand", v.shape, shape);
}
inline void convert_color(const Exec& e, Color c, View x, MutView y) {
  check_color(e, c, {x, y});
  on_device(
      name_of(c), e, [&] { ref::convert_color(e, c, x, y); }, [&] { cpu::convert_color(e, c, x, y); },
      [&] { cuda::convert_color(e, c, x, y); });
}
inline void convert_color_grad(const Exec& e, Color c, View x, View dy, MutView dx, Write write) {
  check_color(e, c, {x, dy, dx});
  on_device(
      name_of(c), e, [&] { ref::convert_color_grad(e, c, x, dy, dx, write); },
      [&] { cpu::convert_color_grad(e, c, x, dy, dx, write); },
      [&] { cuda::convert_color_grad(e, c, x, dy, dx, write); });
}

}  // namespace sumi::kernels
