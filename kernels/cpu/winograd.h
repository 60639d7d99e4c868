// Winograd's minimal filtering, after Lavin and Gray 2015: F(4x4, 3x3) for 3x3 filters, F(3x3, 4x4)
// for 4x4 and, as four of them, 7x7; with stride 2 F(4x4, 2x2) on even and odd pixels. It needs 4,
// 4, 3.06 and 2.56 times fewer products than direct convolution (1.44 for 3x3 with stride 2). It is
// not exact; its error stays near 1e-6.
#pragma once

#include "kernels/cpu/conv_own.h"

namespace sumi::kernels::cpu {

// Returns true if an algorithm exists for the geometry: r = s in 3, 4, 7 with stride 1 and 3, 4
// with stride 2; no dilation, no groups.
bool winograd_knows(const ConvGeom&);
// Returns true if Winograd is faster than the alternatives.
bool prefers_winograd(Direction, const ConvGeom&);

void winograd(const Exec&, Direction, const ConvGeom&, const ConvOperands&);

}  // namespace sumi::kernels::cpu
