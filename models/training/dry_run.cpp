// Cost of training from shapes alone (--dry-run), and the ops of one step (--explain).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>

#include "engine/runtime/device.h"
#include "models/inference/exported.h"
#include "models/make_model.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/conv_plan_file.h"
#include "models/training/pace.h"
#include "models/training/random_batch.h"
#include "models/training/step_cost.h"
#include "models/training/trainer.h"

namespace sumi {
namespace {

std::string gflop(double macs) {
  return fmt::format("{:.3f} GFLOP", 2 * macs / 1e9);
}
double mib(double bytes) {
  return bytes / (1 << 20);
}

// ", 640 images a step (--n-critic 5, --accumulate 2)"; "" if a step takes one batch.
std::string parts_of_step(const TrainOptions& o) {
  std::vector<std::string> parts;
  if (o.n_critic > 1) parts.push_back(fmt::format("--n-critic {}", o.n_critic));
  if (o.accumulate > 1) parts.push_back(fmt::format("--accumulate {}", o.accumulate));
  return parts.empty() ? ""
                       : fmt::format(", {} images a step ({})", images_per_step(o), fmt::join(parts, ", "));
}

Shape image_shape(const TrainOptions& o) {
  const ImageSize size = image_size(o);
  return {images_per_step(o), size.height, size.width, example_channels(o)};
}

// Multiply-adds of a step for each image of its batch.
double macs_of_step(const StepCost& cost, const std::map<std::string, double>& forward_macs) {
  double macs = 0;
  for (const auto& [network, passes] : cost.passes) macs += passes * forward_macs.at(network);
  return macs;
}

}  // namespace

std::string describe_plan(const TrainOptions& options) {
  validate(options);
  const auto element = static_cast<double>(size_of(dtype_of(options)));
  const auto activation = static_cast<double>(size_of(activations_of(options)));
  const Shape picture = image_shape(options);
  std::string text = fmt::format("{}, images {}x{}x{}, batch {}{}\n\n", options.model, picture.h, picture.w,
                                 picture.c, options.batch_size, parts_of_step(options));
  double state = 0;
  std::map<std::string, double> forward_macs;
  for (const PlannedNetwork& network : plan_networks(options)) {
    Cost cost;
    const Shape input = network.input;
    const Shape one = network.module->infer_shape(input, cost);
    const auto parameters = static_cast<double>(network.module->parameter_count());
    text +=
        fmt::format("{:<4} {} -> {}   {:>12} parameters   {} forward per image\n", network.name, input.str(),
                    one.str(), network.module->parameter_count(), gflop(static_cast<double>(cost.macs)));
    for (const Parameter& p : network.module->parameters())
      text += fmt::format("     {:<30} {:>16} {:>12}\n", p.name, p.value.shape().str(), p.value.count());
    forward_macs[network.name] = static_cast<double>(cost.macs);
    const int moments = options.optimizer == "rmsprop" ? 1 : 2;
    const int averages = network.name[0] == 'g' && options.ema > 0 ? 1 : 0;
    // Mixed precision keeps a copy of the weights in the activations' type.
    const double copy = activation == element ? 0 : activation;
    state += parameters * (element * (2 + moments + averages) + copy);  // 2: weights and gradients
  }
  try {
    const StepCost cost = record_step_cost(options);
    const double activations = cost.elements * activation;
    text += fmt::format(
        "\none step    {}\nmemory      about {:.0f} MiB: {:.0f} of weights, gradients and the optimizer's "
        "moments, {:.0f} of activations and their gradients\n",
        gflop(macs_of_step(cost, forward_macs) * options.batch_size), mib(state + activations), mib(state),
        mib(activations));
  } catch (const Error& error) {
    text += fmt::format("\none step    not estimated: {}\n", error.what());
  }
  return text;
}

namespace {

// A model and random images for its step, as the options say. It has taken one step, which
// allocates the buffers.
struct DryRun {
  std::unique_ptr<Model> model;
  std::vector<Tensor> real;

