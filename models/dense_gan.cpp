// The dense GAN: the first network of the source texts.
#include <fmt/format.h>

#include "models/networks.h"

namespace sumi {
namespace {

LayerSpec dense_layer(int index, std::int64_t in, std::int64_t out, Unary act) {
  LayerSpec s;
  s.linear = BlockOptions::Linear::dense;
  s.in = in;
  s.out = out;
  s.act = act;
  s.name = fmt::format("main.{}", index);
  return s;
}

}  // namespace

std::unique_ptr<Sequential> dense_generator(const NetOptions& o) {
  const Shape picture{1, o.size, o.size, o.channels};
  auto g = std::make_unique<Sequential>("g");
  g->add(dense_layer(0, o.nz, 256, Unary::relu), o.dtype, o.device);
  g->add(dense_layer(2, 256, 512, Unary::relu), o.dtype, o.device);
  g->add(dense_layer(4, 512, 1024, Unary::relu), o.dtype, o.device);
  LayerSpec last = dense_layer(6, 1024, picture.count(), Unary::tanh);
  last.flat_out = picture;
  g->add(last, o.dtype, o.device);
  g->add(std::make_unique<Reshape>(picture));
  return g;
}

std::unique_ptr<Sequential> dense_discriminator(const NetOptions& o) {
  const Shape picture{1, o.size, o.size, o.channels};
  auto d = std::make_unique<Sequential>("d");
  d->add(std::make_unique<Reshape>(Shape{1, 1, 1, 0}));
  LayerSpec first = dense_layer(0, picture.count(), 256, Unary::relu);
  first.flat_in = picture;
  d->add(first, o.dtype, o.device);
  d->add(dense_layer(2, 256, 1, Unary::identity), o.dtype, o.device);
  return d;
}

}  // namespace sumi
