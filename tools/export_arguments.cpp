#include "tools/export_arguments.h"

#include <fmt/format.h>

#include <string_view>

#include "engine/error.h"
#include "engine/export/onnx_writer.h"

namespace sumi::cli {

void add_export_options(CLI::App& app, const std::shared_ptr<ExportArguments>& args) {
  add_text(app, "-m,--model", args->model, "RUN|CHECKPOINT",
           "a run directory (its newest checkpoint) or a file")
      ->group("Model");
  add_text(app, "--net", args->net, "NAME",
           "network: g or d; g_ab, g_ba, d_a or d_b (default: all, with names like g.main.0.weight; for a "
           "graph the generator)")
      ->group("Model");
  app.add_flag("--ema", args->ema, "the EMA of the weights instead of the last ones")->group("Model");
  std::string formats, extensions;
  for (const ExportFormat& format : export_formats()) {
    formats += (formats.empty() ? "" : "; ") + fmt::format("{}: {}", format.name, format.summary);
    extensions += (extensions.empty() ? "" : ", ") + std::string(format.extensions.front());
  }
  add_text(app, "-o,--output", args->output, "FILE",
           "file to write; the extension selects the format: " + extensions)
      ->group("File");
  add_text(app, "--format", args->format, "NAME", formats + " (default: by the extension)")->group("File");
  add_text(app, "--precision", args->precision, "NAME", "type of stored weights: f32, f16 or bf16")
      ->default_str("f32")
      ->group("File");
  add_text(app, "--layout", args->layout, "NAME", "names and layouts of stored weights")
      ->default_str("torch")
      ->group("File");
  add_whole(app, "--opset", args->opset, "N", "opset of an onnx file, 13 to 21")
      ->default_str("17")
      ->group("Graph");
  app.add_flag("--simplify", args->simplify, "fold batch norm into the convolutions before it")
      ->group("Graph");
  add_text(app, "--license", args->license, "TEXT", "license of the weights, for an onnx file's metadata")
      ->group("Graph");
  add_text(app, "--examples", args->examples, "FILE",
           "also write inputs and sumi's outputs as safetensors, to check another runtime")
      ->group("Graph");
  add_quiet(app, args->quiet);
}

const ExportFormat& checked_format(const ExportArguments& args) {
  try {
    return export_format(args.format, args.output);
  } catch (const Error& error) {
    throw UsageError(command_name(args.app), error.what());
  }
}

ExportPrecision checked_precision(const ExportArguments& args, const ExportFormat& format) {
  const std::string name = command_name(args.app);
  if (args.precision == "f32") return ExportPrecision::keep;
  if (args.precision != "f16" && args.precision != "bf16")
    throw UsageError(name, fmt::format("--precision {} is unknown; use f32, f16 or bf16", args.precision));
  if (format.is_graph)
    throw UsageError(
        name, fmt::format("--precision {} is for weights; {} files hold f32", args.precision, format.name));
  return args.precision == "f16" ? ExportPrecision::f16 : ExportPrecision::bf16;
}

void refuse_idle_options(const ExportArguments& args, const ExportFormat& format) {
  const std::string name = command_name(args.app);
  const auto refuse = [&](bool given, const char* option, const char* formats) {
    if (given)
      throw UsageError(name, fmt::format("{} is for {}; leave it out, or change --format", option, formats));
  };
  if (args.opset != 0 && (args.opset < kOldestOpset || args.opset > kNewestOpset))
    throw UsageError(name, fmt::format("--opset {} is not possible; use {} to {}", args.opset, kOldestOpset,
                                       kNewestOpset));
  const bool onnx = std::string_view(format.name) == "onnx";
  refuse(args.opset != 0 && !onnx, "--opset", "onnx files");
  refuse(args.simplify && !format.is_graph, "--simplify",
         "files of graphs, not of weights, whose names it would change");
  refuse(!args.license.empty() && !onnx, "--license", "onnx files");
  refuse(!args.examples.empty() && !format.is_graph, "--examples", "files of graphs");
}

}  // namespace sumi::cli
