// Shared parts of the norm kernels: x as [outer, rows, c] and the affine map of one channel.
#pragma once

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/cuda/device/columns.cuh"
#include "kernels/norm.h"

namespace sumi::kernels::cuda {

// x viewed as [outer, rows, c]: a statistic covers the rows of `per_group` adjacent channels of one
// `outer`. Batch norm has one outer and a statistic per channel; the others have one outer per
// image.
struct NormLayout {
  std::int64_t outer, rows, c, groups, per_group;
  float eps;

  explicit NormLayout(const NormGeom& g)
      : outer(g.is_batch() ? 1 : g.x.n),
        rows(g.is_batch() ? g.x.n * g.x.h * g.x.w : g.x.h * g.x.w),
        c(g.x.c),
        groups(g.is_batch() ? g.x.c : g.groups),
        per_group(g.is_batch() ? 1 : g.x.c / g.groups),
        eps(static_cast<float>(g.eps)) {}

  std::int64_t stats() const { return outer * groups; }
  RowChunks slices() const { return {outer, rows, c}; }

  __device__ std::int64_t stat_of(std::int64_t o, std::int64_t channel) const {
    return o * groups + channel / per_group;
  }
  __device__ float count() const { return static_cast<float>(rows * per_group); }  // of a statistic
};

// One channel of one outer: x_hat = (x - mean) / sqrt(var + eps), z = gamma x_hat + beta.
struct ChannelMap {
  float mean, rstd, gamma, beta;

  __device__ float x_hat(float x) const { return (x - mean) * rstd; }
  // fmaf is explicit so that forward and backward agree on the side of a kink.
  __device__ float z(float hat) const { return fmaf(gamma, hat, beta); }
};

// The operands of ChannelMap; gamma and beta may be null (1 and 0).
struct Affine {
  NormLayout layout;
  const float *mean, *var, *gamma, *beta;

  Affine(const NormLayout& l, View mean_view, View var_view, View gamma_view, View beta_view)
      : layout(l),
        mean(mean_view.as<float>()),
        var(var_view.as<float>()),
        gamma(gamma_view ? gamma_view.as<float>() : nullptr),
        beta(beta_view ? beta_view.as<float>() : nullptr) {}

  __device__ float scale(std::int64_t channel) const { return gamma ? gamma[channel] : 1; }
  __device__ ChannelMap at(std::int64_t o, std::int64_t channel) const {
    const std::int64_t stat = layout.stat_of(o, channel);
    return {mean[stat], 1 / sqrtf(var[stat] + layout.eps), scale(channel), beta ? beta[channel] : 0};
  }
};

}  // namespace sumi::kernels::cuda
