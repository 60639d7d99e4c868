// The dense GAN: the first network of the course notes.
#include <fmt/format.h>

#include "models/gan.h"
#include "models/options/option_groups.h"

namespace sumi {
LayerSpec dense_layer(int index, std::int64_t in, std::int64_t out, Unary act, double alpha) {
  LayerSpec s;
  s.map = BlockOptions::MapKind::dense;
  s.in = in;
  s.out = out;
  s.act = act;
  s.alpha = alpha;
  s.name = fmt::format("main.{}", index);
  return s;
}

// The dense GAN of the course notes (after Goodfellow 2014):
//   g: z -> dense 4 ngf ReLU -> 8 ngf ReLU -> 16 ngf ReLU
//      -> dense size*size*channels tanh -> image
//   d: flatten -> dense 4 ndf ReLU -> dense 1, a logit (the sigmoid is part of the loss)
// With ngf = ndf = 64 these are the listing's 256, 512, 1024 and 256. The listing reshapes the 1024
// features to 7x7x128, which would need 6272; that line is dropped. 1,486,352 parameters in g at
// 28x28x1 and nz 100.
std::unique_ptr<Sequential> dense_generator(const TrainOptions& o) {
  const Shape picture{1, o.size, o.size, o.channels};
  auto g = std::make_unique<Sequential>();
  const std::int64_t width = 4 * std::int64_t{o.ngf};
  g->add(dense_layer(0, latent_size(o), width, Unary::relu), dtype_of(o), device_of(o));
  g->add(dense_layer(2, width, 2 * width, Unary::relu), dtype_of(o), device_of(o));
  g->add(dense_layer(4, 2 * width, 4 * width, Unary::relu), dtype_of(o), device_of(o));
  LayerSpec last = dense_layer(6, 4 * width, picture.count(), Unary::tanh);
  last.flat_out = picture;
  g->add(last, dtype_of(o), device_of(o));
  g->add(std::make_unique<Reshape>(picture));
  return g;
}

std::unique_ptr<Sequential> dense_discriminator(const TrainOptions& o) {
  const Shape picture{1, o.size, o.size, o.channels + condition_channels(o)};
  auto d = std::make_unique<Sequential>();
  d->add(std::make_unique<Reshape>(Shape{1, 1, 1, 0}));
  const std::int64_t width = 4 * std::int64_t{o.ndf};
  LayerSpec first = dense_layer(0, picture.count(), width, Unary::relu);
  first.flat_in = picture;
  add_layer(*d, first, o);
  add_output_layer(*d, dense_layer(2, width, 1, Unary::identity), o);
  return d;
}

extern const ModelSpec dense_gan_spec{
    .name = "gan",
    .summary = "dense GAN: small gray images from noise",
    .reference = "the course notes, after Goodfellow 2014",
    .data = "a folder or zip file of images, or an idx.gz file",
    .requirements = {.labeled = is_conditional},
    .options = add_groups<NoiseGanOptions>,
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
