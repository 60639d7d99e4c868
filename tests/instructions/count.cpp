// Workloads whose instructions are counted (count.py): a training step of a small DCGAN and an
// image through a small resnet, each after a first run that creates buffers and plans. Counting
// covers the workload only. One thread.
#include <cstdio>
#include <functional>
#include <string>

#include <valgrind/callgrind.h>

#include "engine/runtime/device.h"
#include "models/model.h"
#include "models/networks/translation_networks.h"
#include "models/settings.h"

using namespace sumi;

namespace {

void count(const char* name, const std::function<void()>& work) {
  work();
  CALLGRIND_ZERO_STATS;
  CALLGRIND_START_INSTRUMENTATION;
  work();
  CALLGRIND_STOP_INSTRUMENTATION;
  CALLGRIND_DUMP_STATS_AT(name);
}

}  // namespace

int main() {
  set_threads(1);
  TrainOptions o = default_options("dcgan");
  o.size = 16;
  o.ngf = o.ndf = 16;
  o.batch_size = 8;
  o.ema = 0.99;
  const auto model = make_model(o);
  RandomStream stream(1, 1);
  const Tensor real = stream.uniform({8, 16, 16, 3}, DType::f32, Device{}, -1, 1);
  count("dcgan16_step", [&] { model->step({real}, 0); });

  TrainOptions t;
  t.n_blocks = 2;
  t.ngf = 16;
  const auto net = resnet_generator(t);
  initialize(*net, {}, stream);
  net->set_training(false);
  const Tensor picture = stream.uniform({1, 32, 32, 3}, DType::f32, Device{}, -1, 1);
  count("resnet32_inference", [&] {
    const NoGrad no_grad;
    (*net)(picture);
  });
  std::puts(compute_signature(Device{}).c_str());
  return 0;
}
