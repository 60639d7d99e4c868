// Measures the forms of convolution that the CPU has, for the geometries that some work consists of.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "kernels/conv_plan.h"

namespace sumi {

struct TunedConv {
  ConvCall use;
  int count = 0;                                 // how often the work does it
  std::map<ConvAlgorithm, double> milliseconds;  // medians of the possible methods
  ConvAlgorithm rule = ConvAlgorithm::own;       // what runs without a plan
  ConvAlgorithm best = ConvAlgorithm::own;       // the fastest; the rule's unless another is 3 % faster
};

// Measures each geometry of `uses` with this thread's number of threads, every method in turns for about `seconds`.
// `policy` says what is allowed (exact: no Winograd). `progress(done, all)` is called after each; true stops: what was
// measured so far comes back.
std::vector<TunedConv> tune_convolutions(const ConvCalls& uses, const ConvPolicy& policy, double seconds,
                                         const std::function<bool(std::size_t, std::size_t)>& progress);

// The best method of each.
ConvPlan plan_of(const std::vector<TunedConv>& tuned);

}  // namespace sumi
