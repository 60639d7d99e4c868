// Networks of the models that generate images from noise, and their layers.
#pragma once

#include <memory>
#include <string>

#include "engine/nn.h"
#include "models/networks/output_layer.h"
#include "models/objectives/info_codes.h"

namespace sumi {

// Number of class channels that a discriminator is conditioned on: the number of classes with
// --conditional, else 0.
int condition_channels(const TrainOptions& o);
// Length of a generator's input: noise, codes and class.
std::int64_t latent_size(const TrainOptions& o, const InfoCodes& codes = {});

// See models/dcgan.cpp.
std::unique_ptr<Sequential> dcgan_generator(const TrainOptions& o);
std::unique_ptr<Sequential> dcgan_discriminator(const TrainOptions& o);

// See models/classic.
std::unique_ptr<Sequential> dense_generator(const TrainOptions& o);
std::unique_ptr<Sequential> dense_discriminator(const TrainOptions& o);
std::unique_ptr<Sequential> reshape_generator(const TrainOptions& o);
std::unique_ptr<Sequential> reshape_discriminator(const TrainOptions& o);
std::unique_ptr<Sequential> conv5_generator(const TrainOptions& o);
std::unique_ptr<Sequential> conv5_discriminator(const TrainOptions& o);

// Layers of the course notes' networks: a dense layer, and a batch norm of the channels (or
// features) with o.bn_momentum and Keras's eps of 1e-3, or virtual batch norm instead. `flat_in`
// and `flat_out` are the image shapes that flattened features represent (TorchLayout).
LayerSpec dense_layer(int index, std::int64_t in, std::int64_t out, Unary act = Unary::identity,
                      double alpha = 0);
std::unique_ptr<Module> keras_batch_norm(const TrainOptions& o, const std::string& name,
                                         std::int64_t channels, Unary act, double alpha = 0,
                                         const Shape& flat = {1, 1, 1, 0});
// The options for a discriminator's keras_batch_norm: only the generator has virtual batch norm.
inline TrainOptions without_virtual_norm(TrainOptions o) {
  o.virtual_batch_norm = false;
  return o;
}

// Encoder of the variational autoencoder, image -> 2 nz values (mean and log-variance of the
// noise), and decoder, noise -> an image of logits (Kingma 2013). By `form`:
//   dense  flatten -> dense 400 ReLU -> dense 2 nz
//          dense 400 ReLU -> dense size*size*channels
//   conv   [conv 4x4 stride 2, ndf (2 ndf, ...) ReLU]... until a side is 4 to 7 -> dense 2 nz
//          dense ReLU -> transposed convolutions 4x4 stride 2 of width ..., 2 ngf, ngf
// dense at 28x28x1 and nz 20: 784-400-(20,20)-400-784.
std::unique_ptr<Sequential> vae_encoder(const TrainOptions& o);
std::unique_ptr<Sequential> vae_decoder(const TrainOptions& o);

// The autoencoder GAN of the course notes, called anime converter there; o.ngf and o.ndf are 128.
//   generator      z -> dense ngf*8*8, BN over the features, ReLU -> reshape to 8x8
//                  -> 5x5 transposed convolution stride 2 (no norm or activation in the listing)
//                  -> 5x5 convolution tanh -> 16x16; other even sizes accordingly
//   discriminator  3x3 convolution stride 2 to ndf, BN, LeakyReLU .2 -> flatten
//                  -> dense 1, a logit
//   converter      image -> z -> image of the same size, sides multiples of 4. The notes name
//                  encoder, z and decoder without layers. Ours are those of the other two:
//                  [3x3 convolution stride 2 to ngf, BN, LeakyReLU .2] twice
//                  -> 1x1 to nz, which is z, for every 4x4 pixels; 1x1 to ngf, BN, ReLU
//                  -> 5x5 transposed convolution stride 2, BN, ReLU
//                  -> the same without BN and ReLU -> 5x5 convolution tanh
std::unique_ptr<Sequential> autoencoder_generator(const TrainOptions& o);
std::unique_ptr<Sequential> autoencoder_discriminator(const TrainOptions& o);
std::unique_ptr<Sequential> autoencoder_converter(const TrainOptions& o);

}  // namespace sumi
