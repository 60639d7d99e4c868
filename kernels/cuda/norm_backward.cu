// The gradient of batch, instance, layer and group norm. With z = gamma x_hat + beta, dz = dy
// act'(z) and means over the elements of the statistic:
//   dgamma = sum dz x_hat     dbeta = sum dz
//   dx = (gamma dz - mean(gamma dz) - x_hat mean(gamma dz x_hat)) / sqrt(var + eps)
// (Ioffe and Szegedy 2015, with collected terms). With fixed statistics the two means are omitted.
//
// Two kernels, each sum in an order determined by the sizes alone:
//   norm_grad_sums   sums of dz and dz x_hat per chunk of rows of a channel (device/columns.cuh). The
//                    last block of a tile joins its chunks; if a channel is a statistic it also
//                    computes the two means, and with one outer (batch norm) dgamma and dbeta. Else
//                    the last block of an outer computes the means over channels.
//   norm_input_grad  dx
// and a third, norm_parameter_grads, that sums over several outers: dgamma and dbeta, one thread
// per channel. dz is computed twice, from x and dy, and never stored. As in norm_apply.cu, a thread
// owns 16 bytes of channels and reads their maps once.
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/device/last_block.cuh"
#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/device/unary.cuh"
#include "kernels/cuda/norm.cuh"

namespace sumi::kernels::cuda {

// Sums, or means, of g and g x_hat, where g is dz or gamma dz.
struct GradPair {
  float plain, with_hat;
};

// Where dgamma and dbeta go; both may be null.
struct ParameterGrads {
  float *gamma, *beta;
  bool add_gamma, add_beta;

  __device__ void put(std::int64_t channel, double of_gamma, double of_beta) const {
    if (gamma) store(gamma[channel], static_cast<float>(of_gamma), add_gamma);
    if (beta) store(beta[channel], static_cast<float>(of_beta), add_beta);
  }
};

// The operands from which dz is computed.
template <class T, class Act>
struct GradSource {
  Affine affine;
  Act act;
  const T *x, *dy;

  // The same from outer `first` on.
  GradSource from(std::int64_t first) const {
    const NormLayout& l = affine.layout;
    GradSource part = *this;
    part.affine.mean += first * l.groups;
    part.affine.var += first * l.groups;
    part.x += first * l.rows * l.c;
    part.dy += first * l.rows * l.c;
    return part;
  }
  // dz and x - mean of the elements from i on.
  template <int size>
  __device__ void at(std::int64_t i, const ChannelMaps<size>& maps, float (&dz)[size],
                     float (&centered)[size]) const {
    float z[size];
    load_floats(x + i, centered);
    load_floats(dy + i, dz);
    maps.apply(centered, z);
    SUMI_UNROLL
    for (int n = 0; n < size; ++n) dz[n] = act.times_slope(z[n], dz[n]);
  }
};

// Buffers of the sums: partial [outer, chunk, c], sums [outer, c], means [outer, groups].
struct GradSums {
  GradPair *partial, *sums, *means;

