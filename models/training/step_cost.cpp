#include "models/training/step_cost.h"

#include <algorithm>
#include <cmath>

#include "engine/runtime/device.h"
#include "engine/runtime/memory.h"
#include "models/make_model.h"
#include "models/model.h"
#include "models/planned_network.h"
#include "models/training/random_batch.h"

namespace sumi {
namespace {

constexpr int kNarrow = 8;  // channels

// Elements that one forward pass of every network saves for its backward pass, for one image.
double saved_elements(const TrainOptions& o) {
  double sum = 0;
  for (const PlannedNetwork& network : plan_networks(o)) {
    Cost cost;
    network.module->infer_shape(network.input, cost);
    sum += static_cast<double>(cost.saved_elements);
  }
  return sum;
}

struct Recorded {
  std::map<std::string, double> passes;
  double elements = 0;  // peak, as a multiple of saved_elements()
};

Recorded record(const TrainOptions& o) {
  const std::unique_ptr<Model> model = make_model(o);
  const std::vector<Tensor> inputs = random_batch(*model, o);
  const double epoch = model->warm_up_epochs();
  model->step(inputs, epoch);  // allocates the optimizers' moments
  Pool& pool = Pool::of(parse_device(o.device));
  pool.reset_peak();
  const std::size_t before = pool.stats().in_use;
  Trace trace;
  model->step(inputs, epoch);
  Recorded recorded;
  recorded.elements = static_cast<double>(pool.stats().peak_in_use - before) /
                      static_cast<double>(size_of(DType::f32)) / o.batch_size / saved_elements(o);
  std::map<std::string, double> macs;
  for (const OpRecord& r : trace.records) macs[r.module.substr(0, r.module.find('.'))] += macs_of(r);
  for (const Model::Network& network : model->networks()) {
    Cost cost;
    network.module->infer_shape(network.input, cost);
    if (cost.macs > 0)
      recorded.passes[network.name] = macs[network.name] / static_cast<double>(cost.macs) / o.batch_size;
  }
  return recorded;
}

}  // namespace

TrainOptions narrowed(TrainOptions o, int n_critic, int accumulate) {
  o.device = "cpu";
  o.precision = "f32";
  o.conv_plan.clear();
  o.batch_size = std::min(o.batch_size, 2);  // --mode-seeking halves it, and batch norm needs two
  o.n_critic = n_critic;
  o.accumulate = accumulate;
  for (int* width : {&o.ngf, &o.ndf, &o.width}) *width = std::min(*width, kNarrow);
  return o;
}

double macs_of(const OpRecord& r) {
  const auto count = [](const Shape& s) { return static_cast<double>(s.count()); };
  const auto filter = [](const Shape& w) { return static_cast<double>(w.h * w.w * w.c); };
  if (r.inputs.size() < 2) return 0;
  const Shape &a = r.inputs[0], &b = r.inputs[1], &y = r.output;
  if (r.op == "conv2d" || r.op == "conv_transpose2d_input_grad") return count(y) * filter(b);
  if (r.op == "conv_transpose2d" || r.op == "conv2d_input_grad") return count(a) * filter(b);
  if (r.op == "conv2d_weight_grad" || r.op == "conv_transpose2d_weight_grad") return count(b) * filter(y);
  // For an m x k and a k x n matrix in any layout.
  if (r.op == "matmul" || r.op.starts_with("dense")) return std::sqrt(count(a) * count(b) * count(y));
  if (r.op == "batched_matmul") return std::sqrt(count(a) * count(b) * count(y) / static_cast<double>(y.n));
  return 0;
}

StepCost record_step_cost(const TrainOptions& o) {
  // Linear in the rounds, and in the micro-batches if there are several.
  const int parts = std::min(o.accumulate, 2);
  const Recorded once = record(narrowed(o, 1, parts));
  StepCost cost{once.passes, once.elements * saved_elements(o) * o.batch_size};
  if (o.n_critic > 1)
    for (const auto& [network, passes] : record(narrowed(o, 2, parts)).passes)
      cost.passes[network] += (o.n_critic - 1) * (passes - once.passes.at(network));
  for (auto& [network, passes] : cost.passes) passes *= static_cast<double>(o.accumulate) / parts;
  return cost;
}

}  // namespace sumi
