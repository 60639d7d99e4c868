// Elementwise functions of one operand, and their gradients.
#include "kernels/activation.h"

#include "kernels/cpu/math.h"
#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {

namespace {

// Blocks that stay in the L1 cache between two loops: out-of-order execution covers some dozens of
// operations, which is less than two elements of both loops in one.
template <class T>
void softplus_span(const T* from, T* to, i64 begin, i64 end) {
  constexpr i64 block = 512;
  float decay[block];
  for (; begin < end; begin += block) {
    const i64 count = std::min(block, end - begin);
    for (i64 i = 0; i < count; ++i) decay[i] = exp_minus_f32(std::fabs(static_cast<float>(from[begin + i])));
    for (i64 i = 0; i < count; ++i)
      to[begin + i] = T(softplus_from(static_cast<float>(from[begin + i]), decay[i]));
  }
}

}  // namespace

void unary(const Exec&, Unary u, double alpha, View x, MutView y) {
  dispatch_f32_bf16(name_of(u), x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    T* to = y.as<T>();
    if (u == Unary::softplus)
      return for_range(x.count(), 1, [=](i64 begin, i64 end) { softplus_span(from, to, begin, end); });
    with_unary(u, static_cast<float>(alpha), [&](auto f) {
      for_range(x.count(), 1, [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; ++i) to[i] = T(f(static_cast<float>(from[i])));
      });
    });
  });
}

void unary_grad(const Exec&, Unary u, double alpha, View x, View y, View dy, MutView dx, Write write) {
  const bool add = write == Write::accumulate;
  dispatch_f32_bf16(name_of(u), x.dtype, [&]<class T>() {
    const T* xs = x.as<T>();
    const T* ys = y.as<T>();
    const T* dys = dy.as<T>();
    T* dxs = dx.as<T>();
    with_unary_grad(u, static_cast<float>(alpha), [&](auto d) {
      for_range(dx.count(), 1, [=](i64 begin, i64 end) {
        if (add) {
          for (i64 i = begin; i < end; ++i)
            dxs[i] = T(static_cast<float>(dxs[i]) +
                       d(static_cast<float>(xs[i]), static_cast<float>(ys[i])) * static_cast<float>(dys[i]));
        } else {
          for (i64 i = begin; i < end; ++i)
            dxs[i] = T(d(static_cast<float>(xs[i]), static_cast<float>(ys[i])) * static_cast<float>(dys[i]));
        }
      });
    });
  });
}

}  // namespace sumi::kernels::cpu
