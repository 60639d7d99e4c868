// An exchange with a history of pictures: copies of bytes, whatever the type.
#include "kernels/image_pool.h"

#include <cstring>

namespace sumi::kernels::ref {

void pool_exchange(const Exec&, const PoolMove& move, const PoolMove* late, View x, MutView history,
                   MutView y) {
  const PoolMove& m = late ? *late : move;
  const auto bytes = [&](std::int64_t count) { return static_cast<std::size_t>(count) * size_of(x.dtype); };
  auto* const place = static_cast<char*>(history.data) + bytes(m.place * history.shape.c);
  std::memcpy(y.data, m.action == PoolMove::swap ? place : x.data, bytes(y.count()));
  if (m.action != PoolMove::pass) std::memcpy(place, x.data, bytes(x.count()));
}

}  // namespace sumi::kernels::ref
