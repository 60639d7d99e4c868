// Layers of discriminators, and what all networks take of the options.
#pragma once

#include "engine/nn.h"
#include "engine/runtime/device.h"
#include "models/options/options.h"

namespace sumi {

// Adds a layer of a discriminator, with spectral norm where the options ask for it.
void add_layer(Sequential& d, LayerSpec layer, const TrainOptions& o);
// Adds the last one, whose output are the logits. Minibatch discrimination comes before, where the options ask for it.
void add_output_layer(Sequential& d, LayerSpec layer, const TrainOptions& o);

inline Device device_of(const TrainOptions& o) {
  return parse_device(o.device);
}

}  // namespace sumi
