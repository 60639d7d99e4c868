// Losses: the mean over all elements of a function of x and a target, with its gradient in the same pass.
#include "kernels/loss.h"

#include "kernels/cpu/math.h"
#include "kernels/cpu/reduce.h"

namespace sumi::kernels::cpu {
namespace {

// One element's loss and its derivative. Where nobody reads the derivative, the compiler drops it.
struct Term {
  float value, slope;
};

// Calls use(f) with f(x, t) the Term of one element.
template <class Use>
void with_loss(Loss loss, float delta, Use&& use) {
  switch (loss) {
    case Loss::bce_logits:
      return use([](float x, float t) {
        // softplus and sigmoid of x share e^-|x|.
        const float u = exp_f32(-std::fabs(x)), above = 1.0F / (1.0F + u);
        const float below = u * above, high = x > 0.0F ? x : 0.0F;
        return Term{high + log1p_unit_f32(u) - t * x, (x < 0.0F ? below : above) - t};
      });
    case Loss::squared:
      return use([](float x, float t) { return Term{(x - t) * (x - t), 2.0F * (x - t)}; });
    case Loss::l1:
      return use([](float x, float t) {
        return Term{std::fabs(x - t), x > t ? 1.0F : x < t ? -1.0F : 0.0F};
      });
    case Loss::linear:
      return use([](float x, float t) { return Term{-t * x, -t}; });
    case Loss::hinge:
      return use([](float x, float t) {
        const float room = 1.0F - t * x;
        return Term{room > 0.0F || room != room ? room : 0.0F, room > 0.0F ? -t : 0.0F};
      });
    case Loss::huber:
      return use([delta](float x, float t) {
        const float z = x - t, size = std::fabs(z), outside = delta * (size - 0.5F * delta);
        // Comparisons that NaN passes through.
        return Term{size > delta ? outside : 0.5F * z * z, z > delta ? delta : z < -delta ? -delta : z};
      });
  }
}

}  // namespace

void loss_mean(const Exec& e, Loss loss, double delta, View x, View target, double value, MutView y,
               MutView dx) {
  const i64 count = x.count();
  dispatch_f32_bf16(name_of(loss), x.dtype, [&]<class T>() {
    const T* const xs = x.as<T>();
    const T* const ts = target ? target.as<T>() : nullptr;
    T* const dxs = dx ? dx.as<T>() : nullptr;
    const auto constant = static_cast<float>(value);
    const auto share = static_cast<float>(1.0 / static_cast<double>(count));
    double sum = 0;
    with_loss(loss, static_cast<float>(delta), [&](auto term) {
      const auto sum_against = [&](auto target_at) {
        if (!dxs)
          return sum_all(e, count,
                         [=](i64 i) { return term(static_cast<float>(xs[i]), target_at(i)).value; });
        return sum_all(e, count, [=](i64 i) {
          const Term at = term(static_cast<float>(xs[i]), target_at(i));
          dxs[i] = T(share * at.slope);
          return at.value;
        });
      };
      sum = ts ? sum_against([ts](i64 i) { return static_cast<float>(ts[i]); })
               : sum_against([constant](i64) { return constant; });
    });
    *y.as<T>() = T(static_cast<float>(sum / static_cast<double>(count)));
  });
}

}  // namespace sumi::kernels::cpu
