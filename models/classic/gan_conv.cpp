// The 5x5-convolution GAN of the course notes. Layer indices count linear maps, reshapes, norms,
// activations and upsampling one each.
#include <fmt/format.h>

#include "models/gan.h"
#include "models/networks/upsampling.h"
#include "models/options/option_groups.h"

namespace sumi {
namespace {

constexpr std::int64_t kSide = 7;  // of the image that the features are reshaped to

LayerSpec conv5(int index, std::int64_t in, std::int64_t out, Unary act) {
  LayerSpec s;
  s.in = in;
  s.out = out;
  s.kernel = 5;
  s.pad = 2;
  s.act = act;
  s.name = fmt::format("main.{}", index);
  return s;
}

}  // namespace

// The 5x5-convolution GAN of the course notes; o.ngf and o.ndf are 128 there.
//   g: z -> dense 7 7 ngf ReLU, BN over the features, LeakyReLU .2 -> reshape to 7x7
//      -> 5x5 convolutions to 2 ngf, 4 ngf, 2 ngf, ngf, each BN, LeakyReLU .2
//      -> 5x5 convolution tanh
//   d: flatten -> dense ndf ReLU, BN, LeakyReLU .2 -> dense 1, a logit
//      (the listing has a sigmoid here and another one in its loss)
// The listing does not upsample, so its images are 7x7: --size 7. At size 28, the default, the
// image is doubled before the second and the third convolution (o.upsample, by default nearest).
std::unique_ptr<Sequential> conv5_generator(const TrainOptions& o) {
  if (o.size != kSide && o.size != 4 * kSide)
    fail("--size", fmt::format("{} is not possible for gan-conv; use 28, or 7 as in the listing", o.size));
  const Shape small{1, kSide, kSide, o.ngf};
  auto g = std::make_unique<Sequential>();
  LayerSpec first = dense_layer(0, latent_size(o), small.count(), Unary::relu);
  first.flat_out = small;
  g->add(first, dtype_of(o), device_of(o));
  g->add(keras_batch_norm(o, "main.2", small.count(), Unary::leaky_relu, 0.2, small));
  g->add(std::make_unique<Reshape>(small));
  const UpsampleOptions way{o.upsample};
  int index = 5, number = 0;
  std::int64_t in = o.ngf;
  for (const std::int64_t times : {2, 4, 2, 1}) {
    ++number;
    const bool doubles = o.size != kSide && (number == 2 || number == 3);
    if (doubles && way.resizes()) ++index;
    LayerSpec s = conv5(index, in, times * o.ngf, Unary::identity);
    if (doubles) {
      s.stride = 2;
      s.output_padding = 1;
      add_doubling(*g, s, way, o);
    } else {
      g->add(s, dtype_of(o), device_of(o));
    }
    g->add(keras_batch_norm(o, fmt::format("main.{}", index + 1), times * o.ngf, Unary::leaky_relu, 0.2));
    index += 3;
    in = times * o.ngf;
  }
  g->add(conv5(index, in, o.channels, Unary::tanh), dtype_of(o), device_of(o));
  return g;
}

std::unique_ptr<Sequential> conv5_discriminator(const TrainOptions& o) {
  const Shape picture{1, o.size, o.size, o.channels + condition_channels(o)};
  auto d = std::make_unique<Sequential>();
  d->add(std::make_unique<Reshape>(Shape{1, 1, 1, 0}));
  LayerSpec first = dense_layer(0, picture.count(), o.ndf, Unary::relu);
  first.flat_in = picture;
  add_layer(*d, first, o);
  d->add(keras_batch_norm(without_virtual_norm(o), "main.2", o.ndf, Unary::leaky_relu, 0.2));
  add_output_layer(*d, dense_layer(4, o.ndf, 1), o);
  return d;
}

// Rows in addition to those of the shared groups.
struct GanConvOptions {
  static void add_rows(OptionTable& t) {
    t.at("upsample").not_with("--size 7", [](const TrainOptions& o) { return o.size != 7; });
  }
};

extern const ModelSpec conv5_gan_spec{
    .name = "gan-conv",
    .summary = "GAN with 5x5 convolutions: small gray images from noise",
    .reference = "the course notes",
    .data = "a folder or zip file of images, or an idx.gz file",
    .requirements = {.labeled = is_conditional},
    .options = add_groups<ConvGanOptions, BatchNormOptions, GanConvOptions>,
    .set_defaults =
        [](TrainOptions& o) {
          o.size = 28;
          o.channels = 1;
          o.flip = false;
          o.sample_with_replacement = true;
          o.ngf = o.ndf = 128;
          o.upsample = "nearest";
          o.bn_momentum = 0.99;
          o.init_type = "xavier-uniform";  // the default of the notes' framework
          o.init_gain = 1;
          o.lr = 1e-4;
          o.beta1 = 0.9;
          o.resample_noise = true;
          o.epochs = 100;
          o.save_every_epoch = true;
        },
    .networks = gan_networks<conv5_generator, conv5_discriminator>,
    .make = make_gan,
};

}  // namespace sumi
