// Losses: the mean over all elements of a function of x and a target, with its gradient in the same
// pass.
#include "kernels/loss.h"

#include <numeric>
#include <type_traits>

#include "kernels/cpu/math.h"
#include "kernels/cpu/reduce.h"

namespace sumi::kernels::cpu {
namespace {

// The loss of one element and its derivative.
struct Term {
  float value, slope;
};

// Calls use(f) with f(x, t) the Term of one element, or f(x, t, e^-|x|).
template <class Use>
void with_loss(Loss loss, float delta, Use&& use) {
  switch (loss) {
    case Loss::bce_logits:
      return use([](float x, float t, float decay) {
        return Term{std::fma(-t, x, softplus_from(x, decay)), sigmoid_from(x, decay) - t};
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
        // Comparisons that propagate NaN.
        return Term{size > delta ? outside : 0.5F * z * z, z > delta ? delta : z < -delta ? -delta : z};
      });
  }
}

// elements buffered in the L1 cache between memory and the sums
constexpr i64 kBlock = 8 * lane_width;

template <class TermAt>
void block_terms(const float* __restrict x, const float* __restrict t, i64 count, float share,
                 float* __restrict values, float* __restrict slopes, const TermAt& term) {
  constexpr bool decays = std::is_invocable_v<TermAt, float, float, float>;
  float decay[decays ? kBlock : 1];
  // In a separate loop: out-of-order execution covers some dozens of operations, which is less than
  // two elements of both loops in one.
  if constexpr (decays)
    for (i64 i = 0; i < count; ++i) decay[i] = exp_minus_f32(std::fabs(x[i]));
  for (i64 i = 0; i < count; ++i) {
    Term at;
    if constexpr (decays) {
      at = term(x[i], t[i], decay[i]);
    } else {
      at = term(x[i], t[i]);
    }
    values[i] = at.value;
    slopes[i] = share * at.slope;
  }
}

// The operands of a loss in blocks of f32, used in place if they are f32.
template <class T>
class Blocks {
 public:
  // A null target is `constant` everywhere; a null dx is not computed.
  Blocks(const T* x, const T* target, float constant, T* dx) : x_(x), target_(target), dx_(dx) {
    if (!target) std::fill(t_, t_ + kBlock, constant);
  }
  const float* x(i64 begin, i64 count) { return loaded(x_ + begin, count, xs_); }
  const float* target(i64 begin, i64 count) { return target_ ? loaded(target_ + begin, count, t_) : t_; }
  float* slopes(i64 begin) {
    if constexpr (std::is_same_v<T, float>)
      if (dx_) return dx_ + begin;
    return slopes_;
  }
  void store_slopes(i64 begin, i64 count) {
    if constexpr (!std::is_same_v<T, float>)
      if (dx_)
        for (i64 i = 0; i < count; ++i) dx_[begin + i] = T(slopes_[i]);
  }

 private:
  static const float* loaded(const T* from, i64 count, float* to) {
    if constexpr (std::is_same_v<T, float>) return from;
    for (i64 i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]);
    return to;
  }

  const T *x_, *target_;
  T* dx_;
  float xs_[kBlock], t_[kBlock], slopes_[kBlock];
};

// The sum of a block: the halves are added until eight are left, which are summed in double.
template <i64 half = kBlock / 2>
double block_sum(float* values) {
  for (i64 i = 0; i < half; ++i) values[i] += values[half + i];
  if constexpr (half > 8) {
    return block_sum<half / 2>(values);
  } else {
    return std::accumulate(values, values + half, 0.0);
  }
}

}  // namespace

void loss_mean(const Exec& e, Loss loss, double delta, View x, View target, double value, MutView y,
               MutView dx) {
  const i64 count = x.count();
  const auto share = static_cast<float>(1.0 / static_cast<double>(count));
  const Chunks k(1, count, 1);
  Workspace w(e);
  const auto parts = w.add<double>(k.count);
  w.allocate();
  double* const part = w.at<double>(parts);
  dispatch_f32_bf16(name_of(loss), x.dtype, [&]<class T>() {
    for_chunks(k, [&](i64, i64 chunk, i64 first, i64 end) {
      Blocks<T> blocks(x.as<T>(), target ? target.as<T>() : nullptr, static_cast<float>(value),
                       dx ? dx.as<T>() : nullptr);
      float values[kBlock];
      part[chunk] = 0;
      for (i64 begin = first; begin < end; begin += kBlock) {
        const i64 size = std::min(kBlock, end - begin);
        with_loss(loss, static_cast<float>(delta), [&](auto term) {
          block_terms(blocks.x(begin, size), blocks.target(begin, size), size, share, values,
                      blocks.slopes(begin), term);
        });
        blocks.store_slopes(begin, size);
        std::fill(values + size, values + kBlock, 0.0F);
        part[chunk] += block_sum(values);
      }
    });
    *y.as<T>() =
        T(static_cast<float>(std::accumulate(part, part + k.count, 0.0) / static_cast<double>(count)));
  });
}

}  // namespace sumi::kernels::cpu
