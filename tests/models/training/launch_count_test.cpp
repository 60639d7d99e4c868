// --count: the launches of a step, against those that run, and the budgets of two full-size steps.
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "kernels/build.h"
#include "models/cyclegan.h"
#include "models/make_model.h"
#include "models/settings.h"
#include "models/training/random_batch.h"
#include "models/training/trainer.h"
#include "tests/models/runs.h"
#include "tests/support.h"
#ifndef SUMI_CUDA
#include "kernels/emu/emu.h"
#endif

using namespace sumi;

namespace {

TrainOptions step_of(const char* model, int size, int batch, const char* precision) {
  TrainOptions o = default_options(model);
  o.device = kernels::cuda_is_emulated() ? "emu" : "cuda";
  o.size = size;
  o.batch_size = batch;
  o.threads = 1;
  o.precision = precision;
  return o;
}

TrainOptions dcgan64(const char* precision) {
  TrainOptions o = step_of("dcgan", 64, 128, precision);
  o.ngf = o.ndf = 64;
  return o;
}

TrainOptions cyclegan256(const char* precision) {
  TrainOptions o = step_of("cyclegan", 256, 1, precision);
  o.group<CycleGanOptions>().pool_size = 0;
  return o;
}

bool no_device() {
#ifdef SUMI_CUDA
  return std::string(test_device()) == "cpu";
#else
  return false;
#endif
}

}  // namespace

#ifndef SUMI_CUDA
TEST_CASE("launch count: the kernels that a step runs, each as often, in f32 and bf16") {
  for (const char* precision : {"f32", "bf16"}) {
    TrainOptions o = step_of("dcgan", 16, 2, precision);
    o.ngf = o.ndf = 8;
    o.no_cuda_graph = true;
    std::map<std::string, std::size_t> counted;
    for (const auto& launch : count_launches(o).launches) ++counted[launch.kernel];
    CHECK(counted.size() > 10);
    const auto model = make_model(o);
    const auto real = random_batch(*model, o);
    model->step(real, 0);
    std::map<std::string, std::size_t> before;
    for (const auto& [kernel, count] : counted) before[kernel] = emu::launch_count(kernel);
    model->step(real, 0);
    for (const auto& [kernel, count] : counted)
      CHECK_MESSAGE(emu::launch_count(kernel) - before[kernel] == count, kernel);
  }
}
#endif

// The figures of bench/results/notes.md. A change that needs more launches says why there.
TEST_CASE("launch count: budgets of DCGAN-64, batch 128, and CycleGAN-256, batch 1") {
  if (no_device()) return;
  struct Budget {
    TrainOptions options;
    std::size_t launches;
    double gigabytes;
  };
  for (const Budget& b : {Budget{dcgan64("bf16"), 170, 0.28}, Budget{dcgan64("tf32"), 155, 0.40},
                          Budget{cyclegan256("bf16"), 1064, 1.04}, Budget{cyclegan256("tf32"), 1025, 1.49}}) {
    CAPTURE(b.options.model);
    CAPTURE(b.options.precision);
    const StepLaunches step = count_launches(b.options);
    CHECK(step.launches.size() <= b.launches);
    CHECK(static_cast<double>(step.peak_bytes) <= 1e9 * b.gigabytes);
    // No gradient of a bias that a norm cancels is filled with zeros, and no statistic has a launch
    // of its own for its chunks.
    for (const auto& launch : step.launches) CHECK(launch.kernel.find("join") == std::string::npos);
  }
}

TEST_CASE("launch count: a device without launches is an error that names the cure") {
  TrainOptions o = dcgan64("auto");
  o.device = "cpu";
  CHECK_THROWS_WITH_AS(count_launches(o), doctest::Contains("add --device"), Error);
}
