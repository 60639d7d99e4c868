#include "models/photo_converter.h"

#include <fmt/format.h>

#include "models/gan.h"
#include "models/networks/translation_networks.h"
#include "models/training/rng_streams.h"

namespace sumi {
namespace {

// Streams of random numbers; a number once used keeps its meaning, so that old runs resume alike.
constexpr SideRule kConverterSides{4, 8};

bool converts(const TrainOptions& o) {
  return o.variant == "converter";
}

// The discriminator looks at the crops of training.
NetOptions converter_options(const TrainOptions& o) {
  NetOptions net = without_virtual_norm(net_options(o));
  net.size = o.crop_size;
  return net;
}

}  // namespace

AutoencoderConverter::AutoencoderConverter(const TrainOptions& o)
    : Model(o),
      options_(o),
      net_(converter_options(o)),
      g_(autoencoder_converter(net_)),
      lambda_(o.lambda_autoencoder) {
  std::unique_ptr<Sequential> d = autoencoder_discriminator(net_);
  RandomStream init(o.seed, kInit);
  initialize(*g_, {o.init_type, o.init_gain}, init);
  initialize(*d, {o.init_type, o.init_gain}, init);
  g_trained_ = std::make_unique<TrainableNetworks>(
      std::vector<std::pair<std::string, Module*>>{{"g", g_.get()}}, o, true);
  d_ = std::make_unique<DiscriminatorTrainer>(o, "d", std::move(d), kAdversary);
  register_trainable(*g_trained_, generator_rate(o));
  register_trainable(*d_);
}

std::vector<Model::Network> AutoencoderConverter::networks() {
  const Shape picture{1, net_.size, net_.size, net_.channels};
  return {{"g", g_.get(), picture}, {"d", &d_->network(), picture}};
}

std::vector<Stat> AutoencoderConverter::run_step(const std::vector<Tensor>& real) {
  const TranslatorStep step = translator_step(
      options_, real, {*g_, *g_trained_, *d_},
      [](const TranslatorBatch& b) {
        return std::vector<DiscriminatorTrainer::DiscriminatorInput>{{b.domains[1], true}, {b.drawn, false}};
      },
      [this](const TranslatorBatch& b) {
        return std::vector<Tensor>{d_->generator_loss(b.drawn, b.domains[1]),
                                   affine(loss_mean(Loss::l1, b.drawn, b.domains[0]), lambda_)};
      });
  last_ = step.last;
  const NoGrad no_grad;
  return {{"loss_d", step.judged.loss},
          {"loss_g", step.losses[0]},
          {"loss_autoencoder", step.losses[1]},
          {"d_real", d_->loss().mean_score(step.judged.real_logits)},
          {"d_fake", d_->loss().mean_score(step.judged.fake_logits)}};
}

std::vector<std::pair<std::string, Tensor>> AutoencoderConverter::debug_tensors() const {
  return {{"real_a", last_.domains[0]}, {"real_b", last_.domains[1]}, {"fake", last_.drawn}};
}

void AutoencoderConverter::set_sample_images(const std::vector<std::vector<Tensor>>& pictures) {
  sample_pictures_ = pictures;
}

SampleGrid AutoencoderConverter::samples() {
  if (sample_pictures_.empty()) return {};
  SampleGrid sheet{sample_pictures_.at(0), static_cast<int>(sample_pictures_[0].size())};
  for (const Tensor& photo : sample_pictures_[0]) sheet.pictures.push_back(translate(photo, "AtoB", false));
  sheet.pictures.insert(sheet.pictures.end(), sample_pictures_.at(1).begin(), sample_pictures_[1].end());
  return sheet;
}

Model::Translator AutoencoderConverter::translator(const std::string& direction) const {
  if (direction != "AtoB") fail("--direction", fmt::format("unknown '{}'; use AtoB", direction));
  return {"g", g_.get(), kConverterSides.multiple, kConverterSides.smallest};
}

Tensor AutoencoderConverter::translate(const Tensor& pictures, const std::string& direction, bool raw) {
  translator(direction);  // checks the name
  return g_trained_->infer(*g_, pictures, !raw);
}

namespace {

void check_autoencoder(const TrainOptions& o) {
  if (o.variant != "noise" && o.variant != "converter")
    fail("--form", fmt::format("unknown '{}'; use one of: noise, converter", o.variant));
  if (!converts(o)) return;
  if (o.conditional)
    fail("--conditional", "is of --form noise: a converter draws what its photographs show; leave it out");
  if (!pictures_have_one_size(o))
    fail("--preprocess",
         "must cut squares, because the discriminator takes one size; use resize_and_crop or crop");
  check_crop_size(o, kConverterSides, o.model);
}

std::vector<PlannedNetwork> plan_autoencoder(const TrainOptions& o) {
  if (!converts(o)) return plan_gan<autoencoder_generator, autoencoder_discriminator>(o);
  const NetOptions net = converter_options(o);
  const Shape picture{1, net.size, net.size, net.channels};
  std::vector<PlannedNetwork> planned;
  planned.push_back({"g", autoencoder_converter(net), picture});
  planned[0].redraw = 1;
  planned.push_back({"d", autoencoder_discriminator(net), picture, 8, 1, 6});
  return planned;
}

}  // namespace

const ModelSpec autoencoder_gan_spec{
    .name = "autoencoder-gan",
    .summary = "the texts' anime converter: pictures from noise, or photographs redrawn (--form converter)",
    .reference = "the source texts",
    .data = "a folder of pictures; as a converter two folders, which need not match",
    .translates = converts,
    .labeled = is_conditional,
    .set_defaults =
        [](TrainOptions& o) {
          o.variant = "noise";
          o.size = 16;
          o.load_size = 72;
          o.crop_size = 64;
          o.ngf = o.ndf = 128;
          o.bn_momentum = 0.99;
          o.init_type = "xavier-uniform";  // what their library does unless told otherwise
          o.init_gain = 1;
          o.epochs = 100;
        },
    .check = check_autoencoder,
    .networks = plan_autoencoder,
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> {
      if (converts(o)) return std::make_unique<AutoencoderConverter>(o);
      return make_gan<autoencoder_generator, autoencoder_discriminator>(o);
    },
};

}  // namespace sumi
