#include "models/planned_network.h"

#include "models/registry.h"

namespace sumi {

std::vector<PlannedNetwork> plan_networks(const TrainOptions& o) {
  const MetaDevice plan_only;
  std::vector<PlannedNetwork> planned = model_spec(o.model).networks(o);
  for (const PlannedNetwork& network : planned) network.module->set_name(network.name);
  return planned;
}

}  // namespace sumi
