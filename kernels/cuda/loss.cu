// Losses: the mean over all elements of a function of x and a target t, and its gradient.
//
// The mean is a sum over rows of one column (sums.cuh: chunks, then their sum) times 1 / count. The gradient,
// dx = dy f'(x, t) / count, needs no sum: one thread an element at a time.
#include "kernels/loss.h"

#include "kernels/base/dispatch.h"
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/device/unary.cuh"
#include "kernels/cuda/sums.cuh"

namespace sumi::kernels::cuda {

__device__ inline float loss_value(Loss loss, float x, float t) {
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
      return room <= 0 ? 0 : room;  // NaN stays
    }
  }
  return 0;
}

__device__ inline float loss_slope(Loss loss, float x, float t) {
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
  }
  return 0;
}

// x with its targets: one for each element, or `constant` for all where there are none.
template <class T>
struct Targeted {
  const T *x, *target;
  float constant;

  __device__ float x_at(std::int64_t i) const { return static_cast<float>(x[i]); }
  __device__ float target_at(std::int64_t i) const {
    return target ? static_cast<float>(target[i]) : constant;
  }
};

template <class T>
struct ElementLoss {
  Loss loss;
  Targeted<T> of;
  __device__ float operator()(std::int64_t i) const { return loss_value(loss, of.x_at(i), of.target_at(i)); }
};

template <class T>
__global__ void loss_grad_elements(Loss loss, std::int64_t count, Targeted<T> of, float share, const T* dy,
                                   T* dx, bool add) {
  const float scale = share * static_cast<float>(*dy);
  for_each_element(count, [=](std::int64_t i) {
    store(dx[i], scale * loss_slope(loss, of.x_at(i), of.target_at(i)), add);
  });
}

template <class T>
Targeted<T> targeted(View x, View target, double value) {
  return {x.as<T>(), target ? target.as<T>() : nullptr, static_cast<float>(value)};
}

void loss_mean(const Exec& e, Loss loss, View x, View target, double value, MutView y) {
  dispatch_f32_bf16(name_of(loss), x.dtype, [&]<class T>() {
    sum_rows(e, Slices(1, x.count(), 1), ElementLoss<T>{loss, targeted<T>(x, target, value)},
             1.0 / static_cast<double>(x.count()), y.as<T>(), false);
  });
}

void loss_mean_grad(const Exec& e, Loss loss, View x, View target, double value, View dy, MutView dx,
                    Write write) {
  dispatch_f32_bf16(name_of(loss), x.dtype, [&]<class T>() {
    launch(e, "loss_grad_elements", loss_grad_elements<T>, {element_grid(x.count()), kElementBlock}, loss,
           x.count(), targeted<T>(x, target, value), 1.0 / static_cast<double>(x.count()), dy.as<T>(),
           dx.as<T>(), write == Write::accumulate);
  });
}

}  // namespace sumi::kernels::cuda
