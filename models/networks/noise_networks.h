// Networks of the models that generate images from noise, and the parts that they are made of.
#pragma once

#include <memory>
#include <string>

#include "engine/nn.h"
#include "models/networks/output_layer.h"

namespace sumi {

// Channels of the class that a discriminator is conditioned on: the number of classes, with --conditional; else 0.
int condition_channels(const TrainOptions& o);
// Length of a generator's input: noise, codes and class.
std::int64_t latent_size(const TrainOptions& o);

// As described in models/dcgan.cpp.
std::unique_ptr<Sequential> dcgan_generator(const TrainOptions& o);
std::unique_ptr<Sequential> dcgan_discriminator(const TrainOptions& o);

// As described in models/classic.
std::unique_ptr<Sequential> dense_generator(const TrainOptions& o);
std::unique_ptr<Sequential> dense_discriminator(const TrainOptions& o);
std::unique_ptr<Sequential> reshape_generator(const TrainOptions& o);
std::unique_ptr<Sequential> reshape_discriminator(const TrainOptions& o);
std::unique_ptr<Sequential> conv5_generator(const TrainOptions& o);
std::unique_ptr<Sequential> conv5_discriminator(const TrainOptions& o);

// What the source texts' networks are made of: a dense layer, and a batch norm of the channels (or features) with
// o.bn_momentum and their eps of 1e-3, or in its place the virtual one. `flat_in` and `flat_out` are the pictures that features
// stand for (TorchLayout).
LayerSpec dense_layer(int index, std::int64_t in, std::int64_t out, Unary act = Unary::identity,
                      double alpha = 0);
std::unique_ptr<Module> keras_batch_norm(const TrainOptions& o, const std::string& name,
                                         std::int64_t channels, Unary act, double alpha = 0,
                                         const Shape& flat = {1, 1, 1, 0});
// The options of a discriminator's keras_batch_norm: virtual batch norm is the generator's.
inline TrainOptions without_virtual_norm(TrainOptions o) {
  o.virtual_batch_norm = false;
  return o;
}

// The variational autoencoder's encoder, picture -> 2 nz numbers (mean and log-variance of the noise), and decoder, noise ->
// a picture of logits (Kingma 2013). By `form`:
//   dense  flatten -> dense 400 ReLU -> dense 2 nz;  dense 400 ReLU -> dense size*size*channels
//   conv   [conv 4x4 stride 2, ndf (2 ndf, ...) ReLU]... until a side is 4 to 7 -> dense 2 nz;  dense ReLU -> the same
//          way back by transposed convolutions 4x4 stride 2, of width ..., 2 ngf, ngf
// dense at 28x28x1 and nz 20: 784-400-(20,20)-400-784.
std::unique_ptr<Sequential> vae_encoder(const TrainOptions& o);
std::unique_ptr<Sequential> vae_decoder(const TrainOptions& o);

// The autoencoder GAN of the source texts, their anime converter; o.ngf and o.ndf are 128 there.
//   generator      z -> dense ngf*8*8, BN over the features, ReLU -> 8x8 picture -> 5x5 transposed convolution stride 2 (the
//                  listing has neither norm nor activation behind it) -> 5x5 convolution tanh -> 16x16; other even sizes alike
//   discriminator  3x3 convolution stride 2 to ndf, BN, LeakyReLU .2 -> flatten, dense 1, a logit
//   converter      picture -> z -> picture of the same size, sides multiples of 4. The texts name encoder, z and decoder and
//                  list no layers. Ours are those of the other two: [3x3 convolution stride 2 to ngf, BN, LeakyReLU .2] twice
//                  -> 1x1 to nz, which is z, for every 4x4 pixels; 1x1 to ngf, BN, ReLU -> 5x5 transposed convolution stride
//                  2, BN, ReLU -> the same without BN and ReLU -> 5x5 convolution tanh
std::unique_ptr<Sequential> autoencoder_generator(const TrainOptions& o);
std::unique_ptr<Sequential> autoencoder_discriminator(const TrainOptions& o);
std::unique_ptr<Sequential> autoencoder_converter(const TrainOptions& o);

}  // namespace sumi
