// What training would cost, from shapes alone (--dry-run), and what one step does, op by op (--explain).
#include <fmt/format.h>

#include "engine/device.h"
#include "models/trainer.h"

namespace sumi {
namespace {

std::string gflop(double macs) {
  return fmt::format("{:.3f} GFLOP", 2 * macs / 1e9);
}
double mib(double bytes) {
  return bytes / (1 << 20);
}

}  // namespace

std::string describe_plan(const TrainOptions& options) {
  validate(options);
  const std::size_t element = options.precision == "f64" ? 8 : 4;
  std::string text = fmt::format("{}, pictures {}x{}x{}, batch {}\n\n", options.model, options.size,
                                 options.size, options.channels, options.batch_size);
  double step_macs = 0, state = 0, activations = 0;
  for (const PlannedNetwork& network : plan_networks(options)) {
    Cost cost;
    Shape input = network.input;
    const Shape one = network.module->plan(input, cost);
    const auto parameters = static_cast<double>(network.module->parameter_count());
    text += fmt::format("{:<4} {} -> {}   {:>12} parameters   {} forward per picture\n", network.name,
                        input.str(), one.str(), network.module->parameter_count(),
                        gflop(static_cast<double>(cost.macs)));
    for (const Parameter& p : network.module->parameters())
      text += fmt::format("     {:<18} {:>16} {:>12}\n", p.name, p.value.shape().str(), p.value.count());
    // g: forward and both gradients. d: the same on real and on fake, and once more to reach g, without
    // weight gradients.
    const double passes = network.name == "g" ? 3 : 8;
    step_macs += passes * static_cast<double>(cost.macs) * options.batch_size;
    const bool ema = network.name == "g" && options.ema > 0;
    state += parameters * static_cast<double>(element) *
             (ema ? 5 : 4);  // weights, gradients, two moments, average
    activations +=
        static_cast<double>(cost.saved_elements * options.batch_size) * static_cast<double>(element);
  }
  text += fmt::format(
      "\none step    {}\nmemory      about {:.0f} MiB: {:.0f} of weights, gradients and Adam's moments, "
      "{:.0f} of activations, {:.0f} of gradients in flight\n",
      gflop(step_macs), mib(state + 1.5 * activations), mib(state), mib(activations), mib(0.5 * activations));
  return text;
}

std::vector<OpRecord> explain_step(const TrainOptions& options) {
  set_threads(options.threads);
  const std::unique_ptr<Model> model = make_model(options);
  RandomStream stream(options.seed, 0);
  const Tensor real = stream.uniform({options.batch_size, options.size, options.size, options.channels},
                                     options.precision == "f64" ? DType::f64 : DType::f32,
                                     parse_device(options.device), -1, 1);
  model->step(real, 0);  // the first step makes buffers and plans
  Trace trace;
  model->step(real, 0);
  return std::move(trace.records);
}

}  // namespace sumi
