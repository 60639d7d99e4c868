// Conversion between dtypes, as an op.
#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"
#include "engine/tiled/program.h"
#include "kernels/elementwise.h"

namespace sumi {
namespace {

// The copy of a parameter that its arena keeps in `dtype`; absent if it keeps none.
Tensor kept_copy(const Tensor& x, DType dtype) {
  const GradSlot* slot = x.slot().get();
  if (!slot || !slot->copy || slot->copy.dtype() != dtype) return {};
  if (slot->copied_state != x.storage()->writes())
    fail("cast", slot->name + " was written since its copy in " + name_of(dtype) +
                     " was made; call ParamArena::refresh_copy() after writing");
  return slot->copy.detach();
}

}  // namespace

Tensor cast(const Tensor& x, DType dtype, const GradDest& dest) {
  if (!x || x.dtype() == dtype) return x;
  const ProgramScope scope;
  Tensor y = dest.into ? Tensor() : kept_copy(x, dtype);
  if (!y) {
    Op op("cast", {x});
    y = dest.target(x.shape(), dtype, x.device());
    kernels::cast(exec_on(x.device()), x.view(), y.mutable_view(), dest.write);
    op.done(y);
  }
  if (ProgramRecorder* const program = scope.recorder())
    program->add({.kind = ProgramOp::Kind::cast, .dtype = dtype}, {x}, y);
  return record("cast", {x}, y, [from = x.dtype()](const Tensor& dy, Grads& g) {
    if (g.wants(0)) g.put(0, cast(dy, from, g.dest(0)));
  });
}

}  // namespace sumi
