// Losses: the mean over all elements of a function of x and a target, and its gradient.
#include "kernels/loss.h"

#include "kernels/cpu/math.h"
#include "kernels/cpu/reduce.h"

namespace sumi::kernels::cpu {
namespace {

// Calls use(f) with f(x, t) the loss of one element.
template <class Use>
void with_loss(Loss loss, Use&& use) {
  switch (loss) {
    case Loss::bce_logits:
      return use([](float x, float t) { return softplus_f32(x) - t * x; });
    case Loss::squared:
      return use([](float x, float t) { return (x - t) * (x - t); });
    case Loss::l1:
      return use([](float x, float t) { return std::fabs(x - t); });
    case Loss::linear:
      return use([](float x, float t) { return -t * x; });
    case Loss::hinge:
      return use([](float x, float t) {
        const float room = 1.0F - t * x;
        return room > 0.0F || room != room ? room : 0.0F;
      });
  }
}

// Calls use(d) with d(x, t) the derivative.
template <class Use>
void with_loss_grad(Loss loss, Use&& use) {
  switch (loss) {
    case Loss::bce_logits:
      return use([](float x, float t) { return sigmoid_f32(x) - t; });
    case Loss::squared:
      return use([](float x, float t) { return 2.0F * (x - t); });
    case Loss::l1:
      return use([](float x, float t) { return x > t ? 1.0F : x < t ? -1.0F : 0.0F; });
    case Loss::linear:
      return use([](float, float t) { return -t; });
    case Loss::hinge:
      return use([](float x, float t) { return 1.0F - t * x > 0.0F ? -t : 0.0F; });
  }
}

}  // namespace

void loss_mean(const Exec& e, Loss loss, View x, View target, double value, MutView y) {
  dispatch_f32_bf16(name_of(loss), x.dtype, [&]<class T>() {
    const T* xs = x.as<T>();
    const T* ts = target ? target.as<T>() : nullptr;
    const auto constant = static_cast<float>(value);
    double sum = 0;
    with_loss(loss, [&](auto f) {
      sum = ts ? sum_all(e, x.count(),
                         [=](i64 i) { return f(static_cast<float>(xs[i]), static_cast<float>(ts[i])); })
               : sum_all(e, x.count(), [=](i64 i) { return f(static_cast<float>(xs[i]), constant); });
    });
    *y.as<T>() = T(static_cast<float>(sum / static_cast<double>(x.count())));
  });
}

void loss_mean_grad(const Exec&, Loss loss, View x, View target, double value, View dy, MutView dx,
                    Write write) {
  const bool add = write == Write::accumulate;
  dispatch_f32_bf16(name_of(loss), x.dtype, [&]<class T>() {
    const T* xs = x.as<T>();
    const T* ts = target ? target.as<T>() : nullptr;
    T* dxs = dx.as<T>();
    const auto constant = static_cast<float>(value);
    const auto scale = static_cast<float>(static_cast<double>(static_cast<float>(*dy.as<T>())) /
                                          static_cast<double>(x.count()));
    with_loss_grad(loss, [&](auto d) {
      for_range(x.count(), 1, [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; ++i) {
          const float t = ts ? static_cast<float>(ts[i]) : constant;
          const float grad = scale * d(static_cast<float>(xs[i]), t);
          dxs[i] = T(add ? static_cast<float>(dxs[i]) + grad : grad);
        }
      });
    });
  });
}

}  // namespace sumi::kernels::cpu
