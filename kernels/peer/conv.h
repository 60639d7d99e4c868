// cuDNN's convolutions behind the signatures of kernels/conv.h.
//
// NHWC, in the operands' type; f32 is multiplied as exec says (tf32 by tensor cores, else by
// multiply-adds). The first call of a geometry runs cuDNN's proposals on the operands and keeps the
// fastest (kernels/peer/graph.h); where wgrad accumulates, the first proposal is taken. exec's log
// gets the engine's number. Throws Error where conv_fits is false.
#pragma once

#include "kernels/conv.h"

namespace sumi::kernels::peer {

// cuDNN pads both sides of an image alike.
inline bool conv_fits(const ConvGeom& g) {
  return g.o.pad_top == g.o.pad_bottom && g.o.pad_left == g.o.pad_right;
}
ConvFprop conv_fprop;
ConvDgrad conv_dgrad;
ConvWgrad conv_wgrad;

}  // namespace sumi::kernels::peer
