// Mean and variance of batch, instance, layer and group norm, and batch norm's running averages.
//
// Two kernels. First the moments of each chunk of each channel (device/columns.cuh says which threads): the mean, then
// in a second walk, while the chunk is still in cache, the squared deviations from it. The sum of squares minus the
// square of the sum would lose everything where the mean is large. Then one warp a statistic joins its chunks and
// channels. With n_i elements, mean m_i and squared deviations q_i in part i, the whole has
//   mean m = sum n_i m_i / sum n_i     squared deviations q = sum (q_i + n_i (m_i - m)^2)
// (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979).
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/norm.cuh"
#include "kernels/cuda/variant.h"

namespace sumi::kernels::cuda {

struct Moments {
  float mean, squares;  // squares: the sum of squared deviations from mean
};

template <class T>
__global__ void moments_of_chunks(Slices k, const T* x, Moments* partial) {
  const Slice s(k);
  const auto count = static_cast<float>(k.rows_of(s.chunk));
  float sum = 0;
  for_each_row(k, s, [&](std::int64_t i) { sum += static_cast<float>(x[i]); });
  const float centre = column_sum(sum, k.lanes) / count;
  float drift = 0, squares = 0;
  for_each_row(k, s, [&](std::int64_t i) {
    const float off = static_cast<float>(x[i]) - centre;
    drift += off;
    squares += off * off;
  });
  drift = column_sum(drift, k.lanes);
  squares = column_sum(squares, k.lanes);
  // centre was rounded: drift / count is what it lacks, and the squares are too many by drift^2 / count.
  if (s.writes) partial[s.partial] = {centre + drift / count, squares - drift * drift / count};
}

// k: how the chunks were cut. One warp a block, one block a statistic.
template <class T>
__global__ void join_moments(NormLayout l, Slices k, const Moments* partial, T* mean, T* var) {
  const std::int64_t stat = blockIdx.x, o = stat / l.groups, first = stat % l.groups * l.per_group;
  // f(count, moments) of this lane's parts
  const auto for_each_part = [&](auto&& f) {
    for (std::int64_t i = threadIdx.x; i < k.chunks * l.per_group; i += 32) {
      const std::int64_t chunk = i / l.per_group, channel = first + i % l.per_group;
      f(static_cast<double>(k.rows_of(chunk)), partial[(o * k.chunks + chunk) * l.c + channel]);
    }
  };
  const auto count = static_cast<double>(l.rows * l.per_group);
  double sum = 0, squares = 0;
  for_each_part([&](double n, const Moments& part) { sum += n * static_cast<double>(part.mean); });
  const double centre = warp_sum(sum) / count;
  for_each_part([&](double n, const Moments& part) {
    const double off = static_cast<double>(part.mean) - centre;
    squares += static_cast<double>(part.squares) + n * off * off;
  });
  squares = warp_sum(squares);
  if (threadIdx.x != 0) return;
  mean[stat] = T(centre);
  var[stat] = T(squares < 0 ? 0 : squares / count);  // rounding may lie below 0; NaN stays
}

void two_pass_norm_stats(const Exec& e, const NormGeom& g, View x, MutView mean, MutView var) {
  const NormLayout l(g);
  const Slices k = l.slices();
  auto* const partial =
      static_cast<Moments*>(e.scratch->get(static_cast<std::size_t>(k.partials()) * sizeof(Moments)));
  dispatch_f32_bf16("norm_stats", x.dtype, [&]<class T>() {
    launch(e, "moments_of_chunks", moments_of_chunks<T>, {k.grid(), kColumnBlock}, k, x.as<T>(), partial);
    launch(e, "join_moments", join_moments<T>, {static_cast<unsigned>(l.stats()), 32}, l, k, partial,
           mean.as<T>(), var.as<T>());
  });
}

namespace {

constexpr Variant<NormProblem, NormStats> variants[] = {
    {"two_pass", "the mean of a chunk, then the squared deviations from it", always, always,
     two_pass_norm_stats},
};

}  // namespace

void norm_stats(const Exec& e, const NormGeom& g, View x, MutView mean, MutView var) {
  choose_variant("norm_stats", e, variants, NormProblem{g, x.dtype}).run(e, g, x, mean, var);
}

std::vector<VariantInfo> norm_stats_variants(const NormGeom& g, DType dtype) {
  return list_variants(variants, {g, dtype});
}

// One thread a channel. take = 1 - keep, and take_var = take * count / (count - 1), the unbiased variance's share.
template <class T>
__global__ void norm_running_channels(std::int64_t c, const T* mean, const T* var, double keep, double take,
                                      double take_var, T* running_mean, T* running_var) {
  for_each_element(c, [=](std::int64_t i) {
    running_mean[i] = T(keep * static_cast<double>(running_mean[i]) + take * static_cast<double>(mean[i]));
    running_var[i] = T(keep * static_cast<double>(running_var[i]) + take_var * static_cast<double>(var[i]));
  });
}

void norm_running(const Exec& e, const NormGeom& g, View mean, View var, double keep, MutView running_mean,
                  MutView running_var) {
  const auto count = static_cast<double>(g.stat_count());
  const double unbiased = count > 1 ? count / (count - 1) : 1;  // one element has no unbiased variance
  dispatch_f32_bf16("norm_running", mean.dtype, [&]<class T>() {
    launch(e, "norm_running_channels", norm_running_channels<T>, {element_grid(g.x.c), kElementBlock}, g.x.c,
           mean.as<T>(), var.as<T>(), keep, 1 - keep, (1 - keep) * unbiased, running_mean.as<T>(),
           running_var.as<T>());
  });
}

}  // namespace sumi::kernels::cuda
