// A reduction over axes, expressed as a reduction over the middle of three.
#pragma once

#include "kernels/base/shape.h"

namespace sumi {

// The reduction of x to y (y's sizes are 1 or x's), viewed as [outer, rows, cols] with the rows
// summed. Adjacent axes of the same kind are merged. `fits` is false if two separate runs of axes
// are summed.
struct ReductionShape {
  std::int64_t outer = 1, rows = 1, cols = 1;
  bool fits = true;

  ReductionShape(const Shape& x, const Shape& y) {
    int stage = 0;  // 0: kept, 1: summed, 2: kept again
    for (int i = 0; i < 4; ++i) {
      if (x[i] == 1) continue;
      const bool summed = y[i] == 1;
      if (summed && stage == 2) fits = false;
      if (summed && stage == 0) stage = 1;
      if (!summed && stage == 1) stage = 2;
      (stage == 0 ? outer : stage == 1 ? rows : cols) *= x[i];
    }
  }
};

}  // namespace sumi
