// Weights of the losses of the GANs that learn to draw like a cartoon (models/animegan.cpp).
#pragma once

#include "models/options/options.h"

namespace sumi {

// The losses' weights, by --style-preset and the options that override it.
struct LossWeights {
  double adversarial;                       // of both networks' losses
  double content, style, color, variation;  // in the generator's
  double real, fake, gray, smooth;          // in the discriminator's
  bool gray_smooth;                         // drawings with smoothed edges are shown in gray
};
LossWeights anime_weights(const TrainOptions& options);

// The published weights are for VGG19. With sumi's own features, what the options leave to the preset (-1) becomes what was
// found to balance with them; then anime_weights() says the same whatever file --feature-network names later.
void settle_anime_weights(TrainOptions& options);

}  // namespace sumi
