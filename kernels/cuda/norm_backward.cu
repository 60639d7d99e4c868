// The gradient of batch, instance, layer and group norm. With z = gamma x_hat + beta, dz = dy
// act'(z) and means over the elements of the statistic:
//   dgamma = sum dz x_hat     dbeta = sum dz
//   dx = (gamma dz - mean(gamma dz) - x_hat mean(gamma dz x_hat)) / sqrt(var + eps)
// (Ioffe and Szegedy 2015, with collected terms). With fixed statistics the two means are omitted.
//
// Five kernels, each sum in an order determined by the sizes alone:
//   grad_sums_of_chunks  sums of dz and dz x_hat per chunk of rows of a channel (device/columns.cuh)
//   join_grad_sums       over the chunks: one pair per channel of each outer
//   parameter_grads      over the outers: dgamma and dbeta, one thread per channel
//   statistic_means      over the channels of a statistic: the two means, one warp per statistic
//   norm_input_grad      dx, one thread per element
// dz is computed twice, from x and dy, and never stored.
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/device/unary.cuh"
#include "kernels/cuda/norm.cuh"

namespace sumi::kernels::cuda {

// Sums, or means, of g and g x_hat, where g is dz or gamma dz.
struct GradPair {
  float plain, with_hat;
};

// The operands from which dz is computed.
template <class T>
struct GradSource {
  Affine affine;
  Unary act;
  float alpha;
  const T *x, *dy;

  // dz and x_hat of element i
  __device__ GradPair at(std::int64_t i, const ChannelMap& map) const {
    const float hat = map.x_hat(static_cast<float>(x[i])), z = map.z(hat);
    return {static_cast<float>(dy[i]) * unary_slope(act, alpha, z, unary_value(act, alpha, z)), hat};
  }
};

template <class T>
__global__ void grad_sums_of_chunks(RowChunks k, GradSource<T> source, GradPair* partial) {
  const Slice s(k);
  const ChannelMap map = s.inside ? source.affine.at(s.outer, s.col) : ChannelMap{};
  float plain = 0, with_hat = 0;
  for_each_row(k, s, [&](std::int64_t i) {
    const auto [dz, hat] = source.at(i, map);
    plain += dz;
    with_hat += dz * hat;
  });
  plain = column_sum(plain, k.lanes);
  with_hat = column_sum(with_hat, k.lanes);
  if (s.writes) partial[s.partial] = {plain, with_hat};
}

__global__ void join_grad_sums(RowChunks k, const GradPair* partial, GradPair* sums) {
  const Slice s(k);
  double plain = 0, with_hat = 0;
  for_each_row(k, s, [&](std::int64_t i) {
    plain += static_cast<double>(partial[i].plain);
    with_hat += static_cast<double>(partial[i].with_hat);
  });
  plain = column_sum(plain, k.lanes);
  with_hat = column_sum(with_hat, k.lanes);
  if (s.writes) sums[s.partial] = {static_cast<float>(plain), static_cast<float>(with_hat)};
}

// dgamma and dbeta may be null. sums [outer, c].
__global__ void parameter_grads(NormLayout l, const GradPair* sums, float* dgamma, bool add_gamma,
                                float* dbeta, bool add_beta) {
  for_each_element(l.c, [=](std::int64_t channel) {
    double plain = 0, with_hat = 0;
    for (std::int64_t o = 0; o < l.outer; ++o) {
      const GradPair& sum = sums[o * l.c + channel];
      plain += static_cast<double>(sum.plain);
      with_hat += static_cast<double>(sum.with_hat);
    }
    if (dgamma) store(dgamma[channel], static_cast<float>(with_hat), add_gamma);
    if (dbeta) store(dbeta[channel], static_cast<float>(plain), add_beta);
  });
}

// means [outer, groups], of gamma dz and gamma dz x_hat. One warp per block, one block per
// statistic.
__global__ void statistic_means(Affine affine, const GradPair* sums, GradPair* means) {
  const NormLayout& l = affine.layout;
  const std::int64_t stat = blockIdx.x, o = stat / l.groups, first = stat % l.groups * l.per_group;
  float plain = 0, with_hat = 0;
  for (std::int64_t channel = first + threadIdx.x; channel < first + l.per_group; channel += 32) {
    const GradPair& sum = sums[o * l.c + channel];
    plain += affine.scale(channel) * sum.plain;
    with_hat += affine.scale(channel) * sum.with_hat;
  }
  plain = warp_sum(plain);
  with_hat = warp_sum(with_hat);
  if (threadIdx.x == 0) means[stat] = {plain / l.count(), with_hat / l.count()};
}

// means null: fixed statistics. dx may be dy.
template <class T>
__global__ void norm_input_grad(GradSource<T> source, const GradPair* means, T* dx) {
  const NormLayout& l = source.affine.layout;
  for_each_element(l.outer * l.rows * l.c, [&](std::int64_t i) {
    const std::int64_t channel = i % l.c, o = i / l.c / l.rows;
    const ChannelMap map = source.affine.at(o, channel);
    const auto [dz, hat] = source.at(i, map);
    float through = map.gamma * dz;
    if (means) {
      const GradPair& mean = means[l.stat_of(o, channel)];
      through -= mean.plain + hat * mean.with_hat;
    }
    dx[i] = T(map.rstd * through);
  });
}

// The joined sums of all chunks, [outer, c], and room for the statistics' means, in the Exec's
// scratch memory.
struct GradScratch {
  GradPair *sums, *means, *partial;

