// Resizing of h and w, and its gradient.
#pragma once

#include "kernels/base/exec.h"
#include "kernels/pad.h"

namespace sumi::kernels {

enum class ResizeMode : std::uint8_t { nearest, bilinear };

// The input position that output pixel i samples, for bilinear:
//   half_pixel     (i + 0.5) in/out - 0.5, clamped at 0     PyTorch align_corners=False
//   align_corners  i (in - 1)/(out - 1)                      PyTorch align_corners=True (0 if out is 1)
//   asymmetric     i in/out                                  TensorFlow 1
// nearest always reads floor(i in/out).
enum class ResizeCoords : std::uint8_t { half_pixel, align_corners, asymmetric };

struct ResizeGeom {
  ResizeMode mode = ResizeMode::nearest;
  ResizeCoords coords = ResizeCoords::half_pixel;
};

// y [n,h',w',c] with a border, from x [n,h,w,c], in one pass. The sizes are those of the views; h'
// and w' are y's sizes minus the pads.
using Resize = void(const Exec&, const ResizeGeom&, View x, const PadGeom& pad, MutView y);
// dx (+)= the adjoint of resize (without a border) applied to dy.
using ResizeGrad = void(const Exec&, const ResizeGeom&, View dy, MutView dx, Write);

namespace ref {
Resize resize;
ResizeGrad resize_grad;
}  // namespace ref
namespace cpu {
Resize resize;
ResizeGrad resize_grad;
}  // namespace cpu
namespace cuda {
Resize resize;
ResizeGrad resize_grad;
}  // namespace cuda

inline void check_resize(const char* kernel, const Exec& e, View small, View big) {
  check_on_device(kernel, e, {small, big});
  check_same_dtype(kernel, {small, big});
  if (small.shape.n != big.shape.n || small.shape.c != big.shape.c || small.count() == 0 || big.count() == 0)
    fail(kernel, small.shape.str() + " and " + big.shape.str() + " must agree in n and c and be non-empty");
}
inline void resize(const Exec& e, const ResizeGeom& g, View x, MutView y, const PadGeom& pad = {}) {
  check_resize("resize", e, x, y);
  const Shape inner = pad.inside(y.shape);
  if (inner.h < 1 || inner.w < 1)
    fail("resize", "nothing is left of " + y.shape.str() + " inside the border");
  pad.check("resize", inner);
  on_device(
      "resize", e, [&] { ref::resize(e, g, x, pad, y); }, [&] { cpu::resize(e, g, x, pad, y); },
      [&] { cuda::resize(e, g, x, pad, y); });
}
inline void resize_grad(const Exec& e, const ResizeGeom& g, View dy, MutView dx, Write write) {
  check_resize("resize_grad", e, dx, dy);
  on_device(
      "resize_grad", e, [&] { ref::resize_grad(e, g, dy, dx, write); },
      [&] { cpu::resize_grad(e, g, dy, dx, write); }, [&] { cuda::resize_grad(e, g, dy, dx, write); });
}

}  // namespace sumi::kernels
