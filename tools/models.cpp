// sumi models: what can be trained.
#include <fmt/format.h>

#include "models/model.h"
#include "tools/cli.h"

namespace sumi::cli {

Command add_models(CLI::App& parent) {
  CLI::App& app = *parent.add_subcommand("models", "List the models that can be trained.");
  set_help(app, "models", "");
  return {&app, []() {
            for (const ModelInfo& info : model_list()) {
              const TrainOptions options = default_options(info.name);
              const int side = options.model == "cyclegan" ? options.crop_size : options.size;
              fmt::print("{:<10}{}\n{:10}{}\n{:10}{}x{}x{} unless told otherwise;", info.name, info.summary,
                         "", info.reference, "", side, side, options.channels);
              for (const PlannedNetwork& network : plan_networks(options))
                fmt::print(" {} {}", network.name, with_commas(network.module->parameter_count()));
              fmt::print(" parameters\n\n");
            }
            fmt::print("`sumi train MODEL --help` says how to train one.\n");
            return 0;
          }};
}

}  // namespace sumi::cli
