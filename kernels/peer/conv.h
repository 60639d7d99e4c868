// cuDNN's convolutions with the signatures of kernels/conv.h.
//
// NHWC, in the operands' type; f32 is multiplied as exec specifies (tf32 on tensor cores, else
// multiply-adds). The first call of a geometry runs cuDNN's proposals on the operands and keeps the
// fastest (kernels/peer/graph.h); if wgrad accumulates, the first proposal is used. The engine's
// number is logged to exec. Throws Error if conv_fits is false.
#pragma once

#include "kernels/conv.h"

namespace sumi::kernels::peer {

// cuDNN pads both sides of an image equally.
inline bool conv_fits(const ConvGeom& g) {
  return g.o.pad_top == g.o.pad_bottom && g.o.pad_left == g.o.pad_right;
}
ConvFprop conv_fprop;
ConvDgrad conv_dgrad;
ConvWgrad conv_wgrad;

}  // namespace sumi::kernels::peer
