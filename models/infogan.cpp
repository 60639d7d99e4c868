// InfoGAN (Chen 2016): part of the noise becomes codes, and a head q learns to predict them from
// the images, so that each code acquires a visible meaning. Networks and defaults of the authors'
// MNIST experiment; SAME padding is 1 on each side.
//   g: z -> dense 1024 BN ReLU -> dense size/4 x size/4 x 128 BN ReLU
//      -> convT 4x4 stride 2, 64 BN ReLU -> convT 4x4 stride 2, tanh
//      (the authors use a sigmoid: their data lie in [0,1])
//   d: conv 4x4 stride 2, 64 LeakyReLU .01 -> conv 4x4 stride 2, 128 BN LeakyReLU
//      -> dense 1024 BN LeakyReLU -> dense 1
//   q: d's 1024 features -> dense 128 BN LeakyReLU -> dense categories + 2 continuous
// The widths are those of ngf = ndf = 64 and scale with them. At 28x28x1 with 62 noise values, 10
// categories and 2 continuous codes: g 6,652,481, d 6,559,169, q 133,262 parameters.
#include "models/infogan.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/gan.h"
#include "models/networks/upsampling.h"
#include "models/options/option_groups.h"
#include "models/planned_network.h"

namespace sumi {
namespace {

using MapKind = BlockOptions::MapKind;
using Norm = LayerSpec::Norm;

LayerSpec layer(MapKind map, std::int64_t in, std::int64_t out, int index, Norm norm, Unary act) {
  LayerSpec s;
  s.map = map;
  s.in = in;
  s.out = out;
  if (map != MapKind::dense) s.kernel = 4, s.stride = 2, s.pad = 1;
  s.norm = norm;
  s.act = act;
  s.alpha = act == Unary::leaky_relu ? 0.01 : 0;
  s.name = fmt::format("main.{}", index);
  s.norm_name = fmt::format("main.{}", index + 1);
  return s;
}

InfoCodes codes_of(const TrainOptions& o) {
  const auto& codes = o.group<InfoGanOptions>();
  return {codes.categories, codes.continuous};
}

std::unique_ptr<Sequential> generator(const TrainOptions& o) {
  auto g = std::make_unique<Sequential>();
  const std::int64_t features = 16 * std::int64_t{o.ngf};
  const Shape small{1, o.size / 4, o.size / 4, 2 * std::int64_t{o.ngf}};
  const Norm norm = o.virtual_batch_norm ? Norm::virtual_batch : Norm::batch;
  g->add(layer(MapKind::dense, latent_size(o, codes_of(o)), features, 0, norm, Unary::relu), dtype_of(o),
         device_of(o));
  LayerSpec picture = layer(MapKind::dense, features, small.count(), 3, norm, Unary::relu);
  picture.flat_out = small;
  g->add(picture, dtype_of(o), device_of(o));
  g->add(std::make_unique<Reshape>(small));
  const UpsampleOptions way{o.upsample, ".1"};
  const auto up = [&](std::int64_t in, std::int64_t out, int index, Norm kind, Unary act) {
    add_doubling(*g, layer(MapKind::conv_transpose, in, out, index, kind, act), way, o);
  };
  up(small.c, o.ngf, 6, norm, Unary::relu);
  up(o.ngf, o.channels, 9, Norm::none, Unary::tanh);
  return g;
}

std::unique_ptr<Sequential> discriminator(const TrainOptions& o) {
  auto d = std::make_unique<Sequential>();
  const std::int64_t judged = 16 * std::int64_t{o.ndf};
  const Shape small{1, o.size / 4, o.size / 4, 2 * std::int64_t{o.ndf}};
  const auto add = [&](const LayerSpec& s) { add_layer(*d, s, o); };
  add(layer(MapKind::conv, o.channels + condition_channels(o), o.ndf, 0, Norm::none, Unary::leaky_relu));
  add(layer(MapKind::conv, o.ndf, small.c, 2, Norm::batch, Unary::leaky_relu));
  d->add(std::make_unique<Reshape>(Shape{1, 1, 1, 0}));
  LayerSpec features = layer(MapKind::dense, small.count(), judged, 5, Norm::batch, Unary::leaky_relu);
  features.flat_in = small;
  add(features);
  add_output_layer(*d, layer(MapKind::dense, judged, 1, 8, Norm::none, Unary::identity), o);
  return d;
}

// Number of D's features before its last layer, which Q reads: 1024 at the width of the paper, plus
// those of minibatch discrimination.
std::int64_t head_features(const TrainOptions& o) {
  return 16 * std::int64_t{o.ndf} + o.minibatch_discrimination;
}

std::unique_ptr<Sequential> head(const TrainOptions& o, const InfoCodes& codes) {
  auto q = std::make_unique<Sequential>();
  const std::int64_t width = 2 * std::int64_t{o.ndf};
  q->add(layer(MapKind::dense, head_features(o), width, 0, Norm::batch, Unary::leaky_relu), dtype_of(o),
         device_of(o));
  q->add(layer(MapKind::dense, width, codes.head_width(), 3, Norm::none, Unary::identity), dtype_of(o),
         device_of(o));
  return q;
}

std::vector<PlannedNetwork> infogan_networks(const TrainOptions& o) {
  std::vector<PlannedNetwork> networks = gan_networks(o, generator(o), discriminator(o), codes_of(o));
  networks.push_back({"q", head(o, codes_of(o)), {1, 1, 1, head_features(o)}});
  return networks;
}

// The GAN of models/gan.h, with codes in the noise.
class InfoGan final : public Gan {
 public:
  explicit InfoGan(const TrainOptions& o) : Gan(o, codes_of(o)) {}
  SampleGrid samples() override;

