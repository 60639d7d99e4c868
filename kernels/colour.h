// Conversions between colour spaces, and their gradients. The formulas are in kernels/base/colour_space.h.
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// rgb: sRGB in [-1, 1]. lab: CIE Lab under D65, scaled to L* / 50 - 1, a* / 110, b* / 110. yuv: BT.601, full range: Y in
// [0, 1], U in [-0.436, 0.436], V in [-0.615, 0.615]. Results are not clamped.
enum class Colour : std::uint8_t { rgb_to_lab, lab_to_rgb, rgb_to_yuv, yuv_to_rgb };

constexpr const char* name_of(Colour c) {
  constexpr const char* names[] = {"rgb_to_lab", "lab_to_rgb", "rgb_to_yuv", "yuv_to_rgb"};
  return names[static_cast<int>(c)];
}

// y = the colour x of each pixel, converted. x and y [n,h,w,3]; y may be x (in place).
using ConvertColour = void(const Exec&, Colour, View x, MutView y);
// dx (+)= the derivative at x, transposed, applied to dy. dx may be dy (in place).
using ConvertColourGrad = void(const Exec&, Colour, View x, View dy, MutView dx, Write);

namespace ref {
ConvertColour convert_colour;
ConvertColourGrad convert_colour_grad;
}  // namespace ref
namespace cpu {
ConvertColour convert_colour;
ConvertColourGrad convert_colour_grad;
}  // namespace cpu
namespace cuda {
ConvertColour convert_colour;
ConvertColourGrad convert_colour_grad;
}  // namespace cuda

inline void check_colour(const Exec& e, Colour c, std::initializer_list<View> views) {
  check_on_device(name_of(c), e, views);
  check_same_dtype(name_of(c), views);
  const Shape shape = views.begin()->shape;
  if (shape.c != 3) fail(name_of(c), shape.str() + " (NHWC) has not three channels");
  for (const View& v : views) check_shape(name_of(c), "operand", v.shape, shape);
}
inline void convert_colour(const Exec& e, Colour c, View x, MutView y) {
  check_colour(e, c, {x, y});
  on_device(
      name_of(c), e, [&] { ref::convert_colour(e, c, x, y); }, [&] { cpu::convert_colour(e, c, x, y); },
      [&] { cuda::convert_colour(e, c, x, y); });
}
inline void convert_colour_grad(const Exec& e, Colour c, View x, View dy, MutView dx, Write write) {
  check_colour(e, c, {x, dy, dx});
  on_device(
      name_of(c), e, [&] { ref::convert_colour_grad(e, c, x, dy, dx, write); },
      [&] { cpu::convert_colour_grad(e, c, x, dy, dx, write); },
      [&] { cuda::convert_colour_grad(e, c, x, dy, dx, write); });
}

}  // namespace sumi::kernels
