// The networks of the models that draw pictures from noise.
#pragma once

#include <memory>
#include <string>

#include "engine/nn.h"
#include "models/networks/output_layer.h"

namespace sumi {

// What the networks need to know. `size` is height and width of the pictures, nz the length of all that g is given.
struct NetOptions {
  int size = 64, channels = 3, nz = 100, ngf = 64, ndf = 64;
  std::string variant;       // of the models that have several
  double bn_momentum = 0.9;  // of the source texts' batch norms
  DType dtype = DType::f32;
  Device device;
  bool virtual_norm = false;           // in the generator, in the place of batch norm
  std::string upsample = "transpose";  // --upsample: see models/networks/upsampling.h
  DiscriminatorLayerOptions d;
};
NetOptions net_options(const TrainOptions& options);

// How many features stand before the last layer of InfoGAN's d, which are what q reads: 1024 at the width of the paper, and
// those of minibatch discrimination.
inline std::int64_t head_features(const NetOptions& o) {
  return 16 * std::int64_t{o.ndf} + o.d.minibatch_kernels;
}

// The dense GAN of the source texts (after Goodfellow 2014):
//   g: z -> dense 4 ngf ReLU -> 8 ngf ReLU -> 16 ngf ReLU -> dense size*size*channels tanh -> picture
//   d: flatten -> dense 4 ndf ReLU -> dense 1, a logit (the sigmoid is part of the loss)
// With ngf = ndf = 64 they are the listing's 256, 512, 1024 and 256.
// The listing reshapes the 1024 features to 7x7x128, which would be 6272; that line is dropped. 1,486,352
// parameters in g at 28x28x1 and nz 100.
std::unique_ptr<Sequential> dense_generator(const NetOptions& o);
std::unique_ptr<Sequential> dense_discriminator(const NetOptions& o);

// What the source texts' networks are made of: a dense layer, and a batch norm of the channels (or features) with
// o.bn_momentum and their eps of 1e-3, or in its place the virtual one. `flat_in` and `flat_out` are the pictures that features
// stand for (TorchLayout).
LayerSpec dense_layer(int index, std::int64_t in, std::int64_t out, Unary act = Unary::identity,
                      double alpha = 0);
std::unique_ptr<Module> keras_batch_norm(const NetOptions& o, const std::string& name, std::int64_t channels,
                                         Unary act, double alpha = 0, const Shape& flat = {1, 1, 1, 0});
// For discriminators: --vbn is the generator's.
inline NetOptions without_virtual_norm(NetOptions o) {
  o.virtual_norm = false;
  return o;
}

// The dense-reshape GAN of the source texts; o.ngf is 128 and o.ndf 256 there.
//   g: z -> dense 7 7 ngf -> 7x7 picture, BN, LeakyReLU .2 -> dense 2 ngf of each pixel, BN, LeakyReLU .2 -> flatten,
//      dense size*size*channels tanh -> picture
//   d: flatten -> dense ndf LeakyReLU .2 -> dense 1, a logit
// The listing puts a dense layer on a 7x7 picture of 128 channels and reshapes what comes of it to 7x7x256. `form` says
// how that is read: "pixel" applies it to each pixel (10,502,544 parameters in g at 28x28x1), "flat" to all 6272 features
// at once (89,158,032).
std::unique_ptr<Sequential> reshape_generator(const NetOptions& o);
std::unique_ptr<Sequential> reshape_discriminator(const NetOptions& o);

// The 5x5-convolution GAN of the source texts; o.ngf and o.ndf are 128 there.
//   g: z -> dense 7 7 ngf ReLU, BN over the features, LeakyReLU .2 -> 7x7 picture -> 5x5 convolutions to 2 ngf, 4 ngf, 2
//      ngf, ngf, each BN, LeakyReLU .2 -> 5x5 convolution tanh
//   d: flatten -> dense ndf ReLU, BN, LeakyReLU .2 -> dense 1, a logit (the listing has a sigmoid, and another in its loss)
// The listing enlarges nothing, so what it draws is 7x7: size 7 is that. Size 28, the default, doubles the picture before
// the second and before the third convolution (o.upsample, by default nearest).
std::unique_ptr<Sequential> conv5_generator(const NetOptions& o);
std::unique_ptr<Sequential> conv5_discriminator(const NetOptions& o);

// The variational autoencoder's encoder, picture -> 2 nz numbers (mean and log-variance of the noise), and decoder, noise ->
// a picture of logits (Kingma 2013). By `form`:
//   dense  flatten -> dense 400 ReLU -> dense 2 nz;  dense 400 ReLU -> dense size*size*channels
//   conv   [conv 4x4 stride 2, ndf (2 ndf, ...) ReLU]... until a side is 4 to 7 -> dense 2 nz;  dense ReLU -> the same
//          way back by transposed convolutions 4x4 stride 2, of width ..., 2 ngf, ngf
// dense at 28x28x1 and nz 20: 784-400-(20,20)-400-784.
std::unique_ptr<Sequential> vae_encoder(const NetOptions& o);
std::unique_ptr<Sequential> vae_decoder(const NetOptions& o);

// The autoencoder GAN of the source texts, their anime converter; o.ngf and o.ndf are 128 there.
//   generator      z -> dense ngf*8*8, BN over the features, ReLU -> 8x8 picture -> 5x5 transposed convolution stride 2 (the
//                  listing has neither norm nor activation behind it) -> 5x5 convolution tanh -> 16x16; other even sizes alike
//   discriminator  3x3 convolution stride 2 to ndf, BN, LeakyReLU .2 -> flatten, dense 1, a logit
//   converter      picture -> z -> picture of the same size, sides multiples of 4. The texts name encoder, z and decoder and
//                  list no layers. Ours are those of the other two: [3x3 convolution stride 2 to ngf, BN, LeakyReLU .2] twice
//                  -> 1x1 to nz, which is z, for every 4x4 pixels; 1x1 to ngf, BN, ReLU -> 5x5 transposed convolution stride
//                  2, BN, ReLU -> the same without BN and ReLU -> 5x5 convolution tanh
std::unique_ptr<Sequential> autoencoder_generator(const NetOptions& o);
std::unique_ptr<Sequential> autoencoder_discriminator(const NetOptions& o);
std::unique_ptr<Sequential> autoencoder_converter(const NetOptions& o);

// DCGAN (Radford 2015) as in the well-known 64x64 example; other sizes (16, 32, 128, 256) have fewer or more
// of the stride-2 layers. No biases; the first layer of d and the last of g have no norm.
//   g: z -> convT 4x4 (4x4 picture) BN ReLU -> [convT 4x4 stride 2 BN ReLU]... -> convT 4x4 stride 2 tanh
//   d: conv 4x4 stride 2 LeakyReLU .2 -> [conv 4x4 stride 2 BN LeakyReLU .2]... -> conv 4x4 -> 1 logit
// At 64: g 3,576,704 and d 2,765,568 parameters (nz 100, ngf = ndf = 64).
std::unique_ptr<Sequential> dcgan_generator(const NetOptions& o);
std::unique_ptr<Sequential> dcgan_discriminator(const NetOptions& o);

}  // namespace sumi
