// Winograd's minimal filtering for 3x3 filters with stride 1, after Lavin and Gray 2015: F(4x4, 3x3) for fprop
// and dgrad, F(3x3, 4x4) for wgrad. A quarter of the direct form's products; not exact, but its error stays
// near 1e-6.
#pragma once

#include "kernels/cpu/conv_own.h"

namespace sumi::kernels::cpu {

// 3x3, stride 1, no dilation, no groups, and enough channels and tiles to pay for the transforms.
bool prefers_winograd(const ConvGeom&);

ConvForm winograd_fprop;
ConvForm winograd_dgrad;
ConvForm winograd_wgrad;

}  // namespace sumi::kernels::cpu
