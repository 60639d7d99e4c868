// What AnimeGAN's generators are built of.
#pragma once

#include <string>
#include <vector>

#include "engine/nn.h"

namespace sumi::anime {

struct Place {
  DType dtype;
  Device device;
};

// Convolution without bias, layer norm, leaky ReLU 0.2. `name`.1 is the convolution and `name`.2 the norm; .0 is the
// reflected border, which add_chain makes.
LayerSpec anime_layer(const std::string& name, std::int64_t in, std::int64_t out, int kernel, int stride = 1);

// The last layer: convolution 1x1 to three channels without bias, tanh.
LayerSpec drawing_layer(const std::string& name, std::int64_t in);

// The border that a convolution of this size needs: a stride of 2 takes one row below and one column to the right.
PadGeom border(int kernel, int stride);

// Adds the layers, each padding its result for the next in the same pass over it. What comes before them pads their input:
// an upsampling, or a layer of padding alone.
enum class Before : std::uint8_t { nothing, upsample };
void add_chain(Sequential& to, std::vector<LayerSpec> layers, const Place& place,
               Before before = Before::nothing);

}  // namespace sumi::anime
