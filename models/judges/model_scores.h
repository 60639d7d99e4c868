// Rows of scores about translations, memorization and discriminators.
#pragma once

#include <vector>

#include "models/inference/exported.h"
#include "models/judges/memorization.h"
#include "models/judges/set_judge.h"

namespace sumi {

// Agreement of each translation with its input (SSIM, edges, perceptual distance, shift of color),
// and the style of the translations beside that of the target images: color contrast, flatness,
// line strength, checkerboard (models/judges/image_scores.h), means over the images. The inputs'
// own style is in the notes. Images i of `sources` and `results` belong together.
std::vector<Score> translation_scores(const ImageSet& sources, const ImageSet& results,
                                      const ImageSet& target, const FeatureNetwork& network,
                                      const Device& device);

// Mean absolute difference, in levels, of images of the target domain and their translations.
Score identity_score(const ImageSet& target, const ImageSet& translated);

std::vector<Score> memorization_scores(const Memorization& m);

// The discriminator's mean score of generated and real images, and of held-out ones if there are
// any: a gap between real and held-out images shows that it has overfit. Of a translation
// (`direction` "AtoB"), by DiscriminatorJudge on the results. Empty for a file without a
// discriminator that fits.
std::vector<Score> discriminator_scores(const OpenedModel& opened, const std::string& direction,
                                        const ImageSet& images, const ImageSet& real,
                                        const ImageSet& held_out, const ImageSet& sources);

// Inputs and translations beside each other: `pairs` of them, at even distances.
Image8 translation_sheet(const ImageSet& sources, const ImageSet& results, std::size_t pairs);

}  // namespace sumi
