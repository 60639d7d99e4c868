// sumi models: what can be trained.
#include <fmt/format.h>

#include "models/model.h"
#include "tools/cli.h"
#include "tools/table.h"

namespace sumi::cli {

Command add_models(CLI::App& parent) {
  CLI::App& app = *parent.add_subcommand("models", "List the models that can be trained.");
  set_help(app, "models", "");
  return {&app, []() {
            Table table({{"model"}, {"what it is", false, true}, {"after"}, {"pictures"}, {"parameters"}});
            for (const ModelInfo& info : model_list()) {
              const TrainOptions options = default_options(info.name);
              std::string parameters;
              const std::unique_ptr<Model> model = make_model(options);
              for (const Model::Network& network : model->networks())
                parameters += fmt::format("{}{} {}", parameters.empty() ? "" : ", ", network.name,
                                          with_commas(network.module->parameter_count()));
              table.add({info.name, info.summary, info.reference,
                         fmt::format("{0}x{0}x{1}", options.size, options.channels), parameters});
            }
            fmt::print("{}\n`sumi train MODEL --help` says how to train one.\n",
                       table.text(terminal_width(130)));
            return 0;
          }};
}

}  // namespace sumi::cli
