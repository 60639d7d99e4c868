// Splits convolutions into pieces that threads compute independently, for implementations without
// threads of their own.
#pragma once

#include <vector>

#include "kernels/cpu/conv_own.h"

namespace sumi::kernels::cpu {

// A piece of a convolution: some of its images, or some rows of one. `geom` is the piece's own
// geometry; x and y are the offsets, in elements, of its first row in the whole x [n,h,w,c] and y
// [n,p,q,k]. The weight is shared.
struct ConvPiece {
  ConvGeom geom;
  i64 x, y;
};

// Returns pieces of about equal cost, in order: a multiple of `threads` where the sizes allow, one
// where starting threads costs more. Together they write the output once (fprop: y, dgrad: dx). For
// wgrad there are at most `threads` pieces, whose sums add up to dw.
std::vector<ConvPiece> split_conv(Direction, const ConvGeom&, int threads);

}  // namespace sumi::kernels::cpu
