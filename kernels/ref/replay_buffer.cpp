// An exchange with a history of images: copies of bytes, independent of the type.
#include "kernels/replay_buffer.h"

#include <cstring>

namespace sumi::kernels::ref {

void pool_exchange(const Exec&, const ReplayBufferOp& move, const ReplayBufferOp* deferred, View x,
                   MutView history, MutView y) {
  const ReplayBufferOp& m = deferred ? *deferred : move;
  const auto bytes = [&](std::int64_t count) { return static_cast<std::size_t>(count) * size_of(x.dtype); };
  auto* const place = static_cast<char*>(history.data) + bytes(m.place * history.shape.c);
  std::memcpy(y.data, m.action == ReplayBufferOp::swap ? place : x.data, bytes(y.count()));
  if (m.action != ReplayBufferOp::pass) std::memcpy(place, x.data, bytes(x.count()));
}

}  // namespace sumi::kernels::ref
