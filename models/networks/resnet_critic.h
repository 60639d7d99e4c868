// The residual networks of WGAN-GP (Gulrajani 2017), for the sizes of base_size.h from two
// doublings on, which start at its smallest map.
#pragma once

#include <memory>

#include "models/networks/noise_networks.h"

namespace sumi {

// z -> dense 4x4x8ngf; residual blocks that double the size, to 8, 4, 2 and 1 ngf at 64 (other
// sizes repeat or omit the widest); batch norm, ReLU, conv 3x3, tanh. 8,540,483 parameters at 64
// with nz 128, ngf 64.
std::unique_ptr<Sequential> resnet_gan_generator(const TrainOptions& o);
// conv 3x3 ndf; residual blocks that halve the size, to 2, 4, 8 and 8 ndf at 64, with layer norm,
// because batch norm would make a sample's gradient penalty depend on the others; dense 1.
// 7,491,841 parameters at 64 with ndf 64.
std::unique_ptr<Sequential> resnet_gan_critic(const TrainOptions& o);

}  // namespace sumi
