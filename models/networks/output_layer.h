// Discriminator layers, and parameters that all networks take from the options.
#pragma once

#include "engine/nn.h"
#include "engine/runtime/device.h"
#include "models/options/options.h"

namespace sumi {

// `layer` with spectral norm if the options ask for it: for discriminators with skip connections.
LayerSpec discriminator_layer(LayerSpec layer, const TrainOptions& o);
// Adds such a layer to a discriminator that is a list of layers.
void add_layer(Sequential& d, const LayerSpec& layer, const TrainOptions& o);
// Adds the last layer, whose outputs are the logits, preceded by minibatch discrimination if the
// options ask for it.
void add_output_layer(Sequential& d, LayerSpec layer, const TrainOptions& o);

inline Device device_of(const TrainOptions& o) {
  return parse_device(o.device);
}

}  // namespace sumi
