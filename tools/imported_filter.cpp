#include "tools/imported_filter.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/error.h"
#include "engine/graph/network.h"
#include "engine/graph/open.h"
#include "engine/runtime/device.h"
#include "tools/cli/table.h"
#include "tools/cli/text.h"
#include "tools/tensor_summary.h"

namespace sumi::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostInputValues = 1 << 24;
constexpr double kImportedWork = 2e-5;  // seconds of one core for a pixel

void refuse_model_options(const ConvertArguments& args) {
  const std::string name = command_name(args.app);
  for (const auto& [given, option] : {std::pair{!args.direction.empty(), "--direction"},
                                      {args.raw, "--no-ema"},
                                      {args.judge, "--judge"},
                                      {args.gate == "require", "--gate require"}})
    if (given)
      throw UsageError(name, fmt::format("{} is for models that sumi trained; leave it out", option));
}

std::string sizes_text(const graph::ValueInfo& info) {
  std::string text;
  for (const std::int64_t d : info.dims)
    text += (text.empty() ? "" : "x") + (d < 0 ? "?" : std::to_string(d));
  return text.empty() ? "scalar" : text;
}

// As the file counts them.
std::map<std::string, int> ops_of(const graph::Graph& graph) {
  return graph.layers.empty() ? graph.op_counts() : graph.layers;
}

std::string traits_text(const graph::ImageTraits& t) {
  return fmt::format("{} {}, {:g} to {:g}, sizes a multiple of {}, at least {}{}", t.nchw ? "NCHW" : "NHWC",
                     t.channels == 1 ? "gray"
                     : t.bgr         ? "BGR"
                                     : "RGB",
                     t.range.black, t.range.white, t.multiple, t.smallest_side,
                     t.enlargement > 1 ? fmt::format(", enlarged by {}", t.enlargement) : "");
}

void print_graph(const std::filesystem::path& path, const graph::Graph& graph) {
  if (graph.layers.empty())
    fmt::print("{}\n{} network, opset {}, by {}\n", path.string(), graph.kind, graph.opset,
               graph.producer.empty() ? "an unnamed program" : printable(graph.producer));
  else
    fmt::print("{}\n{} network\n", path.string(), graph.kind);
  const std::string family = graph::family_of(graph);
  fmt::print("family      {}\n", family.empty() ? "unknown" : family);
  for (const graph::ValueInfo& input : graph.inputs)
    fmt::print("input       {}  {}\n", printable(input.name), sizes_text(input));
  for (const graph::ValueInfo& output : graph.outputs)
    fmt::print("output      {}  {}\n", printable(output.name), sizes_text(output));
  std::string ops;
  std::int64_t nodes = 0;
  for (const auto& [op, count] : ops_of(graph)) {
    nodes += count;
    const bool known = !graph.layers.empty() || graph::all_rules().count(op) > 0;
    ops += fmt::format("{}{} {}{}", ops.empty() ? "" : ", ", printable(op), count,
                       known ? "" : " (not supported)");
  }
  fmt::print("parameters  {}\n{}  {}\n", with_commas(graph.parameter_count()),
             graph.layers.empty() ? "nodes     " : "layers    ", with_commas(nodes));
  fmt::print("{}\n", wrap("ops         " + ops, std::min(terminal_width(100), 110), 12));
  for (const auto& [key, value] : graph.metadata) fmt::print("{}  {}\n", printable(key), printable(value));
}

// The image that the network takes, where that can be told without further inputs.
std::string image_text(const std::shared_ptr<const graph::Graph>& graph) {
  try {
    std::map<std::string, graph::ConstantPtr> given;  // zeros for further inputs
    bool image = false;
    for (const graph::ValueInfo& input : graph->inputs) {
      if (!image && input.real && input.dims.size() == 4) {
        image = true;
        continue;
      }
      graph::Constant zeros;
      zeros.dims = input.dims;
      for (std::int64_t& d : zeros.dims) d = d < 0 ? 1 : d;
      zeros.real = input.real;
      const auto count = static_cast<std::size_t>(graph::count_of(zeros.dims));
      if (count > kMostInputValues)
        fail(graph->label(), fmt::format("the input {} is {}, which is too much to try", input.name,
                                         graph::text_of(zeros.dims)));
      zeros.real ? zeros.reals.resize(count) : zeros.integers.resize(count);
      given[input.name] = std::make_shared<const graph::Constant>(std::move(zeros));
    }
    const graph::Network network(graph, {}, given, parse_device("cpu"), DType::f32);
    return traits_text(network.traits());
  } catch (const Error& error) {
    return std::string("not convertible: ") + error.what();
  }
}

Json json_of(const graph::ValueInfo& info) {
  return {{"name", printable(info.name)}, {"shape", info.dims}};
}

void print_graph_json(const std::filesystem::path& path, const std::shared_ptr<const graph::Graph>& graph) {
  Json json{{"file", path.string()},
            {"kind", graph->kind},
            {"producer", printable(graph->producer)},
            {"family", graph::family_of(*graph)},
            {"parameters", graph->parameter_count()},
            {"image", image_text(graph)}};
  std::int64_t nodes = 0;
  for (const auto& [op, count] : ops_of(*graph)) nodes += count;
  json["nodes"] = nodes;
  if (graph->layers.empty()) json["opset"] = graph->opset;
  json["inputs"] = Json::array();
  json["outputs"] = Json::array();
  for (const graph::ValueInfo& input : graph->inputs) json["inputs"].push_back(json_of(input));
  for (const graph::ValueInfo& output : graph->outputs) json["outputs"].push_back(json_of(output));
  for (const auto& [op, count] : ops_of(*graph)) json["ops"][printable(op)] = count;
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

PhotoFilter imported_filter(const ConvertArguments& args, const TileOptions& tiles) {
  args.style.refuse(args.app);
  args.comic.refuse(args.app);
  refuse_model_options(args);
  const Device device = parse_device(args.machine.device.empty() ? "cpu" : args.machine.device);
  const Precision precision =
      parse_precision(args.machine.precision.empty() ? "auto" : args.machine.precision, device);
  set_multiply(precision.multiply);
  const auto graph = std::make_shared<const graph::Graph>(graph::read_network(args.model));
  const auto network = std::make_shared<graph::Network>(graph, args.imported.format(),
                                                        args.imported.given(*graph), device, precision.dtype);
  network->set_activations(precision.activations);
  const graph::ImageTraits& traits = network->traits();
  ImageNetwork image;
  image.run = [network](const Tensor& x) { return (*network)(x); };
  image.multiple = traits.multiple;
  image.smallest_side = traits.smallest_side;
  image.channels = traits.channels;
  image.enlargement = traits.enlargement;
  image.dtype = precision.dtype;
  image.device = device;
  PhotoFilter filter;
  filter.work = [](double width, double height) { return kImportedWork * width * height; };
  auto converter = std::make_shared<Converter>(std::move(image), args.max_memory);
  converter->set_tiles(tiles);
  filter.run = [converter](const Photo& photo, const Photo* holes) { return (*converter)(photo, holes); };
  return filter;
}

void inspect_network(const std::filesystem::path& path, bool as_json) {
  const auto graph = std::make_shared<const graph::Graph>(graph::read_network(path));
  if (as_json) return print_graph_json(path, graph);
  print_graph(path, *graph);
  fmt::print("{}\n", wrap("image       " + image_text(graph), std::min(terminal_width(100), 110), 12));
}

}  // namespace sumi::cli
