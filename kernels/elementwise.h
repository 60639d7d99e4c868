// Arithmetic with broadcasting, scaling, filling, conversion, and box copies (concatenation and
// slices).
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

enum class Binary : std::uint8_t { add, sub, mul, div, maximum, minimum };

constexpr const char* name_of(Binary b) {
  constexpr const char* names[] = {"add", "sub", "mul", "div", "maximum", "minimum"};
  return names[static_cast<int>(b)];
}

// y (+)= a op b; each size of a and b is y's or 1.
using BinaryOp = void(const Exec&, Binary, View a, View b, MutView y, Write);
// y (+)= scale * x + shift; x broadcasts to y. Also used to add, to broadcast and to copy.
using Affine = void(const Exec&, View x, double scale, double shift, MutView y, Write);
// y = value
using Fill = void(const Exec&, double value, MutView y);
// y (+)= x converted to y's dtype (rounded to nearest even). Same shape, any two dtypes that the
// device supports.
using Cast = void(const Exec&, View x, MutView y, Write);
// dst[dst_at + i] (+)= src[src_at + i] for every index i in `extent`. Implements concat, slice and
// their gradients.
using CopyBox = void(const Exec&, View src, Shape src_at, MutView dst, Shape dst_at, Shape extent, Write);

namespace ref {
BinaryOp binary;
Affine affine;
Fill fill;
Cast cast;
CopyBox copy_box;
}  // namespace ref
namespace cpu {
BinaryOp binary;
Affine affine;
Fill fill;
Cast cast;
CopyBox copy_box;
}  // namespace cpu
namespace cuda {
BinaryOp binary;
Affine affine;
Fill fill;
Cast cast;
CopyBox copy_box;
}  // namespace cuda

inline void binary(const Exec& e, Binary op, View a, View b, MutView y, Write write) {
  check_on_device(name_of(op), e, {a, b, y});
  check_same_dtype(name_of(op), {a, b, y});
  if (!broadcasts_to(a.shape, y.shape) || !broadcasts_to(b.shape, y.shape))
    fail(name_of(op), a.shape.str() + " and " + b.shape.str() + " do not broadcast to " + y.shape.str());
  on_device(
      name_of(op), e, [&] { ref::binary(e, op, a, b, y, write); },
      [&] { cpu::binary(e, op, a, b, y, write); }, [&] { cuda::binary(e, op, a, b, y, write); });
}
inline void affine(const Exec& e, View x, double scale, double shift, MutView y, Write write) {
  check_on_device("affine", e, {x, y});
  check_same_dtype("affine", {x, y});
  if (!broadcasts_to(x.shape, y.shape))
    fail("affine", x.shape.str() + " does not broadcast to " + y.shape.str());
  on_device(
      "affine", e, [&] { ref::affine(e, x, scale, shift, y, write); },
      [&] { cpu::affine(e, x, scale, shift, y, write); },
      [&] { cuda::affine(e, x, scale, shift, y, write); });
}
inline void fill(const Exec& e, double value, MutView y) {
  check_on_device("fill", e, {y});
  on_device(
      "fill", e, [&] { ref::fill(e, value, y); }, [&] { cpu::fill(e, value, y); },
      [&] { cuda::fill(e, value, y); });
}
inline void cast(const Exec& e, View x, MutView y, Write write = Write::overwrite) {
  check_on_device("cast", e, {x, y});
  check_shape("cast", "y", y.shape, x.shape);
  on_device(
      "cast", e, [&] { ref::cast(e, x, y, write); }, [&] { cpu::cast(e, x, y, write); },
      [&] { cuda::cast(e, x, y, write); });
}
inline void copy_box(const Exec& e, View src, Shape src_at, MutView dst, Shape dst_at, Shape extent,
                     Write write) {
  check_on_device("copy_box", e, {src, dst});
  check_same_dtype("copy_box", {src, dst});
  for (int i = 0; i < 4; ++i)
    if (src_at[i] < 0 || dst_at[i] < 0 || extent[i] < 0 || src_at[i] + extent[i] > src.shape[i] ||
        dst_at[i] + extent[i] > dst.shape[i])
      fail("copy_box", "a box of " + extent.str() + " at " + src_at.str() + " of " + src.shape.str() +
                           " to " + dst_at.str() + " of " + dst.shape.str() + " lies outside");
  on_device(
      "copy_box", e, [&] { ref::copy_box(e, src, src_at, dst, dst_at, extent, write); },
      [&] { cpu::copy_box(e, src, src_at, dst, dst_at, extent, write); },
      [&] { cuda::copy_box(e, src, src_at, dst, dst_at, extent, write); });
}

}  // namespace sumi::kernels
