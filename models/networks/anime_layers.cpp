#include "models/networks/anime_layers.h"

namespace sumi::anime {

PadGeom border(int kernel, int stride) {
  const int before = stride == 2 ? 0 : kernel / 2, after = stride == 2 ? 1 : kernel / 2;
  return {PadMode::reflect, before, after, before, after};
}

LayerSpec anime_layer(const std::string& name, std::int64_t in, std::int64_t out, int kernel, int stride) {
  LayerSpec s;
  s.in = in;
  s.out = out;
  s.kernel = kernel;
  s.stride = stride;
  s.bias = false;
  s.norm = LayerSpec::Norm::layer;
  s.act = Unary::leaky_relu;
  s.alpha = 0.2;
  s.name = name + ".1";
  s.norm_name = name + ".2";
  return s;
}

LayerSpec drawing_layer(const std::string& name, std::int64_t in) {
  LayerSpec s = anime_layer(name, in, 3, 1);
  s.norm = LayerSpec::Norm::none;
  s.act = Unary::tanh;
  s.name = name;
  return s;
}

void add_chain(Sequential& to, std::vector<LayerSpec> layers, const Place& place, Before before) {
  const auto wanted = [](const LayerSpec& s) { return border(s.kernel, s.stride); };
  const PadGeom first = wanted(layers.front());
  if (before == Before::upsample)
    to.add(std::make_unique<Upsample>(ResizeMode::bilinear, first));
  else if (first.any())
    to.add(std::make_unique<Pad>(first));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (i + 1 < layers.size()) layers[i].next_pad = wanted(layers[i + 1]);
    to.add(layers[i], place.dtype, place.device);
  }
}

}  // namespace sumi::anime
