// The dense-reshape GAN of the course notes. Layer indices count linear maps, reshapes, norms and
// activations one each.
#include <fmt/format.h>

#include "models/gan.h"
#include "models/options/option_groups.h"

namespace sumi {
namespace {

constexpr std::int64_t kReshapedSide = 7;  // of the image that features are reshaped to

}  // namespace

std::unique_ptr<Module> keras_batch_norm(const TrainOptions& o, const std::string& name,
                                         std::int64_t channels, Unary act, double alpha, const Shape& flat) {
  BatchNorm::Spec s;
  s.name = name;
  s.channels = channels;
  s.eps = 1e-3;
  s.running_decay = o.bn_momentum;
  s.act = act;
  s.alpha = alpha;
  s.flat = flat;
  s.is_virtual = o.virtual_batch_norm;
  return std::make_unique<BatchNorm>(s, dtype_of(o), device_of(o));
}

// The dense-reshape GAN of the course notes; o.ngf is 128 and o.ndf 256 there.
//   g: z -> dense 7 7 ngf -> reshape to 7x7, BN, LeakyReLU .2
//      -> dense 2 ngf for each pixel, BN, LeakyReLU .2
//      -> flatten, dense size*size*channels tanh -> image
//   d: flatten -> dense ndf LeakyReLU .2 -> dense 1, a logit
// The listing applies a dense layer to a 7x7 image of 128 channels and reshapes the result to
// 7x7x256. `form` selects the interpretation: "pixel" applies it to each pixel (10,502,544
// parameters in g at 28x28x1), "flat" to all 6272 features at once (89,158,032).
std::unique_ptr<Sequential> reshape_generator(const TrainOptions& o) {
  const Shape small{1, kReshapedSide, kReshapedSide, o.ngf}, wide{1, kReshapedSide, kReshapedSide, 2 * o.ngf},
      flat{1, 1, 1, 0}, picture{1, o.size, o.size, o.channels};
  auto g = std::make_unique<Sequential>();
  LayerSpec first = dense_layer(0, latent_size(o), small.count());
  first.flat_out = small;
  g->add(first, dtype_of(o), device_of(o));
  g->add(std::make_unique<Reshape>(small));
  g->add(keras_batch_norm(o, "main.2", small.c, Unary::leaky_relu, 0.2));
  int index = 4;
  if (o.variant == "flat") {
    LayerSpec all = dense_layer(5, small.count(), wide.count());
    all.flat_in = small;
    all.flat_out = wide;
    g->add(std::make_unique<Reshape>(flat));
    g->add(all, dtype_of(o), device_of(o));
    g->add(std::make_unique<Reshape>(wide));
    index = 7;
  } else {
    LayerSpec pixel;
    pixel.in = small.c;
    pixel.out = wide.c;
    pixel.name = "main.4";
    g->add(pixel, dtype_of(o), device_of(o));
    index = 5;
  }
  g->add(keras_batch_norm(o, fmt::format("main.{}", index), wide.c, Unary::leaky_relu, 0.2));
  g->add(std::make_unique<Reshape>(flat));
  LayerSpec last = dense_layer(index + 3, wide.count(), picture.count(), Unary::tanh);
  last.flat_in = wide;
  last.flat_out = picture;
  g->add(last, dtype_of(o), device_of(o));
  g->add(std::make_unique<Reshape>(picture));
  return g;
}

std::unique_ptr<Sequential> reshape_discriminator(const TrainOptions& o) {
  const Shape picture{1, o.size, o.size, o.channels + condition_channels(o)};
  auto d = std::make_unique<Sequential>();
  d->add(std::make_unique<Reshape>(Shape{1, 1, 1, 0}));
  LayerSpec first = dense_layer(0, picture.count(), o.ndf, Unary::leaky_relu, 0.2);
  first.flat_in = picture;
  add_layer(*d, first, o);
  add_output_layer(*d, dense_layer(2, o.ndf, 1), o);
  return d;
}

// Rows in addition to those of the shared groups.
struct GanReshapeOptions {
  static void add_rows(OptionTable& t) {
    t.heading("Networks");
    t.add("variant", &TrainOptions::variant)
        .help("dense layer on a 7x7 image: pixel (the same for every pixel) or flat (one for all features)")
        .alias("--form")
        .choices({"pixel", "flat"});
  }
};

extern const ModelSpec reshape_gan_spec{
    .name = "gan-reshape",
    .summary = "dense GAN with reshapes and batch norm: small gray images from noise",
    .reference = "the course notes",
    .data = "a folder or zip file of images, or an idx.gz file",
    .requirements = {.labeled = is_conditional},
    .options = add_groups<NoiseGanOptions, VirtualBatchNormOptions, BatchNormOptions, GanReshapeOptions>,
    .set_defaults =
        [](TrainOptions& o) {
          o.size = 28;
          o.channels = 1;
          o.flip = false;
          o.variant = "pixel";
          o.ngf = 128;
          o.ndf = 256;
          o.bn_momentum = 0.8;
          o.init_type = "xavier-uniform";  // the default of the notes' framework
          o.init_gain = 1;
          o.batch_size = 16;
          o.beta1 = 0.9;
          o.label_smoothing = 0.1;
          o.epochs = 100;
        },
    .networks = gan_networks<reshape_generator, reshape_discriminator>,
    .make = make_gan,
};

}  // namespace sumi
