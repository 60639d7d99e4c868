// Measures the CPU's convolution algorithms for the geometries of a workload.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "kernels/conv_plan.h"

namespace sumi {

struct TunedConv {
  ConvCall use;
  int count = 0;                                 // occurrences in the workload
  std::map<ConvAlgorithm, double> milliseconds;  // medians of the possible algorithms
  ConvAlgorithm rule = ConvAlgorithm::native;    // runs without a plan
  // the fastest; the rule's unless another is 3 % faster
  ConvAlgorithm best = ConvAlgorithm::native;
};

// Measures each geometry of `uses` with this thread's number of threads, alternating between all
// algorithms for about `seconds`. `policy` restricts the algorithms (exact: no Winograd).
// `progress(done, all)` is called after each geometry; returning true stops, and the measurements
// so far are returned.
std::vector<TunedConv> tune_convolutions(const ConvCalls& uses, const ConvPolicy& policy, double seconds,
                                         const std::function<bool(std::size_t, std::size_t)>& progress);

// The best algorithm of each geometry.
ConvPlan plan_of(const std::vector<TunedConv>& tuned);

}  // namespace sumi