  GradSums(const Exec& e, const NormLayout& l, const RowChunks& k) {
    const std::int64_t pairs = l.outer * l.c + l.stats() + l.outer * k.chunks * l.c;
    sums = static_cast<GradPair*>(e.scratch->get(static_cast<std::size_t>(pairs) * sizeof(GradPair)));
    means = sums + l.outer * l.c;
    partial = means + l.stats();
  }
  // The same from outer `first` on.
  GradSums from(std::int64_t first, const NormLayout& l, const RowChunks& k) const {
    GradSums part = *this;
    part.partial += first * k.chunks * l.c;
    part.sums += first * l.c;
    part.means += first * l.groups;
    return part;
  }
};

// Joins the chunks of `width` channels from `first` of outer o; stores sums and, if a channel is a
// statistic, means; with one outer, the gradients of the parameters.
__device__ inline void join_grad_sums(const RowChunks& k, const Affine& affine, const GradSums& to,
                                      const ParameterGrads& grads, std::int64_t o, std::int64_t first,
                                      std::int64_t width) {
  const NormLayout& l = affine.layout;
  const unsigned lanes = width < 32 ? static_cast<unsigned>(width) : 32;
  for (std::int64_t base = 0; base < width; base += lanes) {
    const std::int64_t channel = first + base + threadIdx.x % lanes;
    const bool exists = channel < l.c;
    float sums[2] = {0, 0};
    for (std::int64_t chunk = threadIdx.x / lanes; exists && chunk < k.chunks;
         chunk += kColumnBlock / lanes) {
      const GradPair& part = to.partial[(o * k.chunks + chunk) * l.c + channel];
      sums[0] += part.plain;
      sums[1] += part.with_hat;
    }
    const float plain = column_sum(sums[0], lanes), with_hat = column_sum(sums[1], lanes);
    if (!exists || threadIdx.x >= lanes) continue;
    to.sums[o * l.c + channel] = {plain, with_hat};
    if (l.per_group == 1) {
      const float share = affine.scale(channel) / l.count();
      to.means[l.stat_of(o, channel)] = {plain * share, with_hat * share};
    }
    if (l.outer == 1) grads.put(channel, static_cast<double>(with_hat), static_cast<double>(plain));
  }
}

// The means of the groups of outer o over their channels, the whole block for each.
__device__ inline void join_group_means(const Affine& affine, const GradSums& to, std::int64_t o) {
  const NormLayout& l = affine.layout;
  for (std::int64_t group = 0; group < l.groups; ++group) {
    const std::int64_t first = group * l.per_group;
    float plain = 0, with_hat = 0;
    for (std::int64_t channel = first + threadIdx.x; channel < first + l.per_group; channel += kColumnBlock) {
      const GradPair& sum = to.sums[o * l.c + channel];
      plain += affine.scale(channel) * sum.plain;
      with_hat += affine.scale(channel) * sum.with_hat;
    }
    plain = block_sum(plain);
    with_hat = block_sum(with_hat);
    if (threadIdx.x == 0) to.means[o * l.groups + group] = {plain / l.count(), with_hat / l.count()};
  }
}

// k: x as vectors of `size` channels.
template <class T, int size, class Act>
__global__ void norm_grad_sums(RowChunks k, GradSource<T, Act> source, GradSums to, ParameterGrads grads) {
  const Slice s(k);
  const Affine& affine = source.affine;
  const BlockMaps& block = affine.template block_maps<size>(k, s);
  const ChannelMaps<size> maps = own_maps<size>(k, s, block);
  float sums[2 * size] = {};
  for_each_row(k, s, [&](std::int64_t i) {
    float dz[size], centered[size];
    source.at(i * size, maps, dz, centered);
    SUMI_UNROLL
    for (int n = 0; n < size; ++n) {
      sums[n] += dz[n];
      sums[size + n] = fmaf(dz[n], centered[n], sums[size + n]);
    }
  });
  const std::int64_t first = Affine::first_channel<size>(k);
  constexpr unsigned most_lanes = size == 1 ? 32 : kVectorLanes;
  column_sums<most_lanes>(sums, k.lanes, [&](int which, unsigned lane, float total) {
    const unsigned own = lane * size + static_cast<unsigned>(which) % size;
    if (first + own >= k.cols * size) return;
    GradPair& pair = to.partial[(s.outer * k.chunks + s.chunk) * k.cols * size + first + own];
    if (which < size)
      pair.plain = total;
    else
      pair.with_hat = total * block.rstd[own];
  });
  const bool by_channel = affine.layout.per_group == 1;
  const std::int64_t ticket = by_channel ? s.outer * k.tiles + k.tile() : s.outer;
  if (!is_last_block(ticket, static_cast<unsigned>(by_channel ? k.chunks : k.chunks * k.tiles))) return;
  if (by_channel) return join_grad_sums(k, affine, to, grads, s.outer, first, k.lanes * size);
  // Lanes must be a power of two, so the channels are joined in whole warps.
  join_grad_sums(k, affine, to, grads, s.outer, 0, (affine.layout.c + 31) / 32 * 32);
  __syncthreads();  // the sums have been written
  join_group_means(affine, to, s.outer);
}

// dgamma and dbeta of several outers. sums [outer, c].
__global__ void norm_parameter_grads(NormLayout l, const GradPair* sums, ParameterGrads grads) {
  for_each_element(l.c, [=](std::int64_t channel) {
    double plain = 0, with_hat = 0;
    for (std::int64_t o = 0; o < l.outer; ++o) {
      const GradPair& sum = sums[o * l.c + channel];
      plain += static_cast<double>(sum.plain);
      with_hat += static_cast<double>(sum.with_hat);
    }
    grads.put(channel, with_hat, plain);
  });
}

// What a channel's dx subtracts from scale dz: constant + slope (x - mean).
struct BlockMeans {
  float constant[kColumnBlock], slope[kColumnBlock];
};

// means null: fixed statistics. dx may be dy.
template <class T, int size, class Act>
__global__ void norm_input_grad(RowChunks k, GradSource<T, Act> source, const GradPair* means, T* dx) {
  const Slice s(k);
  const Affine& affine = source.affine;
  auto& block_means = block_shared<BlockMeans>();
  const BlockMaps& block = affine.template block_maps<size>(k, s);
  const std::int64_t channel = Affine::first_channel<size>(k) + threadIdx.x;
  if (threadIdx.x < k.lanes * size && channel < affine.layout.c) {
    const GradPair mean = means ? means[affine.layout.stat_of(s.outer, channel)] : GradPair{0, 0};
    const float rstd = block.rstd[threadIdx.x];
    block_means.constant[threadIdx.x] = rstd * mean.plain;
    block_means.slope[threadIdx.x] = rstd * rstd * mean.with_hat;
  }
  __syncthreads();
  const ChannelMaps<size> maps = own_maps<size>(k, s, block);
  float constant[size], slope[size];
  if (s.inside) {
    own_channels(k, block_means.constant, constant);
    own_channels(k, block_means.slope, slope);
  }
  for_each_row(k, s, [&](std::int64_t i) {
    float dz[size], centered[size];
    source.at(i * size, maps, dz, centered);
    SUMI_UNROLL
    for (int n = 0; n < size; ++n)
      dz[n] = fmaf(maps.scale[n], dz[n], -fmaf(centered[n], slope[n], constant[n]));
    store_floats(dz, dx + i * size);
  });
}

void norm_backward(const Exec& e, const NormGeom& g, View x, View mean, View var, View gamma, View beta,
                   Unary act, double alpha, bool fixed_stats, View dy, MutView dx, MutView dgamma,
                   Write dgamma_write, MutView dbeta, Write dbeta_write) {
  const NormLayout l(g);
  const bool through_stats = dx && !fixed_stats;
  const ParameterGrads grads{dgamma ? dgamma.as<float>() : nullptr, dbeta ? dbeta.as<float>() : nullptr,
                             dgamma_write == Write::accumulate, dbeta_write == Write::accumulate};
  dispatch_f32_bf16("norm_backward", x.dtype, [&]<class T>() {
    dispatch_vectors<T>(l.c, are_aligned({x, dy, dx}), [&]<int size>() {
      dispatch_activation(act, alpha, [&]<class Act>(Act function) {
        const GradSource<T, Act> source{Affine(l, mean, var, gamma, beta), function, x.as<T>(), dy.as<T>()};
        const RowChunks whole = RowChunks::of_vectors(l.outer, l.rows, l.c, size);
        const GradSums sums(e, l, whole);
        if (dgamma || dbeta || through_stats)
          for_each_ticketed(whole, l.per_group > 1, [&](std::int64_t first, const RowChunks& k) {
            launch(e, "norm_grad_sums", norm_grad_sums<T, size, Act>, {k.grid(), kColumnBlock}, k,
                   source.from(first), sums.from(first, l, k), grads);
          });
        if ((dgamma || dbeta) && l.outer != 1)  // none: zeros
          launch(e, "norm_parameter_grads", norm_parameter_grads, {element_grid(l.c), kElementBlock}, l,
                 sums.sums, grads);
        if (!dx) return;
        const RowChunks elements = RowChunks::of_elements(l.outer, l.rows, l.c / size);
        launch(e, "norm_input_grad", norm_input_grad<T, size, Act>, {elements.grid(), kColumnBlock}, elements,
               source, through_stats ? sums.means : nullptr, dx.as<T>());
      });
    });
  });
}

}  // namespace sumi::kernels::cuda
