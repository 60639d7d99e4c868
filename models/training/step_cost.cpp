#include "models/training/step_cost.h"

#include <algorithm>
#include <cmath>

#include "engine/runtime/device.h"
#include "engine/runtime/memory.h"
#include "models/model.h"
#include "models/training/random_batch.h"

namespace sumi {
namespace {

constexpr int kNarrow = 2;  // channels

// The options with networks `times` as wide as the narrowest, a small batch, and one or two rounds and micro-batches.
TrainOptions narrowed(TrainOptions o, int times, int n_critic, int accumulate) {
  o.device = "cpu";
  o.precision = "f32";
  o.conv_plan.clear();
  o.batch_size = std::min(o.batch_size, 2);  // --diversity halves it; batch norm needs two
  o.n_critic = n_critic;
  o.accumulate = accumulate;
  for (int* width : {&o.ngf, &o.ndf, &o.width}) *width = std::min(*width, times * kNarrow);
  return o;
}

struct Recorded {
  std::map<std::string, double> passes;
  double elements = 0;  // of a batch of one
};

Recorded record(const TrainOptions& o) {
  const std::unique_ptr<Model> model = make_model(o);
  const std::vector<Tensor> inputs = random_batch(*model, o);
  const double epoch = model->warm_up_epochs();
  model->step(inputs, epoch);  // makes the optimizers' moments
  Pool& pool = Pool::of(parse_device(o.device));
  pool.reset_peak();
  const std::size_t before = pool.stats().in_use;
  Trace trace;
  model->step(inputs, epoch);
  Recorded recorded;
  recorded.elements = static_cast<double>(pool.stats().peak_in_use - before) /
                      static_cast<double>(size_of(DType::f32)) / o.batch_size;
  std::map<std::string, double> macs;
  for (const OpRecord& r : trace.records) macs[r.module.substr(0, r.module.find('.'))] += macs_of(r);
  for (const Model::Network& network : model->networks()) {
    Cost cost;
    network.module->plan(network.input, cost);
    if (cost.macs > 0)
      recorded.passes[network.name] = macs[network.name] / static_cast<double>(cost.macs) / o.batch_size;
  }
  return recorded;
}

}  // namespace

double macs_of(const OpRecord& r) {
  const auto count = [](const Shape& s) { return static_cast<double>(s.count()); };
  const auto filter = [](const Shape& w) { return static_cast<double>(w.h * w.w * w.c); };
  if (r.inputs.size() < 2) return 0;
  const Shape &a = r.inputs[0], &b = r.inputs[1], &y = r.output;
  if (r.op == "conv2d" || r.op == "conv_transpose2d_input_grad") return count(y) * filter(b);
  if (r.op == "conv_transpose2d" || r.op == "conv2d_input_grad") return count(a) * filter(b);
  if (r.op == "conv2d_weight_grad" || r.op == "conv_transpose2d_weight_grad") return count(b) * filter(y);
  // Of an m x k and a k x n matrix, whichever way they lie.
  if (r.op == "matmul" || r.op.starts_with("dense")) return std::sqrt(count(a) * count(b) * count(y));
  if (r.op == "batched_matmul") return std::sqrt(count(a) * count(b) * count(y) / static_cast<double>(y.n));
  return 0;
}

StepCost record_step_cost(const TrainOptions& o) {
  // Linear in the rounds, and in the micro-batches where there are several.
  const int parts = std::min(o.accumulate, 2);
  const Recorded once = record(narrowed(o, 1, 1, parts));
  StepCost cost;
  cost.passes = once.passes;
  if (o.n_critic > 1)
    for (const auto& [network, passes] : record(narrowed(o, 1, 2, parts)).passes)
      cost.passes[network] += (o.n_critic - 1) * (passes - once.passes.at(network));
  for (auto& [network, passes] : cost.passes) passes *= static_cast<double>(o.accumulate) / parts;

  // Linear in the width, but for the images themselves.
  const double narrow = kNarrow, widest = std::max(o.ngf, o.ndf);
  double elements = once.elements;
  if (widest > narrow)
    elements += (record(narrowed(o, 2, 1, parts)).elements - once.elements) / narrow * (widest - narrow);
  cost.elements = elements * o.batch_size;
  return cost;
}

}  // namespace sumi
