// AnimeGANv2 (Chen, Liu, Chen 2020) and, with its own networks and weights, CartoonGAN (Chen, Lai,
// Liu 2018): GANs that learn a cartoon style from unpaired photographs and drawings.
#include <fmt/format.h>

#include <optional>

#include "engine/runtime/device.h"
#include "models/anime_options.h"
#include "models/inference/feature_network.h"
#include "models/inference/load_features.h"
#include "models/networks/anime_networks.h"
#include "models/objectives/style_weights.h"
#include "models/options/option_groups.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/training/rng_streams.h"
#include "models/translation_model.h"

namespace sumi {
namespace {

// For photographs a, drawings b and drawings with smoothed edges e. G stylizes a; D separates
// drawings from everything else. With l the GAN loss, f the features of the frozen network that
// --feature-network names, Gram matrices divided by h w c, and gray(.) the luma repeated three
// times:
//   warm-up, the first --init-epochs: G alone, by content |f(G(a)) - f(a)|, at the rate --init-lr
//   then D:  adversarial (real l(D(b), real) + fake l(D(G(a)), fake)
//                         + gray l(D(gray(b)), fake) + smooth l(D(gray(e)), fake))
//   and G:   adversarial l(D(G(a)), real) + content |f(G(a)) - f(a)|
//            + style |Gram(f(G(a))) - Gram(f(gray(b)))|
//            + color color_loss(G(a), a) + variation total_variation(G(a))
// |.| is a mean over all elements. Each step updates D first, with the same G(a). Adam's moments
// from the warm-up are kept.
class AnimeGan final : public TranslationModel {
 public:
  explicit AnimeGan(const TrainOptions& o);

  void set_sample_images(const std::vector<std::vector<Tensor>>& images) override;
  double warm_up_epochs() const override { return options().group<AnimeOptions>().init_epochs; }

 protected:
  void begin_step(const Step::Kind& kind) override;
  void train_step(Step& step) override;

 private:
  DiscriminatorInputs discriminator_inputs(MicroBatch& batch, const Tensor& fake) const;
  void add_feature_losses(Losses& loss, MicroBatch& batch, const Tensor& fake, bool warm_up) const;
  Tensor gray(const Tensor& images) const { return conv2d(images, luma_, {}, {}); }
  void load_feature_network();
  // Feature maps before their ReLU: for the content loss and for the Gram matrix.
  struct Maps {
    Tensor content, style;
  };
  Maps features(const Tensor& images) const;