  explicit DryRun(const TrainOptions& options) {
    set_threads(options.threads);
    set_conv_policy(conv_policy(
        options, options.conv_plan.empty() ? std::nullopt : std::optional(read_plan(options.conv_plan))));
    set_multiply(parse_precision(options.precision, parse_device(options.device)).multiply);
    model = make_model(options);
    real = random_batch(*model, options);
    model->step(real, 0);
  }
};

}  // namespace

namespace {

constexpr std::size_t kMostRepeats = 9;
constexpr double kRepeatSeconds = 2;  // limit on the time spent in repeats

bool same_ops(const std::vector<OpRecord>& a, const std::vector<OpRecord>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const OpRecord& x, const OpRecord& y) {
    return x.op == y.op && x.module == y.module && x.phase == y.phase;
  });
}

}  // namespace

std::vector<OpRecord> explain_step(const TrainOptions& options) {
  DryRun rehearsal(options);
  std::vector<OpRecord> shown;
  std::vector<std::vector<double>> seconds;  // of each op, one for each repeat
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < kMostRepeats; ++i) {
    if (i > 0 && std::chrono::steady_clock::now() - start > std::chrono::duration<double>(kRepeatSeconds))
      break;
    Trace trace;
    rehearsal.model->step(rehearsal.real, 0);
    if (i == 0) {
      shown = std::move(trace.records);
      seconds.resize(shown.size());
    } else if (!same_ops(shown, trace.records)) {
      continue;  // this step has another penalty
    }
    const std::vector<OpRecord>& timed = i == 0 ? shown : trace.records;
    for (std::size_t k = 0; k < timed.size(); ++k) seconds[k].push_back(timed[k].seconds);
  }
  for (std::size_t k = 0; k < shown.size(); ++k) {
    const auto middle = seconds[k].begin() + static_cast<std::ptrdiff_t>(seconds[k].size() / 2);
    std::nth_element(seconds[k].begin(), middle, seconds[k].end());
    shown[k].seconds = *middle;
  }
  return shown;
}

ConvCalls convolutions_of_step(const TrainOptions& options) {
  DryRun rehearsal(options);
  ConvCalls uses;
  const RecordConvolutions record(uses);
  rehearsal.model->step(rehearsal.real, 0);
  return uses;
}

double seconds_of_step(const TrainOptions& options, double budget) {
  using Seconds = std::chrono::duration<double>;
  constexpr int kMostSteps = 16, kColdSteps = 2;  // the third step of a kind may be captured, which is slow
  DryRun rehearsal(options);
  std::deque<double> seconds;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kMostSteps; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    rehearsal.model->step(rehearsal.real, rehearsal.model->warm_up_epochs());
    const auto end = std::chrono::steady_clock::now();
    const bool enough = Seconds(end - start).count() > budget;
    if (i >= kColdSteps || enough) seconds.push_back(Seconds(end - begin).count());
    if (enough) break;
  }
  return median(std::move(seconds));
}

ConvCalls convolutions_of_inference(const std::filesystem::path& run_or_checkpoint, std::int64_t width,
                                    std::int64_t height) {
  const OpenedModel opened = open_model(run_or_checkpoint, "cpu");
  const std::unique_ptr<Model>& model = opened.model;
  const TrainOptions& options = opened.options;
  RandomStream stream(1, 0);
  ConvCalls uses;
  const RecordConvolutions record(uses);
  for (const std::string& direction : opened.directions()) {
    const Model::Translator rule = model->translator(direction);
    const auto up = [&](std::int64_t side) {
      return std::max<std::int64_t>((side + rule.multiple - 1) / rule.multiple * rule.multiple,
                                    rule.smallest_side);
    };
    const Shape picture{1, up(height), up(width), options.channels};
    model->translate(stream.uniform(picture, DType::f32, parse_device("cpu"), -1, 1), direction, true);
  }
  if (model_spec(options.model).requirements.classifies)
    model->classify(
        stream.uniform({1, height, width, options.channels}, DType::f32, parse_device("cpu"), -1, 1), 0);
  else if (model->directions().empty())
    model->generate(model->noise(64, stream), true);
  return uses;
}

}  // namespace sumi
