// sumi export: a network's weights under PyTorch's names and in its layouts.
#include <fmt/format.h>

#include <deque>
#include <memory>

#include "engine/error.h"
#include "engine/serialize/safetensors.h"
#include "engine/serialize/torch_layout.h"
#include "models/inference/exported.h"
#include "models/make_model.h"
#include "tools/cli/cli.h"

namespace sumi::cli {
namespace {

struct ExportArguments {
  CLI::App* app = nullptr;
  std::string model, net, layout = "torch", output;
  bool ema = false, quiet = false;
};

// Tensors to write, and the memory that they refer to.
struct Weights {
  SafetensorsWriter writer;
  std::deque<std::vector<float>> floats;
  std::deque<std::vector<double>> doubles;
  std::int64_t tensors = 0, values = 0;
  const std::int64_t zero = 0;

  template <class T>
  void add(std::deque<std::vector<T>>& memory, const char* dtype, const std::string& name,
           const Parameter& p) {
    memory.push_back(to_torch(p.value.to_vector<T>(), p.value.shape(), p.layout));
    const auto& data = memory.back();
    writer.add(name, dtype, torch_shape(p.value.shape(), p.layout), data.data(), data.size() * sizeof(T));
    ++tensors;
    values += static_cast<std::int64_t>(data.size());
  }
  void add(const std::string& name, const Parameter& p) {
    if (p.value.dtype() == DType::f64)
      add(doubles, "F64", name, p);
    else
      add(floats, "F32", name, p);
  }
};

void add_network(Weights& weights, const Model::Network& network, const CheckpointFile& file, bool ema,
                 const std::string& prefix) {
  if (ema && !file.has("ema." + network.name + "." + network.module->parameters().front().name))
    fail("export " + file.path().string(),
         "holds no EMA of " + network.name + "; leave out --ema, or train with --ema 0.999");
  for (const Parameter& p : network.module->parameters()) {
    // The file's values, not the module's: loading may have replaced those by the averages.
    file.load((ema ? "ema." : "") + network.name + "." + p.name, p.value);
    weights.add(prefix + p.name, p);
  }
  const std::string mean = "running_mean";
  for (const Parameter& p : network.module->buffers()) {
    file.load((ema ? "ema." : "") + network.name + "." + p.name, p.value);
    weights.add(prefix + p.name, p);
    // PyTorch counts batches in each batch norm, and load_state_dict expects the count.
    if (p.name.ends_with(mean)) {
      const std::string layer = p.name.substr(0, p.name.size() - mean.size());
      weights.writer.add(prefix + layer + "num_batches_tracked", "I64", {}, &weights.zero,
                         sizeof weights.zero);
      ++weights.tensors;
    }
  }
}

int run_export(const ExportArguments& args) {
  const std::string name = command_name(args.app);
  require_text(args.app, "--model", args.model, "-m takes a run directory or a checkpoint");
  require_text(args.app, "--output", args.output, "-o takes the file to write (weights.safetensors)");
  if (args.layout != "torch")
    throw UsageError(
        name, "unknown layout '" + args.layout + "'; there is: torch (sumi's own is the checkpoint itself)");
  refuse_foreign_name(args.app, "-o", args.output);
  const AtomicFile probe(args.output);
  TrainOptions options;
  const CheckpointFile file(resolve_checkpoint(args.model));
  const std::unique_ptr<Model> model = load_model(file, &options);

  Weights weights;
  std::string known;
  std::vector<std::string> written;
  bool found = false;
  for (const Model::Network& network : model->networks()) {
    known += (known.empty() ? "" : ", ") + network.name;
    if (!args.net.empty() && network.name != args.net) continue;
    found = true;
    // Only some networks have averages; without --net those are exported.
    if (args.net.empty() && args.ema &&
        !file.has("ema." + network.name + "." + network.module->parameters()[0].name))
      continue;
    written.push_back(network.name);
    add_network(weights, network, file, args.ema, args.net.empty() ? network.name + "." : "");
  }
  if (!found)
    throw UsageError(name,
                     fmt::format("{} has no network '{}'; use one of: {}", options.model, args.net, known));
  if (weights.tensors == 0)
    fail("export " + file.path().string(),
         "holds no EMA weights; leave out --ema, or train with --ema 0.999");
  weights.writer.set_metadata("format", "pt");
  weights.writer.set_metadata(kExportKey, export_text({options, args.net, written}));
  weights.writer.write(args.output);
  if (!args.quiet)
    fmt::print("{}: {} tensors, {} values\n", args.output, weights.tensors, with_commas(weights.values));
  return 0;
}

}  // namespace

Command add_export(CLI::App& parent) {
  auto args = std::make_shared<ExportArguments>();
  CLI::App& app = *parent.add_subcommand("export", "Write weights as PyTorch names and lays them out.");
  args->app = &app;
  set_help(
      app, "export -m RUN|CHECKPOINT --net NAME -o FILE [options]",
      "  sumi export -m run --net g --layout torch -o weights.safetensors\n"
      "  sumi export -m run --net g --ema -o averaged.safetensors\n",
      "In Python: net.load_state_dict(safetensors.torch.load_file('weights.safetensors')). sumi convert and "
      "generate take the file of a generator too, and sumi import needs no options for it.");
  add_text(app, "-m,--model", args->model, "RUN|CHECKPOINT",
           "a run directory (its newest checkpoint) or a file")
      ->group("Model");
  add_text(app, "--net", args->net, "NAME",
           "which network: g or d; g_ab, g_ba, d_a or d_b (default: all, with names like g.main.0.weight)")
      ->group("Model");
  app.add_flag("--ema", args->ema, "the EMA of the weights instead of the last ones")->group("Model");
  add_text(app, "--layout", args->layout, "NAME", "whose names and layouts")
      ->default_str("torch")
      ->group("File");
  add_text(app, "-o,--output", args->output, "FILE", "a safetensors file")->group("File");
  add_quiet(app, args->quiet);
  return {&app, [args]() { return run_export(*args); }};
}

}  // namespace sumi::cli
