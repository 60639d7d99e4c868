// What the discriminators of all models have in common, as networks.
#pragma once

#include "engine/nn.h"
#include "models/options/options.h"

namespace sumi {

// --sn and --minibatch-discrimination: how the layers of a discriminator are added to it.
struct DiscriminatorLayerOptions {
  bool spectral = false;
  int minibatch_kernels = 0;
  int condition = 0;  // channels that the condition adds to the pictures
};
DiscriminatorLayerOptions discriminator_options(const TrainOptions& options);
// Adds a layer, with a spectral norm where the options ask for it.
void add_layer(Sequential& d, LayerSpec layer, const DiscriminatorLayerOptions& o, DType dtype,
               const Device& device);
// Adds the last layer, which judges. Where the options ask for it, minibatch discrimination comes before.
void add_output_layer(Sequential& d, LayerSpec layer, const DiscriminatorLayerOptions& o, DType dtype,
                      const Device& device);

}  // namespace sumi