 protected:
  // Q and D's layers learn to predict the codes from the images; G learns to show them.
  AuxiliaryLoss auxiliary_loss(Step& step, const Tensor& z) override;

 private:
  // Offset of the codes in G's input: after the noise, before the class.
  std::int64_t first_code(const Tensor& z) const { return z.shape().c - classes_ - codes_.width(); }
};

AuxiliaryLoss InfoGan::auxiliary_loss(Step& step, const Tensor& z) {
  const Tensor codes = slice(z, {0, 0, 0, first_code(z)}, Shape::matrix(z.shape().n, codes_.width()));
  return [this, &step, codes](const Tensor& q) {
    const Tensor lost = codes_.loss(q, codes);
    step.report("loss_info", lost);
    return affine(lost, options().group<InfoGanOptions>().lambda_info);
  };
}

// Effect of the codes: for each of five noise vectors a row of the categories; then for each
// continuous code five rows in which it goes from -2 to 2 (Chen 2016, figure 2).
SampleGrid InfoGan::samples() {
  const int columns = std::clamp(codes_.categories, 8, 16), rows = 5, width = codes_.width();
  const std::vector<float> fixed = fixed_noise_.to_vector<float>();
  const auto nz = static_cast<std::size_t>(fixed_noise_.shape().c);
  const auto first = static_cast<std::size_t>(first_code(fixed_noise_));
  std::vector<float> inputs;
  for (int sheet = codes_.categories > 0 ? 0 : 1; sheet <= codes_.continuous; ++sheet)
    for (int row = 0; row < rows; ++row)
      for (int column = 0; column < columns; ++column) {
        std::vector<float> z(
            fixed.begin() + static_cast<std::ptrdiff_t>(nz * static_cast<std::size_t>(row)),
            fixed.begin() + static_cast<std::ptrdiff_t>(nz * static_cast<std::size_t>(row + 1)));
        std::fill_n(z.begin() + static_cast<std::ptrdiff_t>(first), width, 0.f);
        if (codes_.categories > 0) {
          const int category = (sheet == 0 ? column : row) % codes_.categories;
          z[first + static_cast<std::size_t>(category)] = 1;
        }
        if (sheet > 0)
          z[first + static_cast<std::size_t>(codes_.categories + sheet - 1)] =
              -2 + 4 * static_cast<float>(column) / static_cast<float>(columns - 1);
        inputs.insert(inputs.end(), z.begin(), z.end());
      }
  const auto count = static_cast<std::int64_t>(inputs.size() / nz);
  const Tensor z = Tensor::from(inputs, Shape::matrix(count, fixed_noise_.shape().c), dtype(), device());
  return {{generate(z, false)}, columns};
}

void check_infogan(const TrainOptions& o) {
  if (codes_of(o).width() == 0)
    fail("--categories",
         "is 0, and so is --continuous: without codes use --categories 10, or the model dcgan");
  if (o.size % 4 != 0 || o.size < 8)
    fail("--size", fmt::format("{} is not possible for infogan; use a multiple of 4 from 8 on", o.size));
}

}  // namespace

void InfoGanOptions::add_rows(OptionTable& t) {
  t.heading("Networks");
  t.add("categories", &InfoGanOptions::categories)
      .help("number of values of the categorical code; 0: none")
      .range(0, 4096);
  t.add("continuous", &InfoGanOptions::continuous).help("number of continuous codes").range(0, 4096);
  t.heading("Training");
  t.add("lambda-info", &InfoGanOptions::lambda_info)
      .help("weight of the mutual-information loss")
      .range(0, 1e6);
}

extern const ModelSpec infogan_spec{
    .name = "infogan",
    .summary = "GAN whose codes become interpretable: kind, slant, width",
    .reference = "Chen 2016",
    .data = "a folder or zip file of images, or an idx.gz file",
    .requirements = {.labeled = is_conditional},  // the codes then describe variation within a class
    .options = add_groups<ConvGanOptions, InfoGanOptions>,
    .set_defaults =
        [](TrainOptions& o) {
          o.size = 28;
          o.channels = 1;
          o.flip = false;
          o.nz = 62;
          o.latent = "uniform";
          o.group<InfoGanOptions>() = {.categories = 10, .continuous = 2};
          o.batch_size = 128;
          o.epochs = 50;
          o.lr_g = 1e-3;
          o.lr_d = 2e-4;
        },
    .check = check_infogan,
    .networks = infogan_networks,
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> { return std::make_unique<InfoGan>(o); },
};

}  // namespace sumi
