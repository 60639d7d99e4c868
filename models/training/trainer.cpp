#include "models/training/trainer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "engine/runtime/device.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/checkpoint_metadata.h"
#include "models/training/class_labels.h"
#include "models/training/run_dir.h"
#include "models/training/run_paths.h"
#include "models/training/session.h"
#include "models/training/training_data.h"

namespace sumi {
namespace fs = std::filesystem;

namespace {

std::optional<StoredPlan> plan_file(const TrainOptions& o) {
  return o.conv_plan.empty() ? std::nullopt : std::optional(read_plan(o.conv_plan));
}

// Fails now rather than at the first logged step. Resolves the precision "auto", so that a resumed
// run keeps its precision on another machine.
void prepare(TrainOptions& o, const std::optional<StoredPlan>& plan) {
  validate(o);
  const Device device = parse_device(o.device);
  o.precision = resolved_precision(o.precision, device);
  set_multiply(parse_precision(o.precision, device).multiply);
  check_data_given(o);
  if (o.outdir.empty()) fail("--outdir", "is missing: the folder of the run");
  set_threads(o.threads);
  set_conv_policy(conv_policy(o, plan));
  set_anomaly_mode(o.detect_anomaly);
}

// --rescue: the run goes on from its last checkpoint at a quarter of the rates, at most five times.
TrainResult loop_with_rescue(std::optional<Session>& session, TrainOptions options,
                             const std::optional<StoredPlan>& plan, RunDir& run, TrainingObserver& observer) {
  constexpr int kAttempts = 5;
  for (int attempt = 0;; ++attempt) {
    try {
      return session->loop();
    } catch (const Diverged& error) {
      if (!options.rescue || attempt == kAttempts) throw;
      for (double* rate : {&options.lr, &options.lr_g, &options.lr_d}) *rate /= 4;
      const fs::path checkpoint = resolve_checkpoint(run.path());
      const std::string line =
          fmt::format("{}: rescue {} of {} goes on from {} at a quarter of the learning rate, {:.3g}",
                      error.happened, attempt + 1, kAttempts, checkpoint.filename().string(), options.lr);
      run.log("warning: " + line);
      observer.warning(line);
      session.reset();  // frees its memory first
      session.emplace(options, plan, run, observer);
      session->restore(CheckpointFile(checkpoint));
    }
  }
}

// "0.safetensors, 400.safetensors", by step; "none".
std::string checkpoint_names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec))
    if (entry.path().extension() == ".safetensors") names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

// The options whose values differ, as "--lr 0.0001 (before 0.0002)".
std::vector<std::string> changed_options(const TrainOptions& before, const TrainOptions& after) {
  std::vector<std::string> lines;
  for (const Option* option : option_table(after.model).rows())
    if (option->name != "outdir" && option->text_in(before) != option->text_in(after))
      lines.push_back(
          fmt::format("--{} {} (before {})", option->name, option->text_in(after), option->text_in(before)));
  return lines;
}

}  // namespace

TrainResult train(const TrainOptions& given, TrainingObserver& observer) {
  TrainOptions options = given;
  const std::optional<StoredPlan> plan = plan_file(options);
  prepare(options, plan);
  check_outdir(options);
  resolve_options(options);
  name_classes(options);
  RunDir run = RunDir::create(options.outdir);
  std::optional<Session> session;
  try {
    session.emplace(options, plan, run, observer);
    session->begin();
  } catch (...) {
    run.discard_if_new();
    throw;
  }
  return loop_with_rescue(session, options, plan, run, observer);
}

fs::path run_directory(const fs::path& path) {
  std::error_code ec;
  const fs::path folder = path.parent_path();
  const bool is_checkpoint = path.extension() == ".safetensors" && folder.filename() == "checkpoints";
  if (!is_checkpoint || fs::is_directory(path, ec)) return path;
  return folder.has_parent_path() ? folder.parent_path() : fs::path(".");
}

TrainResult resume(const fs::path& given, const std::function<void(TrainOptions&)>& override_options,
                   TrainingObserver& observer) {
  const fs::path path = run_directory(given);
  RunDir run = RunDir::open(path);
  if (std::error_code ec; !fs::exists(given, ec))
    fail("checkpoint " + given.string(),
         "does not exist; the run has " + checkpoint_names(path / "checkpoints"));
  const CheckpointFile file(resolve_checkpoint(given));
  if (file.header().kind != "full")
    fail("checkpoint " + given.string(),
         "holds networks only; resume from RUN/checkpoints/STEP.safetensors, or start a new run with --init");
  TrainOptions options = stored_options(file);
  resolve_paths(options, base_folders(path, options.outdir));
  options.outdir = path.string();  // the run may have been moved
  options.dump_batches.clear();    // set by the current command, not by a checkpoint
  options.conv_plan.clear();       // its content is in the checkpoint
  // The thread count affects the arithmetic; "all" keeps the number of the original machine.
  if (options.threads == 0) options.threads = stored_state(file).threads;
  const TrainOptions stored = options;
  override_options(options);
  fit_precision(options);  // of another device
  check_checkpoint_matches(file, options);
  check_data_there(options);
  const std::optional<StoredPlan> plan =
      options.conv_plan.empty() ? stored_state(file).plan : plan_file(options);
  prepare(options, plan);
  name_classes(options);
  std::optional<Session> session;
  session.emplace(options, plan, run, observer);
  session->restore(file);
  for (const std::string& line : changed_options(stored, options)) {
    run.log(line);
    observer.message(line);
  }
  return loop_with_rescue(session, options, plan, run, observer);
}

}  // namespace sumi
