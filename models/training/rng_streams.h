// The random streams derived from a run's seed (engine/random.h).
#pragma once

#include <cstdint>

namespace sumi {

// Purposes of random numbers.
enum class RngStream : std::uint8_t {
  init,          // initial weights of all networks, in the order in which the model lists them
  noise,         // of a generator's training
  dropout,       // of translation generators
  fixed_noise,   // of the sample sheets
  image_pool_a,  // of CycleGAN's discriminators
  image_pool_b,
  reference,          // noise of virtual batch norm's reference batch
  latent_centers,     // of a Gaussian mixture
  stylizer_examples,  // style, noise and exposure
  discriminator,      // noise, augmentation, penalties and labels of the first discriminator
  discriminator_b,    // of CycleGAN's second one
};

// The stream's number. Changing it changes the result of a seed. Purposes that never occur in one
// model share a number.
constexpr std::uint64_t stream_number(RngStream stream) {
  switch (stream) {
    case RngStream::init:
      return 1;
    case RngStream::noise:
    case RngStream::dropout:
      return 2;
    case RngStream::fixed_noise:
    case RngStream::image_pool_a:
      return 3;
    case RngStream::image_pool_b:
    case RngStream::reference:
      return 4;
    case RngStream::latent_centers:
      return 5;
    case RngStream::stylizer_examples:
      return 6;
    case RngStream::discriminator:
      return 16;
    case RngStream::discriminator_b:
      return 17;
  }
  return 0;
}

}  // namespace sumi
