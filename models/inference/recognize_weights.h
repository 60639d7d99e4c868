// Generators of other programs, recognized by the names and shapes of their tensors.
#pragma once

#include <optional>
#include <string>

#include "engine/serialize/weight_file.h"
#include "models/inference/weight_match.h"
#include "models/options/options.h"

namespace sumi {

struct RecognizedWeights {
  TrainOptions options;  // of a model with that generator
  std::string net;       // the network: "g"
  NameRule rule = NameRule::by_name;
  std::string text;  // "a resnet generator: 9 blocks, ngf 64, affine instance norm; as g of pix2pix"
};

// Chooses the part of the file (models/inference/weight_parts.h) that holds a generator, and
// returns its network:
//   resnet   of CycleGAN: 7x7 convolutions at both ends; blocks, ngf, norm (instance, affine or
//            batch), dropout by the numbers in names, transposed or resized upsampling
//   unet     of pix2pix: unet_128 and unet_256
//   dcgan    4x4 convolutions from 1x1: size, nz, ngf, transposed or resized upsampling
// Names are compared as in NameRule, first by_name. Bilinear and nearest resizing have the same
// weights: nearest is assumed. For anything else throws Error "[weights PATH] ..." saying what the
// file holds and what was expected.
RecognizedWeights recognize_weights(WeightFile& file, const std::string& path, const std::string& key);

}  // namespace sumi
