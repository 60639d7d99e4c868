#include "models/training/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"
#include "models/make_model.h"
#include "models/registry.h"
#include "models/report/report.h"
#include "models/settings.h"
#include "models/training/checkpoint_metadata.h"
#include "models/training/class_labels.h"
#include "models/training/image_grid.h"
#include "models/training/metrics_buffer.h"
#include "models/training/pace.h"
#include "models/training/run_dir.h"
#include "models/training/run_paths.h"
#include "models/training/training_data.h"
#include "models/training/validation_accuracy.h"

namespace sumi {
namespace fs = std::filesystem;

std::atomic<bool> stop_requested{false};

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

}  // namespace

Session::Session(const TrainOptions& options, std::optional<StoredPlan> plan, RunDir& run,
                 TrainingObserver& observer)
    : options_(options),
      plan_(std::move(plan)),
      run_(run),
      observer_(observer),
      // Before the data, so that an impossible model is reported before minutes of decoding.
      model_(make_model(options)),
      loader_(open_data(), dataset_specs(options).front()),
      // A model keeps the batch of a step until the next one: three buffers for each tensor let
      // copies overlap with computation.
      staging_(parse_device(options.device),
               3 * static_cast<int>(loader_.batches()) * (wants_labels(options) ? 2 : 1)),
      ring_(parse_device(options.device)),
      health_(loader_.size(), option_table(options.model).has("diffaugment")) {
  if (model_spec(options.model).requirements.classifies) health_.set_chance(chance_accuracy(options));
  per_epoch_ = loader_.batches_per_epoch();
  check_image_sizes(loader_, options_, *model_);
  if (const int count = model_->num_sample_images(); count > 0)
    model_->set_sample_images(sample_images(loader_, options_, count));
  total_ = total_steps(options_, per_epoch_);
  if (!options_.dump_batches.empty()) make_dump_folder();
  if (!options_.metrics.empty()) metrics_.emplace(options_, loader_, *model_);
}

bool Session::generates_from_noise() const {
  return model_->domains() == 1 && model_->directions().empty() &&
         !model_spec(options_.model).requirements.classifies;
}

double Session::elapsed() const {
  return seconds_ + std::chrono::duration<double>(Clock::now() - start_).count();
}

void Session::make_dump_folder() const {
  std::error_code ec;
  fs::create_directories(options_.dump_batches, ec);
  if (ec) fail("--dump-batches " + options_.dump_batches, "cannot make the folder: " + ec.message());
}

std::vector<Dataset> Session::open_data() {
  DatasetEvents events;
  std::set<std::string> said;  // a folder may be opened twice, with two kinds of preprocessing
  events.warn = [this, &said](const std::string& line) {
    if (said.insert(line).second) warn(line);
  };
  events.progress = [this](std::int64_t done, std::int64_t total) {
    observer_.decoding(done, total);
    if (stop_requested) throw Interrupted("[data] interrupted while the images were being decoded");
  };
  std::vector<Dataset> domains;
  const auto classes = class_names(options_);
  for (DatasetSpec spec : dataset_specs(options_)) {
    spec.fallback_dir = run_.path();
    if (wants_labels(options_)) spec.classes = classes.at(domains.size());
    if (const PackedExamples* packed = model_spec(options_.model).requirements.packed)
      spec.data = packed->make(options_, run_.path(), events);
    domains.push_back(Dataset::open(spec, events));
    if (options_.val_every == 0) continue;
    auto [rest, held] = domains.back().split(options_.val_every);
    domains.back() = rest;
    held_out_.push_back(held);
  }
  check_counts(domains, options_);
  return domains;
}

