// Convolution by oneDNN 2.6: primitives are made once per geometry and direction, and kept.
#pragma once

#include "kernels/cpu/conv_own.h"

namespace sumi::kernels::cpu {

// One convolution's operands as ConvOperands, all bf16.
struct ConvOperandsBf16 {
  bf16 *x, *w, *y;
  const bf16* bias;
  bool accumulate;
};

#ifdef SUMI_ONEDNN
constexpr bool has_onednn() {
  return true;
}
// The rule, from measurements in onednn.cpp.
bool prefers_onednn(Direction, const ConvGeom&);
// Whether oneDNN has a primitive other than a reference loop for this geometry: on bf16, or on f32
// operands that bf16 is widened to.
bool onednn_knows(Direction, const ConvGeom&, DType);
// False, with nothing written, where oneDNN has only a reference loop for this geometry.
bool onednn_conv(const Exec&, Direction, const ConvGeom&, const ConvOperands&);
// The same on bf16 with sums in f32, where the processor multiplies bf16 itself (AVX512-BF16 or
// AMX): elsewhere always false.
bool onednn_conv(const Exec&, Direction, const ConvGeom&, const ConvOperandsBf16&);
#else
constexpr bool has_onednn() {
  return false;
}
inline bool prefers_onednn(Direction, const ConvGeom&) {
  return false;
}
inline bool onednn_knows(Direction, const ConvGeom&, DType) {
  return false;
}
inline bool onednn_conv(const Exec&, Direction, const ConvGeom&, const ConvOperands&) {
  return false;
}
inline bool onednn_conv(const Exec&, Direction, const ConvGeom&, const ConvOperandsBf16&) {
  return false;
}
#endif

}  // namespace sumi::kernels::cpu
