// Reductions.
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// y (+)= scale * (sum of x over every axis where y's size is 1). y's sizes are 1 or x's. The order
// of additions depends on the shape alone, never on the number of threads.
using SumTo = void(const Exec&, View x, double scale, MutView y, Write);
// y[1] = sum of x * x (f32 or wider).
using SumSquares = void(const Exec&, View x, MutView y);
// Returns the number of NaN and infinite elements. Reads back to the host.
using CountNonfinite = std::int64_t(const Exec&, View x);

namespace ref {
SumTo sum_to;
SumSquares sum_squares;
CountNonfinite count_nonfinite;
}  // namespace ref
namespace cpu {
SumTo sum_to;
SumSquares sum_squares;
CountNonfinite count_nonfinite;
}  // namespace cpu
namespace cuda {
SumTo sum_to;
SumSquares sum_squares;
CountNonfinite count_nonfinite;
}  // namespace cuda

inline void sum_to(const Exec& e, View x, double scale, MutView y, Write write) {
  check_on_device("sum_to", e, {x, y});
  check_same_dtype("sum_to", {x, y});
  if (!broadcasts_to(y.shape, x.shape))
    fail("sum_to", x.shape.str() + " does not reduce to " + y.shape.str());
  on_device(
      "sum_to", e, [&] { ref::sum_to(e, x, scale, y, write); }, [&] { cpu::sum_to(e, x, scale, y, write); },
      [&] { cuda::sum_to(e, x, scale, y, write); });
}
inline void sum_squares(const Exec& e, View x, MutView y) {
  check_on_device("sum_squares", e, {x, y});
  check_same_dtype("sum_squares", {x, y});
  check_shape("sum_squares", "y", y.shape, Shape::scalar());
  on_device(
      "sum_squares", e, [&] { ref::sum_squares(e, x, y); }, [&] { cpu::sum_squares(e, x, y); },
      [&] { cuda::sum_squares(e, x, y); });
}
inline std::int64_t count_nonfinite(const Exec& e, View x) {
  check_on_device("count_nonfinite", e, {x});
  std::int64_t count = 0;
  on_device(
      "count_nonfinite", e, [&] { count = ref::count_nonfinite(e, x); },
      [&] { count = cpu::count_nonfinite(e, x); }, [&] { count = cuda::count_nonfinite(e, x); });
  return count;
}

}  // namespace sumi::kernels
