// Exchange of an image with a history of images. Each thread moves its own elements, so a slot is
// read before it is overwritten. The operation may be read from device memory, so that a captured
// step can be replayed with another.
#include "kernels/replay_buffer.h"

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/device/elements.cuh"

namespace sumi::kernels::cuda {

template <class T>
__global__ void exchange_elements(ReplayBufferOp move, const ReplayBufferOp* deferred, std::int64_t x_count,
                                  std::int64_t y_count, std::int64_t room, const T* x, T* history, T* y) {
  const ReplayBufferOp m = deferred ? *deferred : move;
  T* const place = history + m.place * room;
  for_each_element(x_count > y_count ? x_count : y_count, [=](std::int64_t i) {
    if (i < y_count) y[i] = m.action == ReplayBufferOp::swap ? place[i] : x[i];
    if (i < x_count && m.action != ReplayBufferOp::pass) place[i] = x[i];
  });
}

void pool_exchange(const Exec& e, const ReplayBufferOp& move, const ReplayBufferOp* deferred, View x,
                   MutView history, MutView y) {
  dispatch_f32_bf16("pool_exchange", x.dtype, [&]<class T>() {
    launch(e, "exchange_elements", exchange_elements<T>,
           {element_grid(std::max(x.count(), y.count())), kElementBlock}, move, deferred, x.count(),
           y.count(), history.shape.c, x.as<T>(), history.as<T>(), y.as<T>());
  });
}

}  // namespace sumi::kernels::cuda
