// A DCGAN and a critic that are small enough for the reference device.
#pragma once

#include "engine/nn.h"

namespace sumi::networks {

using MapKind = BlockOptions::MapKind;
using Norm = LayerSpec::Norm;

inline LayerSpec layer(MapKind map, std::int64_t in, std::int64_t out, int kernel, int stride, int pad,
                       int place) {
  LayerSpec s;
  s.map = map;
  s.in = in;
  s.out = out;
  s.kernel = kernel;
  s.stride = stride;
  s.pad = pad;
  s.name = "main." + std::to_string(place);
  s.norm_name = "main." + std::to_string(place + 1);
  return s;
}

// [n,1,1,8] -> [n,16,16,3]
inline std::unique_ptr<Sequential> generator(DType dtype, const Device& device) {
  auto g = std::make_unique<Sequential>("g");
  const std::int64_t widths[] = {8, 16, 8, 3};
  for (int i = 0; i < 3; ++i) {
    LayerSpec s =
        layer(MapKind::conv_transpose, widths[i], widths[i + 1], 4, i == 0 ? 1 : 2, i == 0 ? 0 : 1, 3 * i);
    s.bias = false;
    s.norm = i < 2 ? Norm::batch : Norm::none;
    s.act = i < 2 ? Unary::relu : Unary::tanh;
    g->add(s, dtype, device);
  }
  return g;
}

// [n,16,16,3] -> [n,1,1,1]
inline std::unique_ptr<Sequential> discriminator(DType dtype, const Device& device) {
  auto d = std::make_unique<Sequential>("d");
  const std::int64_t widths[] = {3, 8, 16, 1};
  const int places[] = {0, 2, 5};
  for (int i = 0; i < 3; ++i) {
    LayerSpec s =
        layer(MapKind::conv, widths[i], widths[i + 1], 4, i == 2 ? 1 : 2, i == 2 ? 0 : 1, places[i]);
    s.bias = false;
    s.norm = i == 1 ? Norm::batch : Norm::none;
    s.act = i < 2 ? Unary::leaky_relu : Unary::identity;
    s.alpha = i < 2 ? 0.2 : 0;
    d->add(s, dtype, device);
  }
  return d;
}

// A WGAN-GP critic with layer norm: [n,8,8,2] -> [n,1,1,1]
inline std::unique_ptr<Sequential> critic(DType dtype, const Device& device) {
  auto d = std::make_unique<Sequential>("critic");
  LayerSpec a = layer(MapKind::conv, 2, 4, 4, 2, 1, 0);
  a.act = Unary::leaky_relu;
  a.alpha = 0.2;
  LayerSpec b = layer(MapKind::conv, 4, 6, 3, 2, 1, 2);
  b.norm = Norm::layer;
  b.act = Unary::leaky_relu;
  b.alpha = 0.2;
  LayerSpec c = layer(MapKind::dense, 24, 1, 1, 1, 0, 6);
  c.flat_in = {1, 2, 2, 6};
  d->add(a, dtype, device).add(b, dtype, device);
  d->add(std::make_unique<Reshape>(Shape{1, 1, 1, 0}));
  d->add(c, dtype, device);
  return d;
}

}  // namespace sumi::networks