  Module& g_;
  TrainableNetworks& generator_;
  DiscriminatorTrainer& d_;
  LossWeights weights_;
  std::optional<FeatureNetwork> features_;  // loaded when training begins; translation does not use it
  Tensor luma_;                             // [3,1,1,3]
};

AnimeGan::AnimeGan(const TrainOptions& o)
    : TranslationModel(o, {{"AtoB", "g"}}, anime_side_rule(o)),
      g_(network("g")),
      generator_(generators({"g"}, generator_rate(o))),
      d_(discriminator("d", RngStream::discriminator)),
      weights_(anime_weights(o)) {
  std::vector<double> luma;
  for (int row = 0; row < 3; ++row) luma.insert(luma.end(), {0.299, 0.587, 0.114});
  luma_ = Tensor::from(luma, {3, 1, 1, 3}, dtype(), device());
}

void AnimeGan::begin_step(const Step::Kind& kind) {
  load_feature_network();
  if (kind.warm_up) generator_.set_lr(options().group<AnimeOptions>().init_lr);
}

void AnimeGan::train_step(Step& step) {
  const auto fake_b = [&](MicroBatch& batch) {
    batch["real_a"] = batch.input(0);
    batch["real_b"] = batch.input(1);
    batch["smooth_b"] = batch.input(2);
    return batch.generate("fake_b", [&] { return g_(batch["real_a"]); });
  };
  if (step.warm_up())
    step.skip(d_);
  else
    step.train(d_, [&](MicroBatch& batch) { return discriminator_inputs(batch, fake_b(batch)); });
  step.minimize(generator_, [&](MicroBatch& batch, Losses& loss) {
    const Tensor fake = fake_b(batch);
    const bool warm_up = step.warm_up();
    add_feature_losses(loss, batch, fake, warm_up);
    loss.add("loss_color", warm_up ? 0 : weights_.color, [&] { return color_loss(fake, batch["real_a"]); });
    loss.add("loss_tv", warm_up ? 0 : weights_.variation, [&] { return total_variation(fake); });
    loss.add("loss_g", warm_up ? 0 : weights_.adversarial,
             [&] { return d_.generator_loss(fake, batch["real_b"]); });
  });
}

DiscriminatorInputs AnimeGan::discriminator_inputs(MicroBatch& batch, const Tensor& fake) const {
  const NoGrad no_grad;
  const double all = weights_.adversarial;
  const Tensor drawings = batch["real_b"], smooth = batch["smooth_b"];
  DiscriminatorInputs inputs{{drawings, true, all * weights_.real}, {fake, false, all * weights_.fake}};
  if (weights_.gray > 0) inputs.push_back({gray(drawings), false, all * weights_.gray});
  if (weights_.smooth > 0)
    inputs.push_back({weights_.gray_smooth ? gray(smooth) : smooth, false, all * weights_.smooth});
  return inputs;
}

void AnimeGan::add_feature_losses(Losses& loss, MicroBatch& batch, const Tensor& fake, bool warm_up) const {
  const double style_weight = warm_up ? 0 : weights_.style;
  Tensor content, style;
  Maps drawn;
  if (weights_.content > 0 || style_weight > 0) {
    {
      const NoGrad no_grad;
      if (weights_.content > 0) content = features(batch["real_a"]).content;
      if (style_weight > 0) style = gram_matrix(features(gray(batch["real_b"])).style);
    }
    drawn = features(fake);
  }
  loss.add("loss_content", weights_.content, [&] { return loss_mean(Loss::l1, drawn.content, content); });
  loss.add("loss_style", style_weight, [&] { return loss_mean(Loss::l1, gram_matrix(drawn.style), style); });
}

void AnimeGan::load_feature_network() {
  if (!features_ && (weights_.content > 0 || weights_.style > 0))
    features_ = load_features(options().group<AnimeOptions>().feature_network, activations_of(options()),
                              device(), VggInput::caffe);
}

// VGG19: the layers of the published weights. sumi's own network: content at half of the image's
// side, because the deeper layers of a small classifier discard position and color; style from the
// deepest layer.
AnimeGan::Maps AnimeGan::features(const Tensor& images) const {
  const bool vgg = features_->name() == "vgg19";
  const std::vector<Tensor> maps =
      (*features_)(images, {vgg ? "conv4_4" : "conv2_2", vgg ? "conv4_4" : "conv4_1"});
  return {maps[0], maps[1]};
}

void AnimeGan::set_sample_images(const std::vector<std::vector<Tensor>>& images) {
  TranslationModel::set_sample_images({images.at(0)});
  load_feature_network();  // a damaged file is reported before the first step
}

void check_animegan(const TrainOptions& o) {
  const LossWeights w = anime_weights(o);
  if (o.group<AnimeOptions>().init_epochs > 0 && w.content == 0)
    fail("--init-epochs",
         "warms up by the content loss, which --lambda-content 0 switches off; add --init-epochs 0");
  if (o.channels != 3)
    fail("--channels", fmt::format("{}: {} generates color images; leave it out", o.channels, o.model));
  for (const auto& [name, width] : {std::pair{"--ngf", o.ngf}, {"--ndf", o.ndf}})
    if (width % 2 != 0) fail(name, fmt::format("{} must be even", width));
  check_crop_size(o, anime_side_rule(o), o.net_g);
}

std::vector<PlannedNetwork> anime_networks(const TrainOptions& o) {
  const Shape image{1, o.crop_size, o.crop_size, 3};
  std::vector<PlannedNetwork> networks;
  networks.push_back({"g", anime_translator(o), image});
  // Initialized as published for both models; --init-type and --init-gain apply to the generator.
  networks.push_back({"d", anime_discriminator(o), image, InitOptions{"normal", 0.02}});
  return networks;
}

std::unique_ptr<Model> make_animegan(const TrainOptions& o) {
  return std::make_unique<AnimeGan>(o);
}

}  // namespace

extern const ModelSpec animegan_spec{
    .name = "animegan",
    .summary = "photographs to anime style, from unpaired images",
    .reference = "AnimeGANv2, Chen 2020",
    .data = "a folder of photographs and one of drawings in one style",
    .requirements = {.domains = 2, .smooth_edges = true},
    .options = add_groups<TranslationGanOptions, AnimeOptions>,
    .set_defaults =
        [](TrainOptions& o) {
          o.net_g = o.group<AnimeOptions>().net_d = "animegan2";
          o.batch_size = 12;
          o.epochs = 101;
          o.lr_g = 2e-5;
          o.lr_d = 4e-5;
          o.gan_mode = "lsgan";
          o.spectral_norm = true;
          o.init_type = "kaiming";
          o.init_gain = 1;
          o.load_size = o.crop_size = 256;
        },
    .check = check_animegan,
    .settle = settle_anime_weights,
    .networks = anime_networks,
    .make = make_animegan,
};

extern const ModelSpec cartoongan_spec{
    .name = "cartoongan",
    .summary = "photographs to cartoon style, from unpaired images",
    .reference = "CartoonGAN, Chen 2018",
    .data = "a folder of photographs and one of drawings in one style",
    .requirements = {.domains = 2, .smooth_edges = true},
    .options = add_groups<TranslationGanOptions, AnimeOptions>,
    .set_defaults =
        [](TrainOptions& o) {
          auto& own = o.group<AnimeOptions>();
          o.net_g = own.net_d = own.style_preset = "cartoongan";
          o.batch_size = 8;
          o.epochs = o.epochs_decay = 50;
          o.lr = 2e-4;
          o.lr_policy = "two-steps";  // published: a tenth after 50, and again after 75
          o.gan_mode = "vanilla";
          o.load_size = o.crop_size = 256;
        },
    .check = check_animegan,
    .settle = settle_anime_weights,
    .networks = anime_networks,
    .make = make_animegan,
};

}  // namespace sumi
