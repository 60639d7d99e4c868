#include "engine/graph/moments.h"

#include "engine/ops/norm_parts.h"
#include "engine/runtime/trace.h"

namespace sumi::graph {

Tensor moment(const Tensor& x, const NormOptions& o, bool mean) {
  Op op("moments", {x});
  const NormState s = norm_statistics(x, o, nullptr, true);
  Tensor y = mean ? s.mean : s.var;
  op.done(y);
  return y;
}

}  // namespace sumi::graph
