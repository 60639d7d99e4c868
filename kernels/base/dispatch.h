// The only place that turns a run-time DType into a template parameter.
#pragma once

#include "kernels/base/check.h"
#include "kernels/base/dtype.h"

namespace sumi {

// Calls f.template operator()<T>() with T = float, bf16 or double.
template <class F>
decltype(auto) dispatch(DType t, F&& f) {
  switch (t) {
    case DType::bf16:
      return f.template operator()<bf16>();
    case DType::f64:
      return f.template operator()<double>();
    default:
      return f.template operator()<float>();
  }
}

// The same for devices without f64: T = float or bf16. `where` names the kernel in the error.
template <class F>
decltype(auto) dispatch_f32_bf16(const char* where, DType t, F&& f) {
  if (t == DType::f64) fail(where, "f64 exists on the reference device only (--device ref)");
  if (t == DType::bf16) return f.template operator()<bf16>();
  return f.template operator()<float>();
}

}  // namespace sumi
