// Mean and variance of batch, instance, layer and group norm, and batch norm's running statistics:
// the table of variants, and their shared parts.
#include "kernels/cuda/device/elements.cuh"
#include "kernels/cuda/norm/stats.cuh"
#include "kernels/cuda/variant.h"

namespace sumi::kernels::cuda {

namespace {

bool vectors_fit(const NormProblem& p) {
  return p.aligned && p.geom.x.c % (16 / static_cast<std::int64_t>(size_of(p.dtype))) == 0;
}

constexpr Variant<NormProblem, NormStats> stats_variants[] = {
    {"two_pass", "the mean of a chunk, then in a second walk the squared deviations from it", always, always,
     two_pass_stats},
    {"welford", "one walk that corrects mean and squares for each element: half the reads, a division each",
     always, always, welford_stats},
    {"vectorized", "16 bytes a read; the 4 or 8 channels of a vector share the division and overlap",
     vectors_fit, always, vectorized_stats},
};

}  // namespace

void norm_stats(const Exec& e, const NormGeom& g, View x, MutView mean, MutView var) {
  choose_variant("norm_stats", e, stats_variants, NormProblem{g, x.dtype, are_aligned({x})})
      .run(e, g, x, mean, var);
}

std::vector<VariantInfo> norm_stats_variants(const NormGeom& g, DType dtype) {
  return list_variants(stats_variants, {g, dtype, true});
}

// One thread per channel. take = 1 - keep, and take_var = take * count / (count - 1), the unbiased
// variance's share.
__global__ void norm_running_channels(std::int64_t c, const float* mean, const float* var, double keep,
                                      double take, double take_var, float* running_mean, float* running_var) {
  for_each_element(c, [=](std::int64_t i) {
    running_mean[i] =
        static_cast<float>(keep * static_cast<double>(running_mean[i]) + take * static_cast<double>(mean[i]));
    running_var[i] = static_cast<float>(keep * static_cast<double>(running_var[i]) +
                                        take_var * static_cast<double>(var[i]));
  });
}

void norm_running(const Exec& e, const NormGeom& g, View mean, View var, double keep, MutView running_mean,
                  MutView running_var) {
  const auto count = static_cast<double>(g.stat_count());
  // one element has no unbiased variance
  const double unbiased = count > 1 ? count / (count - 1) : 1;
  launch(e, "norm_running_channels", norm_running_channels, {element_grid(g.x.c), kElementBlock}, g.x.c,
         mean.as<float>(), var.as<float>(), keep, 1 - keep, (1 - keep) * unbiased, running_mean.as<float>(),
         running_var.as<float>());
}

}  // namespace sumi::kernels::cuda
