// The generator of AnimeGAN, second version (Chen, Liu, Chen 2020): light enough for large
// photographs.
#pragma once

#include <memory>

#include "engine/nn.h"

namespace sumi {

// [n,h,w,3] in [-1,1] -> the same; h and w multiples of 4, at least 16. 2,143,552 parameters.
//   A  conv 7x7 32; conv 3x3 stride 2, 64; conv 3x3 64
//   B  conv 3x3 stride 2, 128; conv 3x3 128
//   C  conv 3x3 128; four inverted residual blocks (1x1 to twice the channels, depthwise 3x3,
//      1x1 to 256, added to the block's input where that has 256 channels); conv 3x3 128
//   D  bilinear upsampling to twice the size, two convs 3x3 128
//   E  the same with 64, then conv 7x7 32
//   out: conv 1x1 3, tanh
// Each convolution is followed by layer norm over h, w and c, and leaky ReLU 0.2, except the last
// one of a block and the output layer. Padding by reflection; only the depthwise layers have a
// bias. Parameter names are those of the PyTorch port of AnimeGANv2. `width` is the width of the
// second layer, even; the others scale with it.
std::unique_ptr<Module> anime_generator(DType dtype, const Device& device, std::int64_t width = 64);

}  // namespace sumi
