// Exchange of an image with a history of images (Shrivastava 2017, as used in CycleGAN).
#pragma once

#include <algorithm>

#include "kernels/base/exec.h"

namespace sumi::kernels {

// The action for one image x, decided on the host.
struct ReplayBufferOp {
  enum Action : std::int64_t {
    pass,  // y = x
    keep,  // the slot stores x, and y = x
    swap   // y = the slot's image, and the slot stores x
  };
  std::int64_t action = pass;
  std::int64_t place = 0;
};

// history [slots,1,1,room]: each row is a slot, whose first elements are its image. x and y: one
// image each, of at most `room` elements; y has the shape of the image that it receives. If
// `deferred` is not null, it points to the action on the kernel's device, read when the kernel
// runs; `move` is then unused.
using PoolExchange = void(const Exec&, const ReplayBufferOp& move, const ReplayBufferOp* deferred, View x,
                          MutView history, MutView y);

namespace ref {
PoolExchange pool_exchange;
}
namespace cuda {
PoolExchange pool_exchange;
}

inline void pool_exchange(const Exec& e, const ReplayBufferOp& move, const ReplayBufferOp* deferred, View x,
                          MutView history, MutView y) {
  check_on_device("pool_exchange", e, {x, history, y});
  check_same_dtype("pool_exchange", {x, history, y});
  const bool swaps = deferred || move.action == ReplayBufferOp::swap;
  if (std::max(x.count(), y.count()) > history.shape.c || (!swaps && x.count() != y.count()) ||
      move.place < 0 || move.place >= history.shape.n)
    fail("pool_exchange", x.shape.str() + " and " + y.shape.str() + " with place " +
                              std::to_string(move.place) + " of " + history.shape.str());
  if (e.device.on_host())
    ref::pool_exchange(e, move, deferred, x, history,
                       y);  // plain copies, which a CPU kernel could not improve
  else
    cuda::pool_exchange(e, move, deferred, x, history, y);
}

}  // namespace sumi::kernels
