// sumi train: a new run, or the continuation of one.
#include <fmt/format.h>

#include <memory>

#include "engine/error.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/trainer.h"
#include "tools/cli/option_format.h"
#include "tools/cli/training_session.h"
#include "tools/explain.h"
#include "tools/launch_table.h"
#include "tools/train_help.h"
#include "tools/train_options.h"
#include "tools/train_resume.h"

namespace sumi::cli {
namespace {

using Visibility = OptionSet::Visibility;

// State of `sumi train MODEL`.
struct ModelCommand {
  CLI::App* app = nullptr;
  OptionSet options;
  Output output;
  std::string config, run;
  bool dry_run = false, explain = false, count = false;

  bool inspects() const { return dry_run || explain || count; }
};

struct TrainCommand {
  CLI::App* app = nullptr;
  OptionSet options;
  Output output;
  std::string run;
  std::vector<std::unique_ptr<ModelCommand>> models;
};

int run_model(const ModelCommand& command) {
  const std::string name = command_name(command.app);
  if (!command.run.empty()) {
    if (!command.config.empty() || command.inspects())
      throw UsageError(name,
                       "--resume takes the options from the run; leave out --config, --dry-run, --explain "
                       "and --count");
    return resume_model(command.app->get_name(), command.run, command.options, command.output);
  }
  TrainOptions options = default_options(command.app->get_name());
  try {
    if (!command.config.empty()) update_from_config(options, command.config);
    command.options.apply(options);
    command.options.check(options, !command.config.empty());
  } catch (const Error& error) {  // an error in the command line, not in the work
    const std::string what = error.what();
    const bool unnamed = !command.config.empty() && what.find(command.config) == std::string::npos;
    throw UsageError(
        name, unnamed ? fmt::format("{} (options are taken from {} too)", what, command.config) : what);
  }
  if (command.dry_run) fmt::print("{}{}", describe_plan(options), describe_time(options));
  if (command.explain)
    fmt::print("{}", explain_table(explain_step(options), std::min(terminal_width(150), 150)));
  if (command.count) fmt::print("{}", launch_table(count_launches(options), terminal_width(100)));
  if (command.inspects()) return 0;
  if (!model_spec(options.model).requirements.packed && (options.data_a.empty() || options.data_b.empty()))
    require_text(command.app, "--data", options.data, data_wanted(options));
  require_text(command.app, "--outdir", options.outdir, "give the directory of the run");
  resolve_options(options);
  if (!command.output.quiet) fmt::print("{}\n", describe_options(options, false));
  return supervise(command.output, options.outdir,
                   [&](TrainingObserver& observer) { return train(options, observer); });
}

void add_model(TrainCommand& train, const ModelSpec& info, bool with_options) {
  auto command = std::make_unique<ModelCommand>();
  CLI::App& app = add_model_command(*train.app, info);
  command->app = &app;
  if (with_options)
    command->options.add(app, option_table(info.name), default_options(info.name),
                         [](const Option&) { return Visibility::shown; });
  add_text(app, "--config", command->config, "FILE", "read options from a file")->group("Machine");
  add_text(app, "--resume", command->run, "RUN", "resume this run of the model; see sumi train --help")
      ->group("Resume");
  app.add_flag("--dry-run,--dry_run", command->dry_run,
               "print networks, parameters, work, memory and time without training")
      ->group("Inspection");
  app.add_flag("--explain", command->explain,
               "print one step as a table of ops with shapes, kernels and times")
      ->group("Inspection");
  app.add_flag("--count", command->count,
               "print the kernels that one step launches on a CUDA device; nothing is run")
      ->group("Inspection");
  command->output.add(app);
  train.models.push_back(std::move(command));
}

int run_train(const TrainCommand& command) {
  bool before_model = false;
  for (const Option* option : all_options().rows())
    before_model = before_model || command.options.given(option->name);
  for (const auto& model : command.models) {
    if (!model->app->parsed()) continue;
    if (!command.run.empty() && model->run.empty()) model->run = command.run;
    if (before_model)
      throw UsageError("sumi train", fmt::format("options must follow the model: sumi train {} --option ...",
                                                 model->app->get_name()));
    return run_model(*model);
  }
  if (command.run.empty())
    throw UsageError("sumi train", "name a model (sumi train dcgan ...), or a run to resume (--resume RUN)");
  return resume_run(command.run, command.options, command.output);
}

}  // namespace

Command add_train(CLI::App& parent, const std::vector<std::string>& words) {
  auto command = std::make_shared<TrainCommand>();
  CLI::App& app = *parent.add_subcommand("train", "Train a model on images, or resume a run.");
  command->app = &app;
  set_help(app, "train MODEL --data DIR|FILE --outdir RUN [options]\ntrain --resume RUN [options]",
           "  sumi train gan --data train-images-idx3-ubyte.gz --outdir first\n"
           "  sumi train dcgan --data images --outdir run --size 32\n"
           "  sumi train --resume run --steps 20000\n",
           "`sumi train MODEL --help` lists a model's options with their defaults. Those above may be given "
           "again with --resume. Ctrl-C finishes the step, saves, and prints the command that resumes.");
  add_text(app, "--resume", command->run, "RUN", "resume from the newest checkpoint of this run")
      ->group("Resume");
  // No defaults: those of the run apply.
  command->options.add(app, all_options(), TrainOptions(), [](const Option& option) {
    return option.is_resumable ? Visibility::shown : Visibility::hidden;
  });
  for (CLI::Option* option : app.get_options()) option->default_str("");
  command->output.add(app);
  for (const ModelSpec* info : model_specs()) add_model(*command, *info, is_named(*info, words));
  return {&app, [command]() { return run_train(*command); }};
}

}  // namespace sumi::cli
