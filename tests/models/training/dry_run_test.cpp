// --dry-run and --explain: predicted cost and recorded ops of a step.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <set>

#include "kernels/conv_plan.h"
#include "models/make_model.h"
#include "models/settings.h"
#include "models/training/trainer.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::has;

namespace {

TrainOptions small_plan(const std::string& model) {
  TrainOptions o = default_options(model);
  o.device = test_device();
  o.size = o.crop_size = o.load_size = 16;
  o.ngf = o.ndf = 4;
  o.n_blocks = o.n_layers_d = 1;
  o.batch_size = 2;
  o.threads = 1;
  return o;
}

// The number before GFLOP that follows `word`.
double gflop(const std::string& text, const std::string& word) {
  const auto at = text.find(word);
  REQUIRE(at != std::string::npos);
  return std::atof(text.substr(text.find_first_of("0123456789", at + word.size())).c_str());
}

double step_gflop(TrainOptions o, int n_critic, int accumulate) {
  o.n_critic = n_critic;
  o.accumulate = accumulate;
  return gflop(describe_plan(o), "one step");
}

std::set<std::string> networks_in(const std::vector<OpRecord>& records) {
  std::set<std::string> names;
  for (const OpRecord& r : records)
    if (!r.module.empty()) names.insert(r.module.substr(0, r.module.find('.')));
  return names;
}

}  // namespace

TEST_CASE("dry run: a step counts every update and every batch") {
  TrainOptions o = small_plan("dcgan");
  o.size = 64;
  o.ngf = o.ndf = 32;
  o.batch_size = 16;
  // g takes 3 forward passes of a batch and d 8; one more update 1 and 6; several batches generate
  // again for g.
  const double once = step_gflop(o, 1, 1), more = step_gflop(o, 2, 1) - once;
  CHECK(step_gflop(o, 4, 1) == doctest::Approx(once + 3 * more).epsilon(0.01));
  const double redraw = step_gflop(o, 1, 2) - 2 * once;  // two forwards of g
  CHECK(redraw > 0);
  CHECK(step_gflop(o, 4, 2) == doctest::Approx(2 * (once + 3 * more) + redraw).epsilon(0.01));
  const double d = more - redraw / 2;  // six forwards of d
  CHECK(once == doctest::Approx(8.0 / 6 * d + 3 * redraw / 2).epsilon(0.02));
  o.n_critic = 3;
  CHECK(has(describe_plan(o), "batch 16, 48 images a step (--n-critic 3)"));

  // A CycleGAN's generators keep their images for each batch.
  TrainOptions cycle = small_plan("cyclegan");
  cycle.crop_size = cycle.load_size = 128;
  cycle.ngf = cycle.ndf = 16;
  CHECK(step_gflop(cycle, 1, 2) == doctest::Approx(2 * step_gflop(cycle, 1, 1)).epsilon(0.01));
}

TEST_CASE("explain: every network by its own name, of every kind of step") {
  CHECK(networks_in(explain_step(small_plan("cyclegan"))) ==
        std::set<std::string>{"g_ab", "g_ba", "d_a", "d_b"});
  TrainOptions o = small_plan("wgan-gp");
  o.conditional = true;
  for (const auto& [n_critic, accumulate] : {std::pair{1, 1}, {3, 1}, {1, 2}, {2, 2}}) {
    o.n_critic = n_critic;
    o.accumulate = accumulate;
    const auto records = explain_step(o);
    CHECK(networks_in(records) == std::set<std::string>{"g", "d"});
    for (const OpRecord& r : records) CHECK(r.seconds >= 0);
    o.device = "cpu";
    CHECK_FALSE(convolutions_of_step(o).uses.empty());
    o.device = test_device();
  }
}

TEST_CASE("check: an error names the network") {
  const TrainOptions o = small_plan("cyclegan");
  set_anomaly_mode(true);
  const std::string text = sumi::test::error_of([&] {
    const auto model = make_model(o);
    const Tensor bad = Tensor::full({1, 16, 16, 3}, std::nan(""), DType::f32, parse_device(o.device));
    model->translate(bad, "BtoA", true);
  });
  set_anomaly_mode(false);
  CHECK(has(text, "g_ba."));
}