CheckpointHeader Session::header(const char* kind) const {
  Json state;
  state["step"] = step_;
  state["images"] = step_ * images_per_step(options_);
  state["epoch"] = static_cast<double>(step_) / static_cast<double>(per_epoch_);
  state["seconds"] = elapsed();
  state["batch"] = loader_.position();  // data order: batch k of (data, seed) is always the same
  state["data_key"] = data_key(loader_);
  state["data_content"] = data_content_;
  state["data_count"] = loader_.size();
  state["threads"] = threads();
  state["kernels"] = compute_signature(parse_device(options_.device));
  if (plan_) state["plan"] = to_json(*plan_);
  for (const auto& [name, value] : model_->counters()) state["counters"][name] = value;
  if (metrics_ && metrics_->best()) {
    const BestScore& best = *metrics_->best();
    state["best"] = {{"metric", best.metric},
                     {"step", best.step},
                     {"value", best.value},
                     {"without_improvement", best.without_improvement}};
  }
  return {kind, options_.model, to_json(options_).dump(), state.dump()};
}

void Session::save() {
  if (saved_step_ == step_) return;
  check_weights();
  CheckpointWriter writer;
  model_->save(writer, true);
  writer.write(run_.checkpoint_path(step_), header("full"));
  saved_step_ = step_;
  run_.prune(options_.keep, metrics_ && metrics_->best() ? metrics_->best()->step : -1);
  run_.plot(options_.model + ", " + run_.path().filename().string());
}

void Session::draw() {
  const SampleGrid sheet = model_->samples();
  std::vector<Image8> images;
  for (const Tensor& pictures : sheet.pictures)
    for (Image8& image : to_images(pictures)) images.push_back(std::move(image));
  const Image8 whole = make_sheet(images, sheet.columns);
  save_image(run_.sample_path(step_), whole);
  if (events_)
    events_->image(step_, "samples", whole.width, whole.height, encoded_image("samples.png", whole));
  if (generates_from_noise()) warn_all(health_.sheet(step_, images));
  if (!held_out_.empty())
    say(fmt::format("step {}: accuracy on held-out images {}", step_,
                    held_out_accuracy(*model_, held_out_, options_)));
  run_.plot(options_.model + ", " + run_.path().filename().string());
}

// Writes report.html, at most every 30 seconds and for at most a fiftieth of the time. It is a view
// of the run: a failure is reported once and ends no training.
void Session::refresh_report(bool last) {
  const double begun = elapsed();
  if (last ? std::isinf(report_due_) : begun < report_due_) return;
  try {
    write_report({run_.path()}, run_.path() / "report.html");
    report_due_ = begun + std::max(30.0, 50 * (elapsed() - begun));
  } catch (const Error& error) {
    warn(fmt::format("no report.html: {}", error.what()));
    report_due_ = std::numeric_limits<double>::infinity();
  }
}

void Session::begin() {
  if (!options_.init.empty()) {
    const fs::path path = resolve_checkpoint(options_.init);
    const CheckpointFile file(path);
    const std::string made_as = stored_options(file).model;
    const auto& takes = model_spec(options_.model).starts_from;
    if (made_as != options_.model && std::find(takes.begin(), takes.end(), made_as) == takes.end())
      fail("--init " + path.string(),
           fmt::format("is a checkpoint of the model {}, not of {}", file.header().model, options_.model));
    if (!model_->grow_from(file)) {
      check_init_compatible(file, options_);
      model_->load(file, false);
    }
    say("weights from " + path.string());
  }
  run_.write_options(options_);
  if (plan_)
    if (const std::string warning = plan_warning(*plan_); !warning.empty()) warn(warning);
  say(fmt::format("{} on {} images, {} steps of {}, {} on {}", options_.model, loader_.size(), total_,
                  options_.batch_size, options_.precision, options_.device));
  check_weights();
  for (const std::string& line : health_.begin()) say("note: " + line);
  // Before the state, so that a run resumed from it has its first sheet.
  if (options_.sample_every > 0) draw();
  save();
}

