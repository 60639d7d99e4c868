// Tuning: every possible algorithm is measured, and the plan contains the fastest.
#include "engine/runtime/conv_tuning.h"

#include <doctest/doctest.h>

#include "engine/runtime/device.h"

namespace sumi {
namespace {

using kernels::ConvDirection;
using kernels::ConvGeom;
using kernels::ConvOptions;

TEST_CASE("tune: methods, counts, the fastest, and when to stop") {
  const ConvGeom g = ConvGeom::make("t", {1, 16, 16, 16}, {16, 3, 3, 16}, ConvOptions::same_pads(1, 1)),
                 five = ConvGeom::make("t", {1, 16, 16, 3}, {8, 5, 5, 3}, ConvOptions::same_pads(2, 2));
  const ConvCalls uses{{{ConvDirection::fprop, g}, {ConvDirection::wgrad, five}, {ConvDirection::fprop, g}}};
  std::size_t calls = 0;
  const auto tuned = tune_convolutions(uses, {}, 0.001, [&](std::size_t done, std::size_t all) {
    CHECK(done == ++calls);
    CHECK(all == 2);
    return false;
  });
  REQUIRE(tuned.size() == 2);
  CHECK(tuned[0].count == 2);
  CHECK(tuned[0].milliseconds.contains(ConvAlgorithm::winograd));
  CHECK(tuned[1].count == 1);
  CHECK_FALSE(tuned[1].milliseconds.contains(ConvAlgorithm::winograd));
  const ConvPlan plan = plan_of(tuned);
  for (const TunedConv& conv : tuned) {
    CHECK(conv.milliseconds.contains(ConvAlgorithm::native));
    CHECK(conv.rule == kernels::cpu::conv_method({}, conv.use));
    REQUIRE(conv.milliseconds.contains(conv.best));
    CHECK(plan.methods.at(conv.use.str()) == conv.best);
    const double best = conv.milliseconds.at(conv.best);
    for (const auto& [method, ms] : conv.milliseconds) {
      CHECK(ms > 0);
      CHECK(ms >= 0.97 * best);  // the rule's choice may be a little slower
    }
  }
  ConvPolicy exact;
  exact.exact = true;
  const auto one = tune_convolutions(uses, exact, 0.001, [](std::size_t, std::size_t) { return true; });
  REQUIRE(one.size() == 1);
  CHECK_FALSE(one[0].milliseconds.contains(ConvAlgorithm::winograd));
}

}  // namespace
}  // namespace sumi
