// sumi gate: what a translator's gate says of images, and how a checkpoint gets a gate.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/data/find_images.h"
#include "engine/error.h"
#include "models/inference/gate.h"
#include "models/make_model.h"
#include "tools/cli/cli.h"
#include "tools/cli/table.h"
#include "tools/gate_attach.h"

namespace sumi::cli {
namespace fs = std::filesystem;
namespace {

void warn(const std::string& line) {
  fmt::print(stderr, "sumi: {}\n", line);
}

std::vector<fs::path> images_of(const GateArguments& args) {
  std::vector<fs::path> files;
  for (const std::string& input : args.inputs) {
    std::error_code ec;
    if (!fs::is_directory(input, ec)) {
      files.emplace_back(input);
      continue;
    }
    for (const std::string& name : find_images(input, warn)) files.push_back(fs::path(input) / name);
  }
  return files;
}

const char* verdict_text(GateVerdict verdict) {
  return verdict == GateVerdict::convert ? "convert" : verdict == GateVerdict::already ? "already" : "unfit";
}

int run_scores(const GateArguments& args) {
  const std::string name = command_name(args.app);
  if (args.inputs.empty())
    throw UsageError(name, "--input is missing: -i takes images and folders of images");
  if (!args.output.empty() || !args.calibrate.empty())
    throw UsageError(name, "--output and --calibrate are for --attach; leave them out, or give --attach");
  const fs::path checkpoint = resolve_checkpoint(args.model);
  const auto weights = read_gate(checkpoint);
  if (!weights) fail("gate of " + checkpoint.string(), "is missing; attach one with sumi gate --attach");
  const Gate gate(*weights);
  bool all_well = true;
  Table table({{"image", false, true},
               {gate.names()[0], true},
               {gate.names()[1], true},
               {gate.names()[2], true},
               {"verdict"}});
  for (const fs::path& file : images_of(args)) {
    try {
      const GateScores scores = gate.scores(load_photo(file));
      const char* verdict = verdict_text(Gate::judge(scores));
      if (args.json) {
        nlohmann::ordered_json line{{"image", file.string()}};
        for (std::size_t i = 0; i < 3; ++i) line["scores"][gate.names()[i]] = scores[i];
        line["verdict"] = verdict;
        fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
      } else {
        table.add({printable(file.string()), fmt::format("{:.3f}", scores[0]),
                   fmt::format("{:.3f}", scores[1]), fmt::format("{:.3f}", scores[2]), verdict});
      }
    } catch (const Error& error) {
      all_well = false;
      warn(printable(error.what()));
    }
  }
  if (!args.json) fmt::print("{}", table.text(terminal_width(100), 0));
  return all_well ? 0 : kFailed;
}

int run_gate(const GateArguments& args) {
  require_text(args.app, "--model", args.model, "-m takes a run directory, a checkpoint or a shipped name");
  return args.attach.empty() ? run_scores(args) : run_attach(args);
}

}  // namespace

Command add_gate(CLI::App& parent) {
  auto args = std::make_shared<GateArguments>();
  CLI::App& app =
      *parent.add_subcommand("gate", "Score images with a model's gate, or attach a gate to a checkpoint.");
  args->app = &app;
  set_help(app, "gate -m RUN|CHECKPOINT -i FILE|DIR... [--json] | --attach RUN -o FILE [options]",
           "  sumi gate -m gated.safetensors -i photos drawing.png      scores of images\n"
           "  sumi train classifier --data kinds --size 64 --width 8 --outdir kinds-run\n"
           "  sumi gate -m run --attach kinds-run --calibrate held-out -o gated.safetensors\n",
           "The gate of a checkpoint gives the probabilities that an image is of the model's input domain, "
           "already of its output domain, or neither. Verdicts: convert, if the input domain is the most "
           "probable; already, if the probability of the output domain is above 0.98; else unfit. A gate is "
           "a classifier trained on a folder with a subfolder for each of the three.");
  add_text(app, "-m,--model", args->model, "RUN|CHECKPOINT",
           "a run directory (its newest checkpoint) or a file")
      ->group("Model");
  app.add_option("-i,--input", args->inputs, "images, and folders that are searched recursively")
      ->type_name("FILE|DIR")
      ->group("Images");
  app.add_flag("--json", args->json, "print a line of JSON for each image")->group("Images");
  add_text(app, "--attach", args->attach, "RUN|CHECKPOINT",
           "classifier of three classes that becomes the gate")
      ->group("Attach");
  add_text(app, "--classes", args->classes, "A,B,OTHER",
           "its class names: input domain, output domain, other")
      ->default_str("photo,drawing,other")
      ->group("Attach");
  add_text(app, "--calibrate", args->calibrate, "DIR",
           "images that it was not trained on, in subfolders named like the classes, to set the temperature")
      ->group("Attach");
  add_text(app, "-o,--output", args->output, "FILE", "checkpoint to write, with the gate")->group("Attach");
  add_text(app, "--cache", args->cache, "DIR", "folder for decoded images (default: the user's cache folder)")
      ->group("Attach");
  add_quiet(app, args->quiet);
  return {&app, [args]() { return run_gate(*args); }};
}

}  // namespace sumi::cli
