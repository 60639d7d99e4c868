// An exchange with a history of pictures: copies of bytes, whatever the type.
#include "kernels/image_pool.h"

#include <cstring>

namespace sumi::kernels::ref {

void pool_exchange(const Exec&, const PoolMove& move, const PoolMove* late, View x, MutView history,
                   MutView y) {
  const PoolMove& m = late ? *late : move;
  const std::size_t bytes = static_cast<std::size_t>(x.count()) * size_of(x.dtype);
  const std::size_t row = static_cast<std::size_t>(history.shape.c) * size_of(x.dtype);
  auto* const place = static_cast<char*>(history.data) + static_cast<std::size_t>(m.place) * row;
  std::memcpy(y.data, m.action == PoolMove::swap ? place : x.data, bytes);
  if (m.action != PoolMove::pass) std::memcpy(place, x.data, bytes);
}

}  // namespace sumi::kernels::ref
