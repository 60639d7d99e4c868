// The networks of the GANs from noise to pictures.
#pragma once

#include <memory>
#include <string>

#include "engine/nn.h"

namespace sumi {

// What the networks need to know. `size` is height and width of the pictures.
struct NetOptions {
  int size = 64, channels = 3, nz = 100, ngf = 64, ndf = 64;
  DType dtype = DType::f32;
  Device device;
};

// The dense GAN of the source texts (after Goodfellow 2014):
//   g: z -> dense 256 ReLU -> 512 ReLU -> 1024 ReLU -> dense size*size*channels tanh -> picture
//   d: flatten -> dense 256 ReLU -> dense 1, a logit (the sigmoid is part of the loss)
// The listing reshapes the 1024 features to 7x7x128, which would be 6272; that line is dropped. 1,486,352
// parameters in g at 28x28x1 and nz 100.
std::unique_ptr<Sequential> dense_generator(const NetOptions& o);
std::unique_ptr<Sequential> dense_discriminator(const NetOptions& o);

// DCGAN (Radford 2015) as in the well-known 64x64 example; other sizes (16, 32, 128, 256) have fewer or more
// of the stride-2 layers. No biases; the first layer of d and the last of g have no norm.
//   g: z -> convT 4x4 (4x4 picture) BN ReLU -> [convT 4x4 stride 2 BN ReLU]... -> convT 4x4 stride 2 tanh
//   d: conv 4x4 stride 2 LeakyReLU .2 -> [conv 4x4 stride 2 BN LeakyReLU .2]... -> conv 4x4 -> 1 logit
// At 64: g 3,576,704 and d 2,765,568 parameters (nz 100, ngf = ndf = 64).
std::unique_ptr<Sequential> dcgan_generator(const NetOptions& o);
std::unique_ptr<Sequential> dcgan_discriminator(const NetOptions& o);

// Both networks of a model by its name ("gan", "dcgan"). Error for a size that the networks cannot have.
struct GanNetworks {
  std::unique_ptr<Sequential> g, d;
};
GanNetworks make_gan_networks(const std::string& model, const NetOptions& o);

}  // namespace sumi