void Session::restore(const CheckpointFile& file) {
  const TrainingState state = stored_state(file);
  step_ = state.step;
  seconds_ = state.seconds;
  loader_.seek(state.batch);
  model_->load(file, true);
  try {
    model_->set_counters(state.counters);
  } catch (const Error& error) {
    fail("state of checkpoint " + file.path().string(), error.what());
  }
  if (state.data_content ? *state.data_content != data_content_ : state.data_key != data_key(loader_))
    warn(fmt::format("the data has changed since the checkpoint{}: the run goes on, but not as it would have",
                     state.data_count == 0 || state.data_count == loader_.size()
                         ? ""
                         : fmt::format(" ({} images then, {} now)", state.data_count, loader_.size())));
  const std::string kernels = compute_signature(parse_device(options_.device));
  if (!state.kernels.empty() && state.kernels != kernels)
    warn(fmt::format("the run was computed with {}, now with {}: the bits will differ", state.kernels,
                     kernels));
  if (state.threads != threads())
    warn(fmt::format("the run had {} threads, now {}: the bits will differ", state.threads, threads()));
  if (plan_ && (!state.plan || state.plan->plan.methods != plan_->plan.methods))
    warn("the run had another plan of convolutions: the bits will differ");
  run_.cut_back(step_, step_ / per_epoch_);
  if (metrics_) {
    metrics_->restore(state.best);
    run_.mark_best(metrics_->best());
  }
  saved_step_ = step_;
  logged_step_ = step_;
  logged_seconds_ = seconds_;
  start_ = Clock::now();
  run_.write_options(options_);
  health_.set_resumed();
  say(fmt::format("resumed at step {} of {}, {} on {}", step_, total_, options_.precision, options_.device));
}

std::vector<Tensor> Session::real_batches() {
  if (options_.overfit_one_batch) loader_.seek(0);
  std::vector<Tensor> tensors;
  const std::vector<Batch> batches = loader_.next();
  for (const Batch& batch : batches) tensors.push_back(to_tensor(batch, options_, staging_));
  if (health_.wants_real() && generates_from_noise()) warn_all(health_.set_real(to_images(tensors.front())));
  if (wants_labels(options_))
    for (std::size_t i = 0; i < batches.size(); ++i)
      tensors.push_back(one_hot(batches[i].labels, loader_.dataset(i).classes().size(), options_, staging_));
  return tensors;
}

void Session::diverged(const std::string& what, std::int64_t step) const {
  const std::string last = saved_step_ < 0 ? "none" : run_.checkpoint_path(saved_step_).string();
  throw Diverged(
      fmt::format("{} after step {}", what, step),
      fmt::format("The last healthy checkpoint is {}; go on from it with --resume and a lower --lr "
                  "(--rescue does so by itself), or start again with --clip-grad-norm 1",
                  last));
}

// Waits for the submitted steps, the last of which is `step_`, and processes their statistics.
void Session::settle() {
  for (const auto& [step, numbers] : ring_.drain()) {
    stats_ = model_->named_stats(numbers);
    for (const auto& [name, value] : stats_)
      if (!std::isfinite(value)) diverged(fmt::format("{} is {}", name, value), step);
    warn_all(health_.step(step, stats_));
  }
  pace_.mark(step_, elapsed());
}

void Session::check_weights() const {
  if (const std::string name = model_->first_nonfinite(); !name.empty())
    diverged(name + " holds NaN or infinity", step_);
}

void Session::log_step() {
  StatsLine line;
  line.step = step_;
  line.images = step_ * images_per_step(options_);
  line.seconds = elapsed();
  const double interval = line.seconds - logged_seconds_;
  line.images_per_second =
      interval > 0 ? static_cast<double>((step_ - logged_step_) * images_per_step(options_)) / interval : 0;
  line.stats = stats_;
  line.scores = stats_of(std::exchange(scores_, {}));
  run_.append(line);
  if (events_)
    for (const StepStats* values : {&line.stats, &line.scores})
      if (!values->empty()) events_->scalars(step_, *values);
  logged_step_ = step_;
  logged_seconds_ = line.seconds;
  if (options_.dump_batches.empty()) return;
  CheckpointWriter writer;
  for (const auto& [name, tensor] : model_->debug_tensors()) writer.add(name, tensor);
  writer.write(fs::path(options_.dump_batches) / fmt::format("{}.safetensors", step_),
               {"networks", "batch", "{}", "{}"});
}

