// sumi import: weights with PyTorch's names and layouts become a checkpoint.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "engine/error.h"
#include "engine/file.h"
#include "models/foreign_weights.h"
#include "models/model.h"
#include "tools/option_texts.h"
#include "tools/train_options.h"

namespace sumi::cli {
namespace {

using Show = OptionSet::Show;

struct ImportArguments {
  CLI::App* app = nullptr;
  std::string model, net, input, output;
  bool quiet = false;
  OptionSet options;
};

int run_import(const ImportArguments& args) {
  const std::string name = command_name(args.app);
  require_text(args.app, "--model", args.model, "which network the weights are for (sumi models lists them)");
  require_text(args.app, "--input", args.input, "-i takes a safetensors file of weights");
  require_text(args.app, "--output", args.output, "-o takes the checkpoint to write");
  TrainOptions options;
  try {
    options = default_options(args.model);
    visit_options(options, [&](const OptionInfo& info, const auto&) {
      if (!applies(info, args.model) && args.options.given(info.name))
        throw UsageError(name, absent_text(args.model, std::string("--") + info.name) + "; leave it out");
    });
    args.options.apply(options);
    options.load_size = std::max(options.load_size, options.crop_size);
    validate(options);
  } catch (const Error& error) {
    throw UsageError(name, error.what());
  }
  const AtomicFile probe(args.output);
  const std::unique_ptr<Model> model = make_model(options);
  const auto networks = model->networks();
  std::vector<std::string> known;
  for (const Model::Network& network : networks) known.push_back(network.name);
  if (!args.net.empty() && std::find(known.begin(), known.end(), args.net) == known.end())
    throw UsageError(name, fmt::format("{} has no network '{}'; there are: {}", args.model, args.net,
                                       fmt::join(known, ", ")));

  std::int64_t count = 0;
  try {
    count = take_weights(args.input, args.net, networks);
  } catch (const std::invalid_argument& error) {
    throw UsageError(name, error.what());
  }
  CheckpointWriter writer;
  model->save(writer, false);
  const nlohmann::ordered_json state{{"step", 0}, {"images", 0}, {"epoch", 0.0}};
  writer.write(args.output, {"networks", options.model, to_json(options).dump(), state.dump()});
  if (!args.quiet)
    fmt::print("{}: {} tensors of {} taken{}\n", args.output, count, args.input,
               args.net.empty() ? "" : ", what else the model has freshly initialised");
  return 0;
}

}  // namespace

Command add_import(CLI::App& parent) {
  auto args = std::make_shared<ImportArguments>();
  CLI::App& app = *parent.add_subcommand("import", "Make a checkpoint of PyTorch's weights.");
  args->app = &app;
  set_help(app, "import --model NAME [--net NAME] -i FILE -o CHECKPOINT [options]",
           "  sumi import --model dcgan --net g -i netG.safetensors -o start.safetensors\n"
           "  sumi train dcgan --data pictures --outdir run --init start.safetensors\n",
           "Without --net the file must hold every network, with names like g.main.0.weight. With it the "
           "others are initialised from --seed. Safetensors files are written in Python by "
           "safetensors.torch.save_file(net."
           "state_dict(), 'netG.safetensors').");
  add_text(app, "--model", args->model, "NAME", "dcgan, cyclegan ... (sumi models lists them)")
      ->group("Weights");
  add_text(app, "--net", args->net, "NAME", "the network that the file holds: g or d, or g_ab g_ba d_a d_b")
      ->group("Weights");
  add_text(app, "-i,--input", args->input, "FILE", "a safetensors file")->group("Weights");
  add_text(app, "-o,--output", args->output, "CHECKPOINT", "for generate, export and train --init")
      ->group("Weights");
  args->options.add(app, TrainOptions(), [](const OptionInfo& info) {
    const std::string name = info.name;
    for (const char* wanted : {"size", "crop-size", "channels", "classes", "sn", "minibatch-discrimination",
                               "vbn", "seed", "device", "precision"})
      if (name == wanted) return Show::yes;
    const bool network = std::string(info.group) == "Networks" && name != "init" && name != "features";
    return network ? Show::yes : Show::no;
  });
  add_quiet(app, args->quiet);
  // Each model has its own.
  for (CLI::Option* option : app.get_options()) option->default_str("");
  return {&app, [args]() { return run_import(*args); }};
}

}  // namespace sumi::cli
