// Convolution by oneDNN 2.6: primitives are made once per geometry, direction and thread count, and kept.
#pragma once

#include "kernels/cpu/conv_own.h"

namespace sumi::kernels::cpu {

#ifdef SUMI_ONEDNN
constexpr bool has_onednn() {
  return true;
}
// The rule, from measurements in onednn.cpp.
bool prefers_onednn(Direction, const ConvGeom&);
// False, with nothing written, where oneDNN has only a reference loop for this geometry.
bool onednn_conv(const Exec&, Direction, const ConvGeom&, const ConvOperands&);
#else
constexpr bool has_onednn() {
  return false;
}
inline bool prefers_onednn(Direction, const ConvGeom&) {
  return false;
}
inline bool onednn_conv(const Exec&, Direction, const ConvGeom&, const ConvOperands&) {
  return false;
}
#endif

}  // namespace sumi::kernels::cpu
