// A network as a model describes it, before it has memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/nn.h"
#include "models/options/options.h"

namespace sumi {

// A network of a model. Its name is given here, and traces, files and errors use it: "g_ab".
struct PlannedNetwork {
  std::string name;
  std::unique_ptr<Module> module;
  Shape input;                           // of one image or noise vector, n = 1
  std::optional<InitOptions> init = {};  // instead of --init-type and --init-gain
};

// The networks that `options` describe, with shapes but without memory. Error for what is not possible.
std::vector<PlannedNetwork> plan_networks(const TrainOptions& options);

}  // namespace sumi
