#include "tools/gate_attach.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/data/dataset.h"
#include "models/inference/gate.h"
#include "models/make_model.h"

namespace sumi::cli {
namespace {

std::array<std::string, 3> class_order(const GateArguments& args) {
  std::array<std::string, 3> order;
  std::size_t count = 0;
  for (std::size_t from = 0; from <= args.classes.size(); ++count) {
    const std::size_t to = std::min(args.classes.find(',', from), args.classes.size());
    if (count < 3) order[count] = args.classes.substr(from, to - from);
    from = to + 1;
  }
  if (count != 3 || std::count(order.begin(), order.end(), "") > 0)
    throw UsageError(
        command_name(args.app),
        fmt::format("--classes {} must be three names: domain A, domain B, other", args.classes));
  return order;
}

// The temperature for images in subfolders that are named as the classes.
double calibrated(const GateArguments& args, const GateWeights& weights) {
  DatasetSpec spec;
  spec.data = args.calibrate;
  spec.size = weights.size;
  spec.labels.source = LabelSource::folder;
  spec.classes.assign(weights.names.begin(), weights.names.end());
  spec.cache_dir = args.cache;
  const Dataset data = Dataset::open(
      spec,
      {.warn = [](const std::string& line) { fmt::print(stderr, "sumi: {}\n", line); }, .progress = {}});
  const Gate gate(weights);
  std::vector<std::array<double, 3>> logits;
  std::vector<std::size_t> labels;
  std::size_t right = 0;
  for (std::int64_t i = 0; i < data.count(); ++i) {
    Image8 square(weights.size, weights.size, 3);
    std::copy_n(data.item(i), square.data.size(), square.data.begin());
    logits.push_back(gate.logits({square})[0]);
    labels.push_back(static_cast<std::size_t>(data.label(i)));
    const auto& row = logits.back();
    right +=
        static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin()) == labels.back();
  }
  const double temperature = Gate::fit_temperature(logits, labels);
  if (!args.quiet)
    fmt::print("{} of {} calibration images right, temperature {:.3f}\n", right, labels.size(), temperature);
  return temperature;
}

}  // namespace

int run_attach(const GateArguments& args) {
  require_text(args.app, "--output", args.output, "-o takes the checkpoint to write");
  if (!args.inputs.empty() || args.json)
    throw UsageError(command_name(args.app), "--attach writes a checkpoint; leave out --input and --json");
  refuse_foreign_name(args.app, "-o", args.output);
  GateWeights weights = gate_of_classifier(args.attach, class_order(args));
  if (!args.calibrate.empty()) weights.temperature = calibrated(args, weights);
  attach_gate(resolve_checkpoint(args.model), weights, args.output);
  std::int64_t values = 0;
  for (const auto& [name, tensor] : weights.tensors) values += tensor.shape.count();
  if (!args.quiet) fmt::print("{}: a gate of {} values\n", args.output, with_commas(values));
  return 0;
}

}  // namespace sumi::cli
