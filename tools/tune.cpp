// sumi tune: measures the fastest algorithm for each convolution on this machine.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>

#include "engine/error.h"
#include "engine/runtime/device.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/conv_plan_file.h"
#include "models/training/trainer.h"
#include "tools/cli/signals.h"
#include "tools/train_options.h"
#include "tools/tune_report.h"

namespace sumi::cli {
namespace {

using Visibility = OptionSet::Visibility;

struct TunedModel {
  CLI::App* app = nullptr;
  OptionSet options;
};

struct TuneCommand {
  CLI::App* app = nullptr;
  std::string checkpoint, image = "256x256", output, seconds = "0.2";
  std::int64_t threads = 0;
  bool exact = false, quiet = false;
  std::vector<std::unique_ptr<TunedModel>> models;
};

// Options that determine the shapes of a training step.
Visibility visibility(const Option& option) {
  static const std::set<std::string> named{"size", "crop-size", "channels", "batch-size", "lambda-identity"};
  const bool network = option.heading == "Networks" && !option.name.starts_with("init");
  return network || named.contains(option.name) ? Visibility::shown : Visibility::absent;
}

// "512x256" or "512".
std::pair<std::int64_t, std::int64_t> parse_image_size(const TuneCommand& command) {
  const std::size_t cross = command.image.find('x');
  const std::string first = command.image.substr(0, cross),
                    second = cross == std::string::npos ? first : command.image.substr(cross + 1);
  const std::int64_t w = parse_whole(command.app, "--image", first),
                     h = parse_whole(command.app, "--image", second);
  if (w < 1 || h < 1 || w > 65536 || h > 65536)
    throw UsageError("sumi tune", fmt::format("--image {} is out of range; give WIDTHxHEIGHT such as 512x512",
                                              command.image));
  return {w, h};
}

ConvCalls of_training(const TuneCommand& command, const TunedModel& model) {
  TrainOptions options = default_options(model.app->get_name());
  try {
    model.options.apply(options);
    options.threads = static_cast<int>(command.threads);
    options.no_winograd = command.exact;
    validate(options);
  } catch (const Error& error) {
    throw UsageError(command_name(model.app), error.what());
  }
  return convolutions_of_step(options);
}

int run(const TuneCommand& command) {
  const auto chosen = std::find_if(command.models.begin(), command.models.end(),
                                   [](const auto& model) { return model->app->parsed(); });
  const bool training = chosen != command.models.end();
  if (training == !command.checkpoint.empty())
    throw UsageError("sumi tune",
                     "name a model to tune for training (sumi tune dcgan ...), or a trained one (-m RUN)");
  require_text(command.app, "--output", command.output, "-o takes the file that the plan goes to");
  const double seconds = parse_number(command.app, "--seconds", command.seconds);
  if (!(seconds > 0 && seconds <= 60))
    throw UsageError("sumi tune",
                     fmt::format("--seconds {} is out of range; give a number up to 60", command.seconds));
  if (command.threads < 0 || command.threads > 4096)
    throw UsageError("sumi tune", fmt::format("--threads {} is out of range; give a number from 0 to 4096",
                                              command.threads));
  const std::filesystem::path folder = std::filesystem::path(command.output).parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder))
    fail("write " + command.output, "the folder " + folder.string() + " does not exist; create it");
  set_threads(static_cast<int>(command.threads));
  const ConvPolicy policy = parse_conv_policy("auto", command.exact);
  set_conv_policy(policy);
  const auto [width, height] = parse_image_size(command);
  const ConvCalls uses = training ? of_training(command, **chosen)
                                  : convolutions_of_inference(command.checkpoint, width, height);
  if (uses.uses.empty()) fail("tune", "the model has no convolution, so there is nothing to tune");
  catch_signals("finishing this measurement, then writing the results");
  const auto tuned = tune_convolutions(uses, policy, seconds, [&](std::size_t done, std::size_t all) {
    if (!command.quiet && isatty(STDERR_FILENO)) fmt::print(stderr, "\r{} of {} convolutions ", done, all);
    return caught_signal() != 0;
  });
  if (!command.quiet && isatty(STDERR_FILENO)) fmt::print(stderr, "\r{:40}\r", "");
  write_plan(command.output, {compute_signature({Device::Kind::cpu, 0}), threads(), plan_of(tuned)});
  if (!command.quiet)
    fmt::print("{}{}: {} convolutions{}\n", tune_report(tuned, terminal_width(120)), command.output,
               tuned.size(), caught_signal() ? ", stopped early" : "");
  return caught_signal() ? 128 + caught_signal() : 0;
}

}  // namespace

Command add_tune(CLI::App& parent, const std::vector<std::string>& words) {
  auto command = std::make_shared<TuneCommand>();
  CLI::App& app =
      *parent.add_subcommand("tune", "Measure the fastest algorithm for each convolution on this machine.");
  command->app = &app;
  set_help(
      app, "tune MODEL [options] -o PLAN\ntune -m RUN|CHECKPOINT --image WxH -o PLAN",
      "  sumi tune dcgan --size 64 --batch-size 16 -o plan.json     a training step\n"
      "  sumi train dcgan --size 64 --batch-size 16 --conv-plan plan.json ...\n"
      "  sumi tune -m run --image 512x512 -o plan.json              an image of this size\n"
      "  sumi convert -m run --conv-plan plan.json ...\n",
      "A plan holds for the sizes that it was measured with; for others the built-in rules apply. With a "
      "plan and a fixed number of threads, results are bit-reproducible. A resumed run keeps its plan.");
  add_text(app, "-o,--output", command->output, "PLAN", "plan to write");
  add_text(app, "-m,--model", command->checkpoint, "RUN|CHECKPOINT", "tune inference with a trained model");
  add_text(app, "--image,--picture", command->image, "WxH", "size of the input images for -m")
      ->default_str("256x256");
  add_text(app, "--seconds", command->seconds, "X", "time for each algorithm of each convolution")
      ->default_str("0.2");
  add_whole(app, "--threads", command->threads, "N", "threads of the CPU kernels (0: all)");
  app.add_flag(both_spellings("--no-winograd,--exact"), command->exact, "disable Winograd convolution");
  add_quiet(app, command->quiet);
  for (const ModelSpec* spec : model_specs()) {
    const ModelSpec& info = *spec;
    auto model = std::make_unique<TunedModel>();
    model->app = app.add_subcommand(info.name, fmt::format("Training step: {}.", info.summary));
    model->app->fallthrough();  // -o and similar options may follow the model's options
    set_help(*model->app, fmt::format("tune {} [options] -o PLAN", info.name),
             fmt::format("  sumi tune {} --batch-size 8 -o plan.json\n", info.name));
    for (const FormerName& former : info.former_names)
      if (*former.option == 0) model->app->alias(former.name);
    if (is_named(info, words))
      model->options.add(*model->app, option_table(info.name), default_options(info.name), visibility);
    command->models.push_back(std::move(model));
  }
  return {&app, [command]() { return run(*command); }};
}

}  // namespace sumi::cli
