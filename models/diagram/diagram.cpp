#include "models/diagram/diagram.h"

#include <fmt/format.h>

#include "engine/error.h"
#include "models/planned_network.h"
#include "models/registry.h"

namespace sumi {

std::string sample_shape(const Shape& s) {
  return s.h == 1 && s.w == 1 ? std::to_string(s.c) : fmt::format("{}x{}x{}", s.h, s.w, s.c);
}

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string model_diagram(const TrainOptions& options, const DiagramPart& part) {
  DotGraph graph;
  if (part.step) add_step_diagram(graph, options);
  std::string known;
  bool found = !part.networks || part.network.empty();
  if (part.networks) {
    const std::vector<PlannedNetwork> networks = model_spec(options.model).networks(options);
    for (const PlannedNetwork& network : networks) {
      known += (known.empty() ? "" : ", ") + network.name;
      if (!part.network.empty() && part.network != network.name) continue;
      found = true;
      network.module->set_name(network.name);
      add_network_diagram(graph, *network.module, network.input);
    }
  }
  if (!found)
    fail("diagram",
         fmt::format("{} has no network '{}'; use one of: {}", options.model, part.network, known));
  return graph.text(options.model);
}

}  // namespace sumi
