// Encoder and decoder of the variational autoencoder. Layer indices count linear maps, reshapes and
// activations one each.
#include <fmt/format.h>

#include "models/networks/noise_networks.h"
#include "models/networks/upsampling.h"

namespace sumi {
namespace {

using MapKind = BlockOptions::MapKind;

constexpr std::int64_t kHidden = 400;  // of the dense variant

// Number of times that a side is halved until it is 4 to 7.
int halvings(int size) {
  int count = 0, side = size;
  for (; side >= 8 && side % 2 == 0; side /= 2) ++count;
  if (count == 0 || side > 7)
    fail("--size",
         fmt::format("{} is not possible for the conv form of vae; use 4, 5, 6 or 7 times a power of 2, "
                     "such as 28, 32, 48 or 64",
                     size));
  return count;
}

LayerSpec strided(MapKind map, int index, std::int64_t in, std::int64_t out, Unary act) {
  LayerSpec s;
  s.map = map;
  s.in = in;
  s.out = out;
  s.kernel = 4;
  s.stride = 2;
  s.pad = 1;
  s.act = act;
  s.name = fmt::format("main.{}", index);
  return s;
}

}  // namespace

std::unique_ptr<Sequential> vae_encoder(const TrainOptions& o) {
  Shape features{1, o.size, o.size, o.channels};
  auto e = std::make_unique<Sequential>();
  int index = 0;
  if (o.variant == "conv") {
    const int steps = halvings(o.size);
    for (int i = 0; i < steps; ++i, index += 2) {
      const std::int64_t width = std::int64_t{o.ndf} << i;
      e->add(strided(MapKind::conv, index, features.c, width, Unary::relu), dtype_of(o), device_of(o));
      features = {1, features.h / 2, features.w / 2, width};
    }
    ++index;  // the flatten layer
  }
  e->add(std::make_unique<Reshape>(Shape{1, 1, 1, 0}));
  LayerSpec first = o.variant == "conv" ? dense_layer(index, features.count(), 2 * o.nz)
                                        : dense_layer(0, features.count(), kHidden, Unary::relu);
  first.flat_in = features;
  e->add(first, dtype_of(o), device_of(o));
  if (o.variant != "conv") e->add(dense_layer(2, kHidden, 2 * o.nz), dtype_of(o), device_of(o));
  return e;
}

std::unique_ptr<Sequential> vae_decoder(const TrainOptions& o) {
  const Shape picture{1, o.size, o.size, o.channels};
  auto g = std::make_unique<Sequential>();
  if (o.variant != "conv") {
    g->add(dense_layer(0, o.nz, kHidden, Unary::relu), dtype_of(o), device_of(o));
    LayerSpec last = dense_layer(2, kHidden, picture.count());
    last.flat_out = picture;
    g->add(last, dtype_of(o), device_of(o));
    g->add(std::make_unique<Reshape>(picture));
    return g;
  }
  const int steps = halvings(o.size);
  std::int64_t width = std::int64_t{o.ngf} << (steps - 1);
  const Shape small{1, o.size >> steps, o.size >> steps, width};
  LayerSpec first = dense_layer(0, o.nz, small.count(), Unary::relu);
  first.flat_out = small;
  g->add(first, dtype_of(o), device_of(o));
  g->add(std::make_unique<Reshape>(small));
  for (int i = 0; i < steps; ++i, width /= 2) {
    const bool last = i + 1 == steps;
    add_doubling(*g,
                 strided(MapKind::conv_transpose, 3 + 2 * i, width, last ? o.channels : width / 2,
                         last ? Unary::identity : Unary::relu),
                 {o.upsample, ".1"}, o);
  }
  return g;
}

}  // namespace sumi
