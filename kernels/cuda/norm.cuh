// Shared parts of the norm kernels: x as [outer, rows, c] and the affine maps of channels.
#pragma once

#include "kernels/base/launch.h"
#include "kernels/cuda/rows.cuh"
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
    return o * groups + static_cast<unsigned>(channel) / static_cast<unsigned>(per_group);
  }
  __device__ float count() const { return static_cast<float>(rows * per_group); }  // of a statistic
};

// The affine map of `size` adjacent channels of one outer: z = (x - mean) scale + beta, with scale
// = gamma rstd and rstd = 1 / sqrt(var + eps). x - mean comes first: a mean far larger than the
// deviation costs no precision. fmaf is explicit so that forward and backward agree on the side of
// a kink.
template <int size>
struct ChannelMaps {
  float mean[size], scale[size], beta[size];

  // x becomes x - mean; returns z.
  __device__ void apply(float (&x)[size], float (&z)[size]) const {
    SUMI_UNROLL
    for (int n = 0; n < size; ++n) {
      x[n] -= mean[n];
      z[n] = fmaf(x[n], scale[n], beta[n]);
    }
  }
};

// The maps of the channels of a block, at most one a thread.
struct BlockMaps {
  float mean[kColumnBlock], scale[kColumnBlock], beta[kColumnBlock], rstd[kColumnBlock];
};

// The operands of the maps; gamma and beta may be null (1 and 0).
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

  // Computes the maps of the block's channels, one a thread, and waits for them. k: x as vectors of
  // `size` channels. All threads must call it.
  template <int size>
  __device__ BlockMaps& block_maps(const RowChunks& k, const Slice& s) const {
    auto& shared = block_shared<BlockMaps>();
    const std::int64_t channel = first_channel<size>(k) + threadIdx.x;
    if (threadIdx.x < k.lanes * size && channel < layout.c) {
      const std::int64_t stat = layout.stat_of(s.outer, channel);
      const float rstd = 1 / sqrtf(var[stat] + layout.eps);
      shared.mean[threadIdx.x] = mean[stat];
      shared.rstd[threadIdx.x] = rstd;
      shared.scale[threadIdx.x] = scale(channel) * rstd;
      shared.beta[threadIdx.x] = beta ? beta[channel] : 0;
    }
    __syncthreads();
    return shared;
  }
  // The block's first channel.
  template <int size>
  __device__ static std::int64_t first_channel(const RowChunks& k) {
    return std::int64_t{k.tile()} * k.lanes * size;
  }
};

// This thread's elements of one of the arrays of a block's channels.
template <int size>
__device__ void own_channels(const RowChunks& k, const float* of_block, float (&own)[size]) {
  const unsigned first = k.lane() * size;
  SUMI_UNROLL
  for (int n = 0; n < size; ++n) own[n] = of_block[first + n];
}
// Columns that exist only: the maps of others were not computed.
template <int size>
__device__ ChannelMaps<size> own_maps(const RowChunks& k, const Slice& s, const BlockMaps& block) {
  ChannelMaps<size> maps{};
  if (!s.inside) return maps;
  own_channels(k, block.mean, maps.mean);
  own_channels(k, block.scale, maps.scale);
  own_channels(k, block.beta, maps.beta);
  return maps;
}

}  // namespace sumi::kernels::cuda