  GradScratch(const Exec& e, const NormLayout& l, const RowChunks& k) {
    const std::int64_t pairs = l.outer * l.c + l.stats() + k.partials();
    sums = static_cast<GradPair*>(e.scratch->get(static_cast<std::size_t>(pairs) * sizeof(GradPair)));
    means = sums + l.outer * l.c;
    partial = means + l.stats();
  }
};

void norm_backward(const Exec& e, const NormGeom& g, View x, View mean, View var, View gamma, View beta,
                   Unary act, double alpha, bool fixed_stats, View dy, MutView dx, MutView dgamma,
                   Write dgamma_write, MutView dbeta, Write dbeta_write) {
  const NormLayout l(g);
  const RowChunks k = l.slices(), chunks = RowChunks::of_chunks(k);
  const bool through_stats = dx && !fixed_stats;
  dispatch_f32_bf16("norm_backward", x.dtype, [&]<class T>() {
    const Affine affine(l, mean, var, gamma, beta);
    const GradSource<T> source{affine, act, static_cast<float>(alpha), x.as<T>(), dy.as<T>()};
    const GradScratch scratch(e, l, k);
    if (dgamma || dbeta || through_stats) {
      launch(e, "grad_sums_of_chunks", grad_sums_of_chunks<T>, {k.grid(), kColumnBlock}, k, source,
             scratch.partial);
      launch(e, "join_grad_sums", join_grad_sums, {chunks.grid(), kColumnBlock}, chunks, scratch.partial,
             scratch.sums);
    }
    if (dgamma || dbeta)
      launch(e, "parameter_grads", parameter_grads, {element_grid(l.c), kElementBlock}, l, scratch.sums,
             dgamma ? dgamma.as<float>() : nullptr, dgamma_write == Write::accumulate,
             dbeta ? dbeta.as<float>() : nullptr, dbeta_write == Write::accumulate);
    if (through_stats)
      launch(e, "statistic_means", statistic_means, {static_cast<unsigned>(l.stats()), 32}, affine,
             scratch.sums, scratch.means);
    if (dx)
      launch(e, "norm_input_grad", norm_input_grad<T>, {element_grid(x.count()), kElementBlock}, source,
             through_stats ? scratch.means : nullptr, dx.as<T>());
  });
}

}  // namespace sumi::kernels::cuda
