// Predicted training time (--dry-run): a few steps on random images, measured.
#include <fmt/format.h>

#include <algorithm>

#include "engine/runtime/device.h"
#include "engine/runtime/memory_stats.h"
#include "models/make_model.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/pace.h"
#include "models/training/step_cost.h"
#include "models/training/trainer.h"
#include "models/training/training_data.h"

namespace sumi {
namespace {

// Multiply-adds that take a device about a second, so that a measurement takes seconds.
double work_of_a_second(const TrainOptions& o) {
  const Device device = parse_device(o.device);
  return o.device == "emu" ? 1e7 : device.is_ref() ? 4e8 : device.is_cpu() ? 4e10 : 2e12;
}

double pixels_of(const TrainOptions& o) {
  const ImageSize size = image_size(o);
  return static_cast<double>(images_per_step(o)) * size.width * size.height;
}

// Multiply-adds and bytes of a step.
struct Bounds {
  double macs = 0, bytes = 0;
};
// `recorded`: the cost of a step with `whole`, of which `o` is a reduced form.
Bounds bounds_of(const TrainOptions& o, const StepCost& recorded, const TrainOptions& whole) {
  const auto element = static_cast<double>(size_of(dtype_of(o)));
  Bounds b;
  for (const PlannedNetwork& network : plan_networks(o)) {
    Cost cost;
    network.module->infer_shape(network.input, cost);
    b.macs += recorded.passes.at(network.name) * static_cast<double>(cost.macs) * o.batch_size;
    // Six copies of the weights: with gradients, moments, an average and a copy in bf16.
    b.bytes += element * 6 * static_cast<double>(network.module->parameter_count());
  }
  b.bytes += element * recorded.elements * pixels_of(o) / pixels_of(whole);
  return b;
}

bool is_valid(const TrainOptions& o) {
  try {
    validate(o);
  } catch (const Error&) {
    return false;
  }
  return true;
}

// The same step with half the images, at least `least`; otherwise with smaller crops; the same
// options if neither is possible.
TrainOptions halved(const TrainOptions& o, int least) {
  TrainOptions smaller = o;
  if (o.batch_size >= 2 * least)
    smaller.batch_size = o.batch_size / 2;
  else if (takes_crops(o) && o.crop_size % 8 == 0)
    smaller.crop_size = o.crop_size / 2;
  return is_valid(smaller) ? smaller : o;
}

// Halves the step until it takes about a second.
TrainOptions reduced(const TrainOptions& whole, const StepCost& recorded, double macs) {
  TrainOptions o = whole;
  while (bounds_of(o, recorded, whole).macs > macs) {
    const TrainOptions smaller = halved(o, 4);
    if (pixels_of(smaller) == pixels_of(o)) break;
    o = smaller;
  }
  return o;
}

// Extrapolates the time of a step from a smaller one: one part grows with the number of pixels, the
// other (the optimizer) is constant; a still smaller step separates them.
double extrapolated(const TrainOptions& o, const TrainOptions& measured) {
  constexpr double kBudget = 1.5;  // seconds
  const double seconds = seconds_of_step(measured, kBudget), pixels = pixels_of(measured);
  if (pixels == pixels_of(o)) return seconds;
  const TrainOptions smaller = halved(measured, 2);
  double each = seconds / pixels;
  if (pixels_of(smaller) < pixels)
    each =
        std::clamp((seconds - seconds_of_step(smaller, kBudget)) / (pixels - pixels_of(smaller)), 0.0, each);
  return seconds + each * (pixels_of(o) - pixels);
}

// Steps per pass over the data; 0 if the options name no data or not enough. Throws Error if the
// data is missing.
std::int64_t steps_per_epoch(const TrainOptions& o) {
  check_data_given(o);
  std::int64_t most = 0;
  for (const DatasetSpec& spec : dataset_specs(o)) most = std::max(most, count_images(spec));
  if (o.val_every > 0) most -= most / o.val_every;
  return most / images_per_step(o);
}

std::string whole_run(const TrainOptions& o, double each) {
  std::int64_t steps = o.steps;
  std::string passes;
  try {
    if (const std::int64_t per_epoch = steps > 0 ? 0 : steps_per_epoch(o); per_epoch > 0) {
      steps = total_steps(o, per_epoch);
      passes = fmt::format(" ({} a pass)", per_epoch);
    }
  } catch (const Error&) {  // a dry run works without data
  }
  if (steps == 0) return "run         its length depends on the data; give --data or --steps\n";
  const double all = each * static_cast<double>(steps);
  std::string text = fmt::format("run         {} steps{} in about {}\n", steps, passes, duration_text(all));
  if (const std::string advice = long_run_advice(o, all); !advice.empty())
    text += "            " + advice + "\n";
  return text;
}

std::string not_measured(const std::string& why) {
  return "time        not measured: " + why + "\n";
}

}  // namespace

std::string describe_time(const TrainOptions& options) {
  validate(options);
  const Device device = parse_device(options.device);
  const double second = work_of_a_second(options);
  StepCost recorded;
  try {
    recorded = record_step_cost(options);
  } catch (const Error& error) {
    return not_measured(error.what());
  }
  const TrainOptions measured = reduced(options, recorded, second);
  const Bounds bounds = bounds_of(measured, recorded, options);
  if (bounds.macs > 8 * second)
    return not_measured(fmt::format("a step has {:.3g} GFLOP; --steps 2 measures it", 2e-9 * bounds.macs));
  if (const auto left = static_cast<double>(available_memory(device)); left > 0 && bounds.bytes > left)
    return not_measured(fmt::format("it may need {:.1f} GiB, and {:.1f} are free", bounds.bytes / (1 << 30),
                                    left / (1 << 30)));
  double each = 0;
  try {
    each = extrapolated(options, measured);
  } catch (const Error& error) {
    return not_measured(error.what());
  }
  const ImageSize size = image_size(measured);
  const std::string how =
      pixels_of(measured) == pixels_of(options)
          ? ""
          : fmt::format(" (from steps of {} images of {}x{})", measured.batch_size, size.width, size.height);
  return fmt::format("time        about {} a step{}\n{}", step_text(each), how, whole_run(options, each));
}

}  // namespace sumi
