// sumi models: the models that can be trained.
#include <fmt/format.h>

#include "models/make_model.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/settings.h"
#include "tools/cli/cli.h"

namespace sumi::cli {

Command add_models(CLI::App& parent) {
  CLI::App& app = *parent.add_subcommand("models", "List the models that can be trained.");
  set_help(app, "models", "");
  return {&app, []() {
            for (const ModelSpec* spec : model_specs()) {
              const TrainOptions options = default_options(spec->name);
              const ImageSize size = image_size(options);
              fmt::print("{:<16}{}\n{:16}{}; learns from {}\n{:16}{}x{}x{} by default;", spec->name,
                         spec->summary, "", spec->reference, spec->data, "", size.width, size.height,
                         options.channels);
              for (const PlannedNetwork& network : plan_networks(options))
                fmt::print(" {} {}", network.name, with_commas(network.module->parameter_count()));
              fmt::print(" parameters\n\n");
            }
            fmt::print("`sumi train MODEL --help` says how to train one.\n");
            return 0;
          }};
}

}  // namespace sumi::cli
