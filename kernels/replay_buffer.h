// One exchange of a picture with a history of pictures (Shrivastava 2017, as in CycleGAN).
#pragma once

#include <algorithm>

#include "kernels/base/exec.h"

namespace sumi::kernels {

// What becomes of a picture x, decided on the host.
struct ReplayBufferOp {
  enum Action : std::int64_t {
    pass,  // y = x
    keep,  // the place takes x, and y = x
    swap   // y = what the place held, and the place takes x
  };
  std::int64_t action = pass;
  std::int64_t place = 0;
};

// history [places,1,1,room]: a row is a place, whose first elements are its picture. x and y: one picture each, of at
// most `room` elements; y's shape is that of the picture it gets. `late` is null, or where on the kernel's device the move stands when the
// kernel runs; `move` is then not used.
using PoolExchange = void(const Exec&, const ReplayBufferOp& move, const ReplayBufferOp* late, View x,
                          MutView history, MutView y);

namespace ref {
PoolExchange pool_exchange;
}
namespace cuda {
PoolExchange pool_exchange;
}

inline void pool_exchange(const Exec& e, const ReplayBufferOp& move, const ReplayBufferOp* late, View x,
                          MutView history, MutView y) {
  check_on_device("pool_exchange", e, {x, history, y});
  check_same_dtype("pool_exchange", {x, history, y});
  const bool swaps = late || move.action == ReplayBufferOp::swap;
  if (std::max(x.count(), y.count()) > history.shape.c || (!swaps && x.count() != y.count()) ||
      move.place < 0 || move.place >= history.shape.n)
    fail("pool_exchange", x.shape.str() + " and " + y.shape.str() + " with place " +
                              std::to_string(move.place) + " of " + history.shape.str());
  if (e.device.on_host())
    ref::pool_exchange(e, move, late, x, history,
                       y);  // plain copies: nothing that a CPU kernel could do better
  else
    cuda::pool_exchange(e, move, late, x, history, y);
}

}  // namespace sumi::kernels
