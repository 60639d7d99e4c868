// The dense GAN: the first network of the source texts.
#include <fmt/format.h>

#include "models/gan.h"

namespace sumi {
LayerSpec dense_layer(int index, std::int64_t in, std::int64_t out, Unary act, double alpha) {
  LayerSpec s;
  s.linear = BlockOptions::Linear::dense;
  s.in = in;
  s.out = out;
  s.act = act;
  s.alpha = alpha;
  s.name = fmt::format("main.{}", index);
  return s;
}

std::unique_ptr<Sequential> dense_generator(const NetOptions& o) {
  const Shape picture{1, o.size, o.size, o.channels};
  auto g = std::make_unique<Sequential>("g");
  const std::int64_t width = 4 * std::int64_t{o.ngf};
  g->add(dense_layer(0, o.nz, width, Unary::relu), o.dtype, o.device);
  g->add(dense_layer(2, width, 2 * width, Unary::relu), o.dtype, o.device);
  g->add(dense_layer(4, 2 * width, 4 * width, Unary::relu), o.dtype, o.device);
  LayerSpec last = dense_layer(6, 4 * width, picture.count(), Unary::tanh);
  last.flat_out = picture;
  g->add(last, o.dtype, o.device);
  g->add(std::make_unique<Reshape>(picture));
  return g;
}

std::unique_ptr<Sequential> dense_discriminator(const NetOptions& o) {
  const Shape picture{1, o.size, o.size, o.channels + o.d.condition};
  auto d = std::make_unique<Sequential>("d");
  d->add(std::make_unique<Reshape>(Shape{1, 1, 1, 0}));
  const std::int64_t width = 4 * std::int64_t{o.ndf};
  LayerSpec first = dense_layer(0, picture.count(), width, Unary::relu);
  first.flat_in = picture;
  add_layer(*d, first, o.d, o.dtype, o.device);
  add_output_layer(*d, dense_layer(2, width, 1, Unary::identity), o.d, o.dtype, o.device);
  return d;
}

const ModelSpec dense_gan_spec{
    .name = "gan",
    .summary = "dense GAN: small gray pictures from noise",
    .reference = "the source texts, after Goodfellow 2014",
    .data = "a folder of pictures, or an idx.gz file",
    .labeled = is_conditional,
    .set_defaults =
        [](TrainOptions& o) {
          o.size = 28;
          o.channels = 1;
          o.flip = false;
          o.beta1 = 0.9;
          o.epochs = 100;
        },
    .networks = gan_networks<dense_generator, dense_discriminator>,
    .make = make_gan,
};

}  // namespace sumi
