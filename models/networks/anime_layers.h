// Layers of AnimeGAN's generators.
#pragma once

#include <string>
#include <vector>

#include "engine/nn.h"

namespace sumi::anime {

struct Place {
  DType dtype;
  Device device;
};

// Convolution without bias, layer norm, leaky ReLU 0.2. `name`.1 is the convolution and `name`.2
// the norm; .0 is the reflection padding, which add_chain makes.
LayerSpec anime_layer(const std::string& name, std::int64_t in, std::int64_t out, int kernel, int stride = 1);

// The last layer: convolution 1x1 to three channels without bias, tanh.
LayerSpec drawing_layer(const std::string& name, std::int64_t in);

// The padding that a convolution of this size needs; with stride 2, one row at the bottom and one
// column on the right.
PadGeom border(int kernel, int stride);

// Adds the layers. Each pads its result for the next one in the same pass. The module before them
// pads their input: an upsampling, or a padding layer.
enum class Before : std::uint8_t { nothing, upsample };
void add_chain(Sequential& to, std::vector<LayerSpec> layers, const Place& place,
               Before before = Before::nothing);

}  // namespace sumi::anime
