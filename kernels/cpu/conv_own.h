// Convolution by the native blocked product, in f32, and the predicates by which `conv.cpp` chooses
// between it and oneDNN.
#pragma once

#include "kernels/conv.h"
#include "kernels/cpu/product.h"

namespace sumi::kernels::cpu {

using Direction = ConvDirection;

// The operands of one convolution in their fprop roles; the direction determines which of them is
// written.
struct ConvOperands {
  float *x, *w, *y;
  const float* bias;  // of fprop [k] or of dgrad [c]; may be null
  bool accumulate;    // wgrad only
};

using ConvForm = void(const Exec&, const ConvGeom&, const ConvOperands&);

ConvForm own_fprop;
ConvForm own_dgrad;
ConvForm own_wgrad;

// groups = c = k: no sum over channels, so no product. Dedicated loops across channels.
ConvForm depthwise_fprop;
ConvForm depthwise_dgrad;
ConvForm depthwise_wgrad;

// dgrad with few channels c: one product computes every pixel's r*s*c contributions, which are then
// added in place. Pads may be negative here.
ConvForm folded_dgrad;
// fprop with stride 1 and few filters, computed as the folded dgrad of the mirrored filter.
ConvForm folded_fprop;
// wgrad with stride 1, no dilation and few filters: exchanging x and dy gives the mirrored filter.
ConvForm swapped_wgrad;

// The filter covers the whole image: all three directions are plain matrix products.
ConvForm full_fprop;
ConvForm full_dgrad;
ConvForm full_wgrad;

}  // namespace sumi::kernels::cpu
