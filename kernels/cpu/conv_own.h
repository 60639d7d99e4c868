// Convolution by our own blocked product, in f32. Also what `conv.cpp` needs to choose between it and oneDNN.
#pragma once

#include "kernels/conv.h"
#include "kernels/cpu/product.h"

namespace sumi::kernels::cpu {

enum class Direction : std::uint8_t { fprop, dgrad, wgrad };

// One convolution's operands in the roles of fprop; the direction says which of them is written.
struct ConvOperands {
  float *x, *w, *y;
  const float* bias;  // of fprop [k] or of dgrad [c]; may be null
  bool accumulate;    // wgrad only
};

void own_fprop(const Exec&, const ConvGeom&, const ConvOperands&);
void own_dgrad(const Exec&, const ConvGeom&, const ConvOperands&);
void own_wgrad(const Exec&, const ConvGeom&, const ConvOperands&);

// groups = c = k: no sum over channels, so no product. Own loops across channels.
void depthwise_fprop(const Exec&, const ConvGeom&, const ConvOperands&);
void depthwise_dgrad(const Exec&, const ConvGeom&, const ConvOperands&);
void depthwise_wgrad(const Exec&, const ConvGeom&, const ConvOperands&);

// dgrad for few channels c: one product makes every pixel's r*s*c contributions, which are then added in place.
// Pads may be negative here.
void folded_dgrad(const Exec&, const ConvGeom&, const ConvOperands&);
// fprop with stride 1 and few filters as the folded dgrad of the mirrored filter.
void folded_fprop(const Exec&, const ConvGeom&, const ConvOperands&);

}  // namespace sumi::kernels::cpu
