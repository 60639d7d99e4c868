// A network as a model describes it, before memory is allocated.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/nn.h"
#include "models/options/options.h"

namespace sumi {

// A network of a model. `name` is used in traces, files and errors: "g_ab".
struct PlannedNetwork {
  std::string name;
  std::unique_ptr<Module> module;
  Shape input;                           // of one image or noise vector, n = 1
  std::optional<InitOptions> init = {};  // instead of --init-type and --init-gain
};

// The networks that `options` describe, with shapes but without memory. Throws Error for an
// impossible configuration.
std::vector<PlannedNetwork> plan_networks(const TrainOptions& options);

}  // namespace sumi
