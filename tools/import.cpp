// sumi import: converts weights with PyTorch's names and layouts to a checkpoint.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "engine/error.h"
#include "engine/serialize/file.h"
#include "models/inference/exported.h"
#include "models/inference/recognize_weights.h"
#include "models/inference/weight_import.h"
#include "models/make_model.h"
#include "models/settings.h"
#include "tools/cli/option_format.h"
#include "tools/train_options.h"

namespace sumi::cli {
namespace {

using Visibility = OptionSet::Visibility;

struct ImportArguments {
  CLI::App* app = nullptr;
  std::string model, net, net_key, input, output;
  bool quiet = false;
  OptionSet options;
};

// The model's options: those in the file if sumi export wrote it, then those given.
TrainOptions import_options(const ImportArguments& args, const std::optional<ExportInfo>& info,
                            const std::optional<RecognizedWeights>& known) {
  const std::string name = command_name(args.app);
  TrainOptions options;
  try {
    options = known ? known->options
              : info && (args.model.empty() || args.model == info->options.model)
                  ? info->options
                  : default_options(args.model);
    for (const Option* row : all_options().rows())
      if (!option_table(options.model).has(row->name) && args.options.given(row->name))
        throw UsageError(name, absent_text(options.model, "--" + row->name) + "; leave it out");
    args.options.apply(options);
    options.load_size = std::max(options.load_size, options.crop_size);
    validate(options);
  } catch (const Error& error) {
    throw UsageError(name, error.what());
  }
  return options;
}

// What the file holds where neither --model nor sumi export says it.
std::optional<RecognizedWeights> recognized(const ImportArguments& args, WeightFile& file, bool described) {
  if (described || !args.model.empty()) return std::nullopt;
  return recognize_weights(file, args.input, args.net_key);
}

WeightMatch take(const ImportArguments& args, WeightFile& file, const std::string& net,
                 const TrainOptions& options, const std::vector<Model::Network>& networks) {
  try {
    return import_weights(file, args.input, args.net_key, net, options, networks);
  } catch (const std::invalid_argument& error) {
    throw UsageError(command_name(args.app), error.what());
  }
}

int run_import(const ImportArguments& args) {
  const std::string name = command_name(args.app);
  require_text(args.app, "--input", args.input, "-i takes a file of weights");
  require_text(args.app, "--output", args.output, "-o takes the checkpoint to write");
  refuse_foreign_name(args.app, "-o", args.output);
  args.options.check_values_given();  // before the file is opened
  std::optional<ExportInfo> info;
  if (std::error_code error; std::filesystem::exists(args.input, error)) info = export_info(args.input);
  WeightFile file(args.input);
  const std::optional<RecognizedWeights> known = recognized(args, file, info.has_value());
  const TrainOptions options = import_options(args, info, known);
  const std::string net = !args.net.empty() ? args.net : known ? known->net : info ? info->net : "";
  const AtomicFile probe(args.output);
  const std::unique_ptr<Model> model = make_model(options);
  auto networks = model->networks();
  std::vector<std::string> names;
  for (const Model::Network& network : networks) names.push_back(network.name);
  if (!net.empty() && std::find(names.begin(), names.end(), net) == names.end())
    throw UsageError(name, fmt::format("{} has no network '{}'; use one of: {}", options.model, net,
                                       fmt::join(names, ", ")));
  if (info && net.empty())  // a file of averages holds only generators
    std::erase_if(networks, [&](const Model::Network& n) {
      return std::find(info->networks.begin(), info->networks.end(), n.name) == info->networks.end();
    });
  const WeightMatch match = take(args, file, net, options, networks);
  CheckpointWriter writer;
  model->save(writer, false);
  const nlohmann::ordered_json state{{"step", 0}, {"images", 0}, {"epoch", 0.0}};
  writer.write(args.output, {"networks", options.model, to_json(options).dump(), state.dump()});
  if (args.quiet) return 0;
  if (known) fmt::print("{}: {}\n", args.input, known->text);
  fmt::print("{}: {} tensors of {} taken{}{}\n", args.output, match.pairs.size(), args.input,
             net.empty() && networks.size() == names.size() ? "" : ", other networks freshly initialized",
             match.notes());
  return 0;
}

}  // namespace

Command add_import(CLI::App& parent) {
  auto args = std::make_shared<ImportArguments>();
  CLI::App& app = *parent.add_subcommand("import", "Make a checkpoint from other programs' weights.");
  args->app = &app;
  set_help(app, "import [--model NAME] [--net NAME] -i FILE -o CHECKPOINT [options]",
           "  sumi import -i latest_net_G.pth -o start.safetensors         recognized by names and shapes\n"
           "  sumi import --model cyclegan --net g_ab -i netG.pth -o start.safetensors\n"
           "  sumi import -i exported.safetensors -o start.safetensors     a file of sumi export\n"
           "  sumi train dcgan --data images --outdir run --init start.safetensors\n",
           "Files of torch.save (.pth, .pt, .tar, .ckpt), Keras (.h5) and safetensors are read; the format "
           "is recognized by the bytes. Without --model, generators of CycleGAN, pix2pix and DCGAN are "
           "recognized. With --model and without --net the file must hold every network, with names like "
           "g.main.0.weight; with --net the "
           "others are initialized from --seed. In Python: torch.save(net.state_dict(), 'netG.pth').");
  add_text(app, "--model", args->model, "NAME",
           "dcgan, cyclegan ... (sumi models lists them; default: recognized)")
      ->group("Weights");
  add_text(app, "--net", args->net, "NAME",
           "network in the file: g or d; g_ab, g_ba, d_a or d_b (default: all)")
      ->group("Weights");
  add_net_key(app, args->net_key)->group("Weights");
  add_text(app, "-i,--input", args->input, "FILE", "a PyTorch, Keras or safetensors file")->group("Weights");
  add_text(app, "-o,--output", args->output, "CHECKPOINT",
           "checkpoint to write, for generate, convert, export and train --init")
      ->group("Weights");
  args->options.add(app, all_options(), TrainOptions(), [](const Option& option) {
    const std::string& name = option.name;
    for (const char* wanted :
         {"size", "crop-size", "channels", "classes", "spectral-norm", "minibatch-discrimination", "latent",
          "task", "factor", "bits", "direction", "virtual-batch-norm", "seed", "device", "precision"})
      if (name == wanted) return Visibility::shown;
    const bool network = option.heading == "Networks" && name != "init" && name != "feature-network";
    return network ? Visibility::shown : Visibility::absent;
  });
  add_quiet(app, args->quiet);
  // Each model has its own default.
  for (CLI::Option* option : app.get_options()) option->default_str("");
  return {&app, [args]() { return run_import(*args); }};
}

}  // namespace sumi::cli
