// Convolution by oneDNN 2.6. Primitives are created once per geometry and direction, and cached.
#pragma once

#include "kernels/cpu/conv_own.h"

namespace sumi::kernels::cpu {

// The operands of one convolution, like ConvOperands, all bf16.
struct ConvOperandsBf16 {
  bf16 *x, *w, *y;
  const bf16* bias;
  bool accumulate;
};

#ifdef SUMI_ONEDNN
constexpr bool has_onednn() {
  return true;
}
// The selection rule, from the measurements in onednn.cpp.
bool prefers_onednn(Direction, const ConvGeom&);
// Returns true if oneDNN has a primitive other than a reference loop for this geometry: on bf16, or
// on f32 operands that bf16 is widened to.
bool onednn_knows(Direction, const ConvGeom&, DType);
// Returns false, without writing anything, if oneDNN has only a reference loop for this geometry.
bool onednn_conv(const Exec&, Direction, const ConvGeom&, const ConvOperands&);
// The same on bf16 with sums in f32, if the processor multiplies bf16 itself (AVX512-BF16 or AMX);
// otherwise always false.
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
