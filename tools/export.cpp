// sumi export: networks in formats of other programs.
#include <fmt/format.h>

#include <memory>

#include "engine/error.h"
#include "engine/serialize/file.h"
#include "models/export/export_format.h"
#include "models/export/network_graph.h"
#include "models/make_model.h"
#include "tools/cli/cli.h"
#include "tools/export_arguments.h"

namespace sumi::cli {
namespace {

// A graph holds one network: by default the generator.
std::string graph_network(const ExportArguments& args, const ExportFormat& format, const Model& model) {
  if (!args.net.empty() || !format.is_graph) return args.net;
  const std::vector<Model::Network> networks = model.networks();
  if (networks.size() == 1) return networks.front().name;
  if (!model.directions().empty()) return model.translator(model.directions().front()).name;
  for (const Model::Network& network : networks)
    if (network.name == "g" || network.name == "f") return network.name;
  throw UsageError(command_name(args.app),
                   fmt::format("--net is missing: {} files hold one network", format.name));
}

// The networks that `net` names, with the values to write.
std::vector<Model::Network> chosen_networks(const ExportArguments& args, const std::string& net,
                                            const TrainOptions& options, const CheckpointFile& file,
                                            const Model& model) {
  std::string known;
  std::vector<Model::Network> chosen;
  bool found = false;
  for (const Model::Network& network : model.networks()) {
    known += (known.empty() ? "" : ", ") + network.name;
    if (!net.empty() && network.name != net) continue;
    found = true;
    // Only some networks have averages; without --net those are exported.
    if (net.empty() && args.ema && !has_averages(network, file)) continue;
    load_exported_values(network, file, args.ema);
    chosen.push_back(network);
  }
  if (!found)
    throw UsageError(command_name(args.app),
                     fmt::format("{} has no network '{}'; use one of: {}", options.model, net, known));
  if (chosen.empty())
    fail("export " + file.path().string(),
         "holds no EMA weights; leave out --ema, or train with --ema 0.999");
  return chosen;
}

int run_export(const ExportArguments& args) {
  const std::string name = command_name(args.app);
  require_text(args.app, "--model", args.model, "-m takes a run directory or a checkpoint");
  require_text(args.app, "--output", args.output, "-o takes the file to write (weights.safetensors)");
  if (args.layout != "torch")
    throw UsageError(name, "--layout " + args.layout +
                               " is unknown; use torch (sumi's own layout is that of the checkpoint)");
  const ExportFormat& format = checked_format(args);
  const ExportPrecision precision = checked_precision(args, format);
  refuse_idle_options(args, format);
  const AtomicFile probe(args.output);
  TrainOptions options;
  const CheckpointFile file(resolve_checkpoint(args.model));
  // Graphs are recorded, and examples computed, on the CPU in f32.
  const std::unique_ptr<Model> model =
      format.is_graph ? load_model(file, &options, "cpu", "f32") : load_model(file, &options);
  const std::string net = graph_network(args, format, *model);
  const ExportJob job{.output = args.output,
                      .model = *model,
                      .options = options,
                      .net = net,
                      .networks = chosen_networks(args, net, options, file, *model),
                      .precision = precision,
                      .opset = static_cast<int>(args.opset),
                      .simplify = args.simplify,
                      .version = SUMI_VERSION,
                      .license = args.license};
  const ExportReport report = format.write(job);
  if (!args.examples.empty()) write_examples(job, args.examples);
  if (args.quiet) return 0;
  if (format.is_graph)
    fmt::print("{}: {} as {} nodes, {} values; {}\n", args.output, net, report.nodes,
               with_commas(report.values), report.note);
  else
    fmt::print("{}: {} tensors, {} values\n", args.output, report.tensors, with_commas(report.values));
  return 0;
}

}  // namespace

Command add_export(CLI::App& parent) {
  auto args = std::make_shared<ExportArguments>();
  CLI::App& app = *parent.add_subcommand(
      "export", "Write networks in other programs' formats: PyTorch, Keras, ONNX, ncnn.");
  args->app = &app;
  set_help(app, "export -m RUN|CHECKPOINT [--net NAME] -o FILE [options]",
           "  sumi export -m run --net g --layout torch -o weights.safetensors\n"
           "  sumi export -m run --net g -o weights.pth\n"
           "  sumi export -m run --net g --ema -o averaged.safetensors\n"
           "  sumi export -m run -o network.onnx\n",
           "In Python: net.load_state_dict(torch.load('weights.pth')), or "
           "safetensors.torch.load_file('weights.safetensors'). sumi convert and generate also take the file "
           "of a generator, and sumi import needs no options for it.");
  add_export_options(app, args);
  return {&app, [args]() { return run_export(*args); }};
}

}  // namespace sumi::cli
