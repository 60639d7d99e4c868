// Which stream of random numbers of a run's seed is for what (engine/random.h). Part of what a seed means: another number makes other
// runs. No model has two purposes of one number.
#pragma once

#include <cstdint>

namespace sumi {

enum Stream : std::uint64_t {
  kInit = 1,  // first weights of all networks, in the order in which the model makes them
  kNoise = 2,
  kDropout = 2,
  kFixedNoise = 3,  // of the sample sheets
  kPoolA = 3,
  kPoolB = 4,
  kReference = 4,  // noise of virtual batch norm's reference batch
  kCenters = 5,    // of a latent mixture of Gaussians
  kExamples = 6,   // of the stylizer: which style, noise and exposure
  kAdversary = 16,
  kAdversaryB = 17
};

}  // namespace sumi
