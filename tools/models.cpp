// sumi models: the models that can be trained, and diagrams of them.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "engine/serialize/file.h"
#include "models/diagram/diagram.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/settings.h"
#include "tools/cli/cli.h"

namespace sumi::cli {
namespace {

struct ModelsArguments {
  const CLI::App* app = nullptr;
  std::string model, output, network;
  bool diagram = false, step = false;
};

void list_models() {
  for (const ModelSpec* spec : model_specs()) {
    const TrainOptions options = default_options(spec->name);
    const int side = image_side(options);
    fmt::print("{:<16}{}\n{:16}{}; learns from {}\n{:16}{}x{}x{} by default;", spec->name, spec->summary, "",
               spec->reference, spec->data, "", side, side, options.channels);
    for (const PlannedNetwork& network : plan_networks(options))
      fmt::print(" {} {}", network.name, with_commas(network.module->parameter_count()));
    fmt::print(" parameters\n\n");
  }
  fmt::print("`sumi train MODEL --help` says how to train one.\n");
}

// The output of `dot -TFORMAT` for a text in its language. Throws Error if dot is missing.
std::string rendered(const std::string& text, const std::string& format) {
  const std::filesystem::path input =
      std::filesystem::temp_directory_path() / fmt::format("sumi-diagram-{}.dot", getpid());
  write_file_atomically(input, text);
  std::string result;
  std::FILE* const pipe =
      popen(fmt::format("dot -T{} '{}' 2>/dev/null", format, input.string()).c_str(), "r");
  if (pipe) {
    char part[65536];
    for (std::size_t n; (n = std::fread(part, 1, sizeof part, pipe)) > 0;) result.append(part, n);
  }
  const bool failed = !pipe || pclose(pipe) != 0;
  std::filesystem::remove(input);
  if (failed || result.empty())
    fail("diagram", fmt::format("Graphviz's program dot could not make {}; install the package graphviz, or "
                                "write text: -o NAME.dot",
                                format));
  return result;
}

int write_diagram(const ModelsArguments& args) {
  const std::string name = command_name(args.app);
  if (args.model.empty())
    throw UsageError(name, "--diagram needs the name of a model; `sumi models` lists them");
  if (args.step && !args.network.empty())
    throw UsageError(name, "--step draws the step only and --net a network only; leave one out");
  const TrainOptions options = default_options(model_spec(args.model).name);
  const std::string extension = std::filesystem::path(args.output).extension().string();
  if (!args.output.empty() && extension != ".dot" && extension != ".svg" && extension != ".png")
    throw UsageError(name, fmt::format("-o {}: use a name that ends in .dot, .svg or .png", args.output));
  const DiagramPart part{.step = args.network.empty(), .networks = !args.step, .network = args.network};
  const std::string text = model_diagram(options, part);
  if (args.output.empty()) {
    fmt::print("{}", text);
  } else {
    write_file_atomically(args.output, extension == ".dot" ? text : rendered(text, extension.substr(1)));
    fmt::print("{}\n", args.output);
  }
  return 0;
}

}  // namespace

Command add_models(CLI::App& parent) {
  CLI::App& app = *parent.add_subcommand("models", "List the models that can be trained.");
  auto args = std::make_shared<ModelsArguments>();
  args->app = &app;
  app.add_option("MODEL", args->model, "model to draw (with --diagram)")->take_last();
  app.add_flag("--diagram", args->diagram,
               "draw a training step and the networks of MODEL with its default options");
  add_text(app, "--net", args->network, "NAME", "draw this network only");
  app.add_flag("--step", args->step, "draw the training step only");
  add_text(app, "-o,--output", args->output, "FILE",
           "file to write; the name decides: .dot, .svg or .png (the last two need Graphviz) [DOT text on "
           "stdout]");
  set_help(app, "models [MODEL --diagram]",
           "  sumi models\n"
           "  sumi models dcgan --diagram -o dcgan.svg\n"
           "  sumi models cyclegan --diagram --net g_ab -o generator.png\n");
  return {&app, [args]() {
            if (args->diagram) return write_diagram(*args);
            if (!args->model.empty() || !args->network.empty() || args->step || !args->output.empty())
              throw UsageError(command_name(args->app),
                               "a model's name, --net, --step and -o need --diagram");
            list_models();
            return 0;
          }};
}

}  // namespace sumi::cli