bool Session::judge() {
  scores_ = metrics_->compute(*model_);
  const bool is_best = metrics_->record(step_, scores_);
  std::string line;
  for (const Score& score : scores_)
    line += fmt::format("{}{} {:.4g}", line.empty() ? "" : ", ", score.key, score.value);
  say(fmt::format("step {}: {}{}", step_, line, is_best ? " (best)" : ""));
  return is_best;
}

// "fd 3.21 at step 400: RUN/checkpoints/400.safetensors".
std::string Session::best_text() const {
  const BestScore& best = *metrics_->best();
  return fmt::format("{} {:.4g} at step {}: {}", best.metric, best.value, best.step,
                     run_.checkpoint_path(best.step).string());
}

void Session::after_step() {
  const bool last = step_ == total_;
  const bool judges = metrics_ && (metrics_->due(step_) || last);
  const bool logs = step_ % options_.log_every == 0 || step_ == 1 || last || judges;
  const bool draws = options_.sample_every > 0 && (step_ % options_.sample_every == 0 || last);
  const bool ends_epoch = options_.save_every_epoch && step_ % per_epoch_ == 0;
  const bool saves = last || (options_.save_every > 0 && step_ % options_.save_every == 0);
  // Nothing is written for a step whose statistics have not been checked.
  if (ring_.full() || logs || draws || ends_epoch || saves) settle();
  if (judges) check_weights();
  const bool is_best = judges && judge();
  if (logs) log_step();
  if (draws) draw();
  // Before the full state, because a run resumed from that is past this epoch.
  if (ends_epoch) {
    CheckpointWriter writer;
    model_->save(writer, false);
    writer.write(run_.epoch_path(step_ / per_epoch_), header("networks"));
  }
  if (saves || is_best) save();
  if (is_best) run_.mark_best(metrics_->best());
  if (draws || saves || judges) refresh_report(false);
  if (step_ == 1)
    for (const std::string& name : model_->never_updated()) warn("parameter " + name + " gets no gradient");
  for (const std::string& line : pace_.first_estimate(total_ - step_, options_)) say(line);
  observer_.progress({step_, total_, step_ * images_per_step(options_),
                      static_cast<double>(step_) / static_cast<double>(per_epoch_),
                      static_cast<double>(total_) / static_cast<double>(per_epoch_),
                      pace_.steps_per_second() * static_cast<double>(images_per_step(options_)),
                      pace_.seconds_of(total_ - step_), &stats_});
}

TrainResult Session::loop() {
  if (const std::string line = warm_up_warning(model_->warm_up_epochs(), per_epoch_, total_); !line.empty())
    warn(line);
  pace_.mark(step_, elapsed());
  if (options_.tensorboard) events_.emplace(run_.path() / "tensorboard", step_);
  bool interrupted = false, stopped_early = false;
  while (step_ < total_ && !stopped_early && !(interrupted = stop_requested)) {
    set_anomaly_step(step_ + 1);
    const double epoch = static_cast<double>(step_) / static_cast<double>(per_epoch_);
    ring_.push(step_ + 1, model_->train_step_async(real_batches(), epoch));
    ++step_;
    after_step();
    stopped_early = metrics_ && metrics_->should_stop() && step_ < total_ && metrics_->due(step_);
  }
  settle();
  save();
  if (metrics_ && metrics_->best()) say("best " + best_text());
  say(interrupted     ? fmt::format("stopped at step {} of {}", step_, total_)
      : stopped_early ? fmt::format("done: {} steps; {} has not improved in {} computations (--early-stop)",
                                    step_, metrics_->best()->metric, metrics_->best()->without_improvement)
                      : fmt::format("done: {} steps", step_));
  refresh_report(true);
  return {step_, interrupted, run_.checkpoint_path(step_), !model_->directions().empty(),
          model_spec(options_.model).requirements.classifies};
}

}  // namespace sumi
