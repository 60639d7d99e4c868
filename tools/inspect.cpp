// sumi inspect: contents of a checkpoint.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/error.h"
#include "engine/graph/open.h"
#include "engine/serialize/checkpoint.h"
#include "engine/serialize/safetensors.h"
#include "engine/serialize/weight_file.h"
#include "models/inference/exported.h"
#include "models/make_model.h"
#include "models/options/json_text.h"
#include "models/settings.h"
#include "tools/cli/cli.h"
#include "tools/cli/option_format.h"
#include "tools/imported_filter.h"
#include "tools/inspect_json.h"
#include "tools/inspect_weights.h"
#include "tools/tensor_summary.h"

namespace sumi::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string state_text(const Json& state) {
  std::string text;
  for (const auto& [key, value] : state.items())
    if (value.is_primitive())
      text += (text.empty() ? "" : ", ") + printable(key) + " " +
              (value.is_string()         ? printable(value.get<std::string>())
               : value.is_number_float() ? fmt::format("{:.6g}", value.get<double>())
                                         : value.dump());
  return text;
}

void print_options(const TrainOptions& options) {
  const std::string changed = describe_options(options, true);
  fmt::print("\noptions that differ from the defaults of {}:{}\n{}", options.model,
             changed.empty() ? " none" : "", changed);
}

// Prints the metadata of a sumi checkpoint.
void print_header(const CheckpointHeader& header) {
  const int width = std::min(terminal_width(100), 110);
  const Json state = parse_or_text(header.state), json = parse_or_text(header.options);
  if (state.is_object() && !state.empty())
    fmt::print("{}\n", wrap("state     " + state_text(state), width, 10));
  try {
    print_options(stored_options(header.model, json, "options", "the file is damaged"));
  } catch (const Error&) {  // a version with other options
    fmt::print("options   {}\n", printable(header.options));
  }
}

int run(const CLI::App* app, const std::string& path, const std::string& net_key, bool as_json) {
  require_text(app, "FILE", path, "name a checkpoint, a file of weights or a run directory");
  if (graph::is_network_file(path)) {
    inspect_network(path, as_json);
    return 0;
  }
  const std::filesystem::path found = resolve_checkpoint(path);
  if (weight_format(found) != WeightFormat::safetensors || is_foreign(found))
    return inspect_weights(found, net_key, as_json);
  const SafetensorsFile file = SafetensorsFile::open(found);
  const bool ours = file.metadata().contains("sumi.format");
  const auto groups = group_tensors(file, ours);
  std::unique_ptr<CheckpointFile> checkpoint;
  if (ours) checkpoint = std::make_unique<CheckpointFile>(file.path());  // throws if its format is too new
  if (as_json) {
    print_json(file.path(), file.metadata(), groups, ours);
    return 0;
  }
  const std::string size = bytes_text(std::filesystem::file_size(file.path()));
  if (ours) {
    const CheckpointHeader& header = checkpoint->header();
    fmt::print("{}\nmodel     {}\nkind      {}\nsize      {}\n", file.path().string(),
               printable(header.model), header.kind == "full" ? "full: training can be resumed" : header.kind,
               size);
    print_header(header);
  } else if (const auto info = known_export(file.path())) {
    fmt::print(
        "{}\nweights of sumi export, with PyTorch's names and layouts, {}\nmodel     {}\nnetworks  {}\n",
        file.path().string(), size, info->options.model, fmt::join(info->networks, ", "));
    print_options(info->options);
  } else {
    fmt::print("{}\nsafetensors file without sumi's description, {}\n", file.path().string(), size);
    for (const auto& [key, value] : file.metadata()) fmt::print("{}  {}\n", printable(key), printable(value));
  }
  for (const TensorGroup& group : groups) print_group(group);
  return 0;
}

}  // namespace

Command add_inspect(CLI::App& parent) {
  struct Arguments {
    std::string path, net_key;
    bool json = false;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App& app = *parent.add_subcommand(
      "inspect", "Show the contents of a checkpoint, another file of weights or a network (ONNX, ncnn).");
  set_help(app, "inspect FILE|RUN [--json]",
           "  sumi inspect run\n"
           "  sumi inspect run/checkpoints/1000.safetensors --json\n"
           "  sumi inspect latest_net_G.pth\n");
  app.add_option(
         "FILE", args->path,
         "a checkpoint, another file of weights, an ONNX or ncnn network, or a run (its newest checkpoint)")
      ->take_last()
      ->group("Input");
  add_net_key(app, args->net_key)->group("Input");
  app.add_flag("--json", args->json, "print JSON")->group("Output");
  return {&app, [args, &app]() { return run(&app, args->path, args->net_key, args->json); }};
}

}  // namespace sumi::cli
