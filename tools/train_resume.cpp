#include "tools/train_resume.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "models/make_model.h"
#include "models/settings.h"
#include "models/training/checkpoint_metadata.h"
#include "models/training/trainer.h"

namespace sumi::cli {
namespace fs = std::filesystem;
namespace {

// Throws UsageError for options that were given and cannot change. `stored`: the run's options;
// giving the same value again is allowed.
void refuse_changes(const std::string& command, const std::string& run, const OptionSet& given,
                    const TrainOptions* stored) {
  nlohmann::ordered_json before, now;
  if (stored) {
    TrainOptions options = *stored;
    given.apply(options);
    std::error_code error;
    if (fs::equivalent(options.outdir, run_directory(run), error)) options.outdir = stored->outdir;
    before = to_json(*stored);
    now = to_json(options);
  }
  for (const Option* option : all_options().rows()) {
    const std::string& name = option->name;
    if (!given.given(name) || option->is_resumable || (stored && before.at(name) == now.at(name))) continue;
    throw UsageError(command,
                     fmt::format("--{} cannot change when a run is resumed; leave it out, or start a new "
                                 "run with --init {}, which resets the optimizer",
                                 name, shell_quote(run)));
  }
}

int run_resume(const std::string& command, const std::string& run, const OptionSet& given,
               const Output& output) {
  TrainOptions scratch = default_options("gan");
  scratch.epochs = scratch.epochs_decay = 1;  // the run's values are not known yet
  given.apply(scratch, true);                 // detects errors before the run is opened
  try {
    validate(scratch);
  } catch (const Error& error) {
    throw UsageError(command, error.what());
  }
  return supervise(output, run_directory(run).string(), [&](TrainingObserver& observer) {
    return resume(
        run, [&](TrainOptions& stored) { given.apply(stored, true); }, observer);
  });
}

}  // namespace

int resume_run(const std::string& run, const OptionSet& given, const Output& output) {
  refuse_changes("sumi train", run, given, nullptr);
  return run_resume("sumi train", run, given, output);
}

int resume_model(const std::string& model, const std::string& run, const OptionSet& given,
                 const Output& output) {
  const std::string command = "sumi train " + model;
  std::error_code error;
  if (!fs::exists(run, error)) return run_resume(command, run, given, output);  // reports the error
  const TrainOptions stored = stored_options(CheckpointFile(resolve_checkpoint(run)));
  if (stored.model != model)
    throw UsageError(command, fmt::format("{} is a run of {}, not of {}; write: sumi train --resume {}", run,
                                          stored.model, model, shell_quote(run)));
  refuse_changes(command, run, given, &stored);
  return run_resume(command, run, given, output);
}

}  // namespace sumi::cli
