// Losses: the mean over all elements of a function of x and a target t, with its gradient in the
// same pass.
//
// The mean is a sum over rows of one column (sums.cuh: chunks, then their sum) times 1 / count. The
// thread that computes an element's term also stores its derivative: each element belongs to one
// thread.
#include "kernels/loss.h"

#include "kernels/base/dispatch.h"
#include "kernels/cuda/device/unary.cuh"
#include "kernels/cuda/sums.cuh"

namespace sumi::kernels::cuda {

// Comparisons are written so that NaN propagates.
__device__ inline float loss_value(Loss loss, float delta, float x, float t) {
  switch (loss) {
    case Loss::bce_logits:
      return softplus_of(x) - t * x;
    case Loss::squared:
      return (x - t) * (x - t);
    case Loss::l1:
      return fabsf(x - t);
    case Loss::linear:
      return -t * x;
    case Loss::hinge: {
      const float room = 1 - t * x;
      return room <= 0 ? 0 : room;
    }
    case Loss::huber: {
      const float size = fabsf(x - t);
      return size > delta ? delta * (size - 0.5F * delta) : 0.5F * size * size;
    }
  }
  return 0;
}

__device__ inline float loss_slope(Loss loss, float delta, float x, float t) {
  switch (loss) {
    case Loss::bce_logits:
      return sigmoid_of(x) - t;
    case Loss::squared:
      return 2 * (x - t);
    case Loss::l1:
      return x > t ? 1 : x < t ? -1 : 0;
    case Loss::linear:
      return -t;
    case Loss::hinge:
      return 1 - t * x > 0 ? -t : 0;
    case Loss::huber:
      return x - t > delta ? delta : x - t < -delta ? -delta : x - t;
  }
  return 0;
}

// The loss of element i, whose derivative is stored in dx if requested.
template <class T>
struct LossTerm {
  Loss loss;
  float delta;
  const T *x, *target;  // one target per element, or `constant` for all if null
  float constant;
  T* dx;
  float share;  // 1 / count

  __device__ float operator()(std::int64_t i) const {
    const auto at = static_cast<float>(x[i]);
    const float t = target ? static_cast<float>(target[i]) : constant;
    if (dx) dx[i] = T(share * loss_slope(loss, delta, at, t));
    return loss_value(loss, delta, at, t);
  }
};

void loss_mean(const Exec& e, Loss loss, double delta, View x, View target, double value, MutView y,
               MutView dx) {
  const double share = 1.0 / static_cast<double>(x.count());
  dispatch_f32_bf16(name_of(loss), x.dtype, [&]<class T>() {
    const LossTerm<T> term{loss,
                           static_cast<float>(delta),
                           x.as<T>(),
                           target ? target.as<T>() : nullptr,
                           static_cast<float>(value),
                           dx ? dx.as<T>() : nullptr,
                           static_cast<float>(share)};
    sum_rows(e, RowChunks(1, x.count(), 1), term, share, y.as<T>(), false);
  });
}

}  // namespace sumi::kernels::cuda
