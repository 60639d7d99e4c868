// Image-to-image networks and patch discriminators. Parameter names are those of
// pytorch-CycleGAN-and-pix2pix.
#pragma once

#include <memory>
#include <string>

#include "engine/nn.h"
#include "models/networks/output_layer.h"

namespace sumi {

// --norm: batch, instance, or instance-affine, which has a scale and an offset for each channel.
// A model may also set none.
LayerSpec::Norm norm_of(const TrainOptions& o);

// After Johnson 2016, as in CycleGAN (Zhu 2017). [n,h,w,c] in [-1,1] -> the same; h and w multiples
// of 4.
//   pad 3, conv 7x7 ngf; conv 3x3 stride 2, twice
//   n_blocks residual blocks of two 3x3 convolutions
//   transposed conv 3x3 stride 2, twice (or upsampling, pad 1 and conv 3x3, which avoids
//   checkerboard artifacts)
//   pad 3, conv 7x7, tanh
// Padding by reflection except in the strided layers; each convolution but the last is followed by
// a norm and ReLU. 9 blocks, ngf 64, instance norm: 11,378,179 parameters; 6 blocks: 7,837,699.
std::unique_ptr<Module> resnet_generator(const TrainOptions& o);

// U-Net (Isola 2017): `downs` (7 or 8) convolutions 4x4 stride 2 down to a point and as many
// transposed ones up (or resize and conv 3x3, by --upsample); each level's input is concatenated
// with its output. h and w multiples of 2^downs. With batch norm, 8 and ngf 64: 54,413,955
// parameters.
std::unique_ptr<Module> unet_generator(const TrainOptions& o, int downs);

// The generator that o.net_g names, and the constraints on its image sides.
std::unique_ptr<Module> translation_generator(const TrainOptions& o);
struct SideRule {
  int multiple, smallest;
};
SideRule side_rule(const TrainOptions& o);
// Throws Error unless --crop-size follows the rule of the generator `name`.
void check_crop_size(const TrainOptions& options, const SideRule& rule, const std::string& name);
inline void check_translation(const TrainOptions& o) {
  check_crop_size(o, side_rule(o), o.net_g);
}

// PatchGAN: n_layers_d convolutions 4x4 stride 2, two of stride 1; one logit for each patch (70x70
// for 3 layers: 30x30 logits for a 256x256 image). 2,764,737 parameters with 3 layers, ndf 64,
// instance norm.
std::unique_ptr<Sequential> patch_discriminator(const TrainOptions& o);

}  // namespace sumi
