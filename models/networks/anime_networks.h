// Networks of the anime GANs: generators from photograph to drawing, and patch discriminators.
#pragma once

#include <memory>
#include <string>

#include "engine/nn.h"
#include "models/networks/output_layer.h"
#include "models/networks/translation_networks.h"

namespace sumi {

// The generator that o.net_g names, [n,h,w,3] in [-1,1] -> the same, and the constraints on its
// image sides.
std::unique_ptr<Module> anime_translator(const TrainOptions& o);
SideRule anime_side_rule(const TrainOptions& o);

// AnimeGANv2's small generator, a U-Net with additive skips. E(c) is a 3x3 convolution (or 7x7)
// with reflection padding and no bias, layer norm and leaky ReLU 0.2.
//   E(32, 7x7) = a; E(32, stride 2) E(64) = b; E(64, stride 2) E(128) = c;
//   E(64, stride 2) E(128)
//   4 x { E(32, 1x1) E(32) conv 1x1 128, added to the block's input }
//   bilinear to twice the size, E(128) + c, E(64); the same, E(64) + b, E(32);
//   the same, E(32) + a, E(32, 7x7)
//   conv 1x1 3, tanh
// h and w multiples of 8. 698,240 parameters.
std::unique_ptr<Module> anime_lite_generator(const TrainOptions& o);

// CartoonGAN's generator (Chen, Lai, Liu 2018), with the parameter names of its widespread PyTorch
// port; instance norm, zero padding, biases.
//   conv 7x7 64, norm, ReLU; twice: conv 3x3 stride 2 and conv 3x3, both to twice the channels,
//   norm, ReLU
//   n_blocks residual blocks: conv 3x3, norm, ReLU, conv 3x3, norm
//   twice: transposed conv 3x3 stride 2 and conv 3x3, both to half the channels, norm, ReLU;
//   conv 7x7 3, tanh
// With another o.upsample, a resize to twice the size and a conv 3x3 replace the transposed one
// under the same names. h and w multiples of 4. 11,120,195 parameters.
std::unique_ptr<Module> cartoon_generator(const TrainOptions& o);

// The discriminator that --net-d names: one logit for every 4x4 pixels. 3x3 convolutions with zero
// padding:
//   32 LReLU; stride 2 64 LReLU, 128 norm LReLU; stride 2 128 LReLU, 256 norm LReLU;
//   256 norm LReLU; 1
// animegan2: layer norm and no bias, 1,128,800 parameters; published with spectral norm in every
// layer (--spectral-norm). cartoongan: instance norm and biases, 1,128,385.
std::unique_ptr<Sequential> anime_discriminator(const TrainOptions& o);

}  // namespace sumi
