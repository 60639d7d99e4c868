// sumi's own feature network, for training and for inference.
#pragma once

#include <memory>

#include "engine/nn.h"

namespace sumi {

// The backbone of the classifier (models/classifier.cpp), after VGG (Simonyan 2014) with batch
// norm: 3x3 convolutions
//   conv1_1 conv1_2 of `width` channels, pool, conv2_1 conv2_2 of 2 width, pool,
//   conv3_1 conv3_2 of 4 width, pool, conv4_1 of 8 width
// each followed by BN and ReLU; 2x2 pools with stride 2; then the mean over height and width:
// [n,h,w,3] -> [n,1,1,8 width]. Layer relu2_1 follows conv2_1. 146,288 parameters at width 16.
std::unique_ptr<Sequential> feature_trunk(std::int64_t channels, std::int64_t width, DType dtype,
                                          const Device& device);

// One stage of the backbone: its name ("conv1_1"), and whether a pool precedes it.
struct TrunkStage {
  const char* name;
  bool pool_before;
  int widths;  // output channels, in widths
};
const std::vector<TrunkStage>& trunk_stages();

}  // namespace sumi
