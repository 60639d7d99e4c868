// Loss weights of the anime GANs (models/animegan.cpp).
#pragma once

#include "models/options/options.h"

namespace sumi {

// Weights by --style-preset and the options that override it.
struct LossWeights {
  double adversarial;                       // for both networks
  double content, style, color, variation;  // in the generator's
  double real, fake, gray, smooth;          // in the discriminator's loss
  bool gray_smooth;                         // drawings with smoothed edges are converted to gray
};
LossWeights anime_weights(const TrainOptions& options);

// The published weights are for VGG19. With sumi's own features, replaces the weights that the
// options leave to the preset (-1) by values balanced for them. Afterwards anime_weights() gives
// the same result whatever file --feature-network names later.
void settle_anime_weights(TrainOptions& options);

}  // namespace sumi
