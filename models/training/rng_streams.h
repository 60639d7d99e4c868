// The streams of random numbers of a run's seed (engine/random.h).
#pragma once

#include <cstdint>

namespace sumi {

// What random numbers are for.
enum class RngStream : std::uint8_t {
  init,          // first weights of all networks, in the order in which the model lists them
  noise,         // of a generator's training
  dropout,       // of generators that translate
  fixed_noise,   // of the sample sheets
  image_pool_a,  // of CycleGAN's discriminators
  image_pool_b,
  reference,          // noise of virtual batch norm's reference batch
  latent_centers,     // of a mixture of Gaussians
  stylizer_examples,  // which style, noise and exposure
  discriminator,      // noise, augmentation, penalties and labels of the first one
  discriminator_b,    // of CycleGAN's second one
};

// The stream's number, which is part of what a seed means: another one makes other runs. Purposes that no model has
// together share one.
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
