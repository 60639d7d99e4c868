// Padding of h and w, and its gradient (fold).
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// reflect excludes the edge pixel (as PyTorch's ReflectionPad2d; each pad must be smaller than the
// size), replicate repeats it, zero writes zeros.
enum class PadMode : std::uint8_t { zero, reflect, replicate };

struct PadGeom {
  PadMode mode = PadMode::zero;
  int top = 0, bottom = 0, left = 0, right = 0;

  Shape padded(const Shape& x) const { return {x.n, x.h + top + bottom, x.w + left + right, x.c}; }
  // The shape whose padded() is y.
  Shape inside(const Shape& y) const { return {y.n, y.h - top - bottom, y.w - left - right, y.c}; }
  bool any() const { return top || bottom || left || right; }
  // Throws Error if a pad is negative or, with reflect, not smaller than the size that it mirrors.
  void check(const char* op, const Shape& x) const {
    if (top < 0 || bottom < 0 || left < 0 || right < 0) fail(op, "negative padding");
    if (mode == PadMode::reflect && (top >= x.h || bottom >= x.h || left >= x.w || right >= x.w))
      fail(op, "reflection padding must be smaller than the image, which is " + x.str() + " (NHWC)");
  }
};

// y [padded(x)] = x with a border.
using Pad = void(const Exec&, const PadGeom&, View x, MutView y);
// dx (+)= each dy of [padded(x)], added to the element it was copied from. The adjoint of pad.
using PadGrad = void(const Exec&, const PadGeom&, View dy, MutView dx, Write);

namespace ref {
Pad pad;
PadGrad pad_grad;
}  // namespace ref
namespace cpu {
Pad pad;
PadGrad pad_grad;
}  // namespace cpu
namespace cuda {
Pad pad;
PadGrad pad_grad;
}  // namespace cuda

inline void pad(const Exec& e, const PadGeom& g, View x, MutView y) {
  check_on_device("pad", e, {x, y});
  check_same_dtype("pad", {x, y});
  g.check("pad", x.shape);
  check_shape("pad", "y", y.shape, g.padded(x.shape));
  on_device(
      "pad", e, [&] { ref::pad(e, g, x, y); }, [&] { cpu::pad(e, g, x, y); }, [&] { cuda::pad(e, g, x, y); });
}
inline void pad_grad(const Exec& e, const PadGeom& g, View dy, MutView dx, Write write) {
  check_on_device("pad_grad", e, {dy, dx});
  check_same_dtype("pad_grad", {dy, dx});
  g.check("pad_grad", dx.shape);
  check_shape("pad_grad", "dy", dy.shape, g.padded(dx.shape));
  on_device(
      "pad_grad", e, [&] { ref::pad_grad(e, g, dy, dx, write); }, [&] { cpu::pad_grad(e, g, dy, dx, write); },
      [&] { cuda::pad_grad(e, g, dy, dx, write); });
}

}  // namespace sumi::kernels
