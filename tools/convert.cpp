// sumi convert: images through a style filter or an image-to-image network.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "engine/runtime/system_memory.h"
#include "models/training/trainer.h"
#include "tools/cli/signals.h"
#include "tools/convert_clip.h"
#include "tools/convert_estimate.h"
#include "tools/convert_filter.h"
#include "tools/convert_masks.h"
#include "tools/convert_options.h"
#include "tools/convert_pipeline.h"
#include "tools/convert_report.h"
#include "tools/convert_stages.h"
#include "tools/standard_streams.h"

namespace sumi::cli {
namespace {

// Of images on their way: at most, and if memory is short a share of it, at 12 bytes a pixel for an
// image and its result.
constexpr double kMostPixels = 4e7, kMemoryShare = 0.2, kPixelBytes = 12;

struct Plan {
  std::vector<ConvertJob> jobs, existing;
  std::vector<std::string> failed, warnings;
};

Plan plan(const ConvertArguments& args) {
  Plan all;
  const auto failed = [&](const std::string& line) { all.failed.push_back(line); };
  try {
    all.jobs = plan_jobs(args.request, failed,
                         [&](const std::string& line) { all.warnings.push_back("warning: " + line); });
  } catch (const std::invalid_argument& error) {
    throw UsageError(command_name(args.app), error.what());
  }
  assign_masks(all.jobs, args.request.mask, failed);
  if (!args.dry_run && !args.writes_stdout()) clean_folders(all.jobs);
  if (args.request.skip_existing) all.existing = drop_existing(all.jobs);
  return all;
}

double pixels_in_memory() {
  const auto bytes = static_cast<double>(available_host_memory());
  return bytes > 0 ? std::min(kMostPixels, kMemoryShare * bytes / kPixelBytes) : kMostPixels;
}

// Styles, on more threads than one: each computes with the same settings.
std::function<void(ConvertItem&)> compute_stage(const ConvertArguments& args, ConvertSteps& steps) {
  return [&](ConvertItem& item) {
    thread_local bool ready = false;
    if (!std::exchange(ready, true)) args.machine.apply();
    steps.compute(item);
  };
}

void convert_all(ConvertArguments& args, const std::vector<ConvertJob>& jobs, ConvertReport& report) {
  args.machine.apply();
  const PhotoFilter filter = photo_filter(args, [&](const std::string& line) { report.complain(line); });
  const ConvertEstimate estimate(jobs, static_cast<int>(args.max_size), filter);
  ConvertSteps steps(args, filter, estimate, report);
  catch_signals("finishing this image");
  const ConvertStages stages{
      .load = [&](ConvertItem& item) { steps.load(item); },
      .compute = args.threads.compute > 1 ? compute_stage(args, steps)
                                          : [&](ConvertItem& item) { steps.compute(item); },
      .save = [&](ConvertItem& item) { steps.save(item); },
      .begin = [&](const ConvertItem& item) { report.begin(item); },
      .done = [&](const ConvertItem& item) { report.done(item); },
      .stop = [] { return stop_requested.load(); },
  };
  run_pipeline(jobs, args.threads, stages, pixels_in_memory());
}

int run(ConvertArguments& args) {
  args.check();
  if (is_clip_call(args)) return convert_clips(args);
  args.clip.refuse(args.app);
  if (args.writes_stdout() && standard_output_is_terminal())
    throw UsageError(command_name(args.app), "--output - is a terminal; redirect it to a file or a command");
  std::optional<StandardInput> input;
  if (args.reads_stdin()) args.request.stdin_file = input.emplace().path();
  const Plan planned = plan(args);
  ConvertReport report({.screen = Progress::style_for(args.screen.quiet, args.screen.no_progress),
                        .json = args.json,
                        .stdout_taken = args.writes_stdout(),
                        .quiet = args.screen.quiet,
                        .stdin_file = args.request.stdin_file},
                       planned.jobs.size());
  for (const std::string& line : planned.warnings) report.complain(line);
  for (const std::string& line : planned.failed) report.failed(line);
  for (const ConvertJob& job : planned.existing) report.skipped(job);
  if (args.dry_run)
    for (const ConvertJob& job : planned.jobs) report.planned(job);
  else if (!planned.jobs.empty() || report.all_well())
    convert_all(args, planned.jobs, report);
  if (args.dry_run || !planned.jobs.empty() || report.all_well()) report.summary(args.dry_run);
  if (stop_requested) return 128 + caught_signal();
  return report.all_well() ? 0 : report.only_refused() ? kUnfit : kFailed;
}

}  // namespace

Command add_convert(CLI::App& parent) {
  auto args = std::make_shared<ConvertArguments>();
  CLI::App& app = *parent.add_subcommand(
      "convert", "Turn images into drawings by a style, or translate them with a trained model.");
  args->add_options(app);
  return {&app, [args]() { return run(*args); }};
}

}  // namespace sumi::cli
