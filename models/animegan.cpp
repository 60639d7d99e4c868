#include "models/animegan.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/runtime/device.h"
#include "models/registry.h"
#include "models/training/rng_streams.h"
#include "models/training/translator_step.h"

namespace sumi {
namespace {

// Streams of random numbers; a number once used keeps its meaning, so that old runs resume alike.
// The discriminator's own, as published for both models; --init-type and --init-gain are the generator's.
const InitOptions kInitD{"normal", 0.02};

struct Preset {
  const char* name;
  LossWeights weights;
};
// Weights as published: of AnimeGANv2 for its three styles, and of CartoonGAN.
constexpr Preset kPresets[] = {
    {"hayao", {300, 1.5, 2.5, 15, 1, 1.2, 1.2, 1.2, 0.8, true}},
    {"paprika", {300, 2, 0.6, 50, 0.1, 1, 1, 1, 0.005, true}},
    {"shinkai", {300, 1.2, 2, 10, 1, 1.7, 1.7, 1.7, 1, true}},
    {"cartoongan", {1, 10, 0, 0, 0, 1, 1, 0, 1, false}},
};
// Of the generator's losses with sumi's own features: found by looking at samples (docs/learn/8-anime-style.md).
struct SumiFeatureWeights {
  double adversarial, content, style, color, variation;
};
constexpr SumiFeatureWeights kOwnAnime{1, 3, 250, 10, 1}, kOwnCartoon{1, 50, 0, 30, 0};

AnimeNetOptions anime_net_options(const TrainOptions& o) {
  AnimeNetOptions net;
  net.net_g = o.net_g;
  net.net_d = o.net_d;
  net.ngf = o.ngf;
  net.ndf = o.ndf;
  net.n_blocks = o.n_blocks;
  net.upsample = o.upsample;
  net.dtype = dtype_of(o);
  net.device = parse_device(o.device);
  net.d = discriminator_options(o);
  return net;
}

}  // namespace

LossWeights anime_weights(const TrainOptions& o) {
  std::string known;
  for (const Preset& preset : kPresets) {
    known += std::string(known.empty() ? "" : ", ") + preset.name;
    if (o.style_preset != preset.name) continue;
    LossWeights w = preset.weights;
    const auto instead = [](double& weight, double given) { weight = given < 0 ? weight : given; };
    instead(w.adversarial, o.lambda_adv);
    instead(w.content, o.lambda_content);
    instead(w.style, o.lambda_style);
    instead(w.color, o.lambda_color);
    instead(w.variation, o.lambda_tv);
    return w;
  }
  fail("--style-preset", fmt::format("unknown '{}'; use one of: {}", o.style_preset, known));
}

void settle_anime_weights(TrainOptions& o) {
  if (!is_own_network(o.feature_network)) return;
  const SumiFeatureWeights& own = o.style_preset == "cartoongan" ? kOwnCartoon : kOwnAnime;
  for (const auto& [given, weight] : {std::pair{&o.lambda_adv, own.adversarial},
                                      {&o.lambda_content, own.content},
                                      {&o.lambda_style, own.style},
                                      {&o.lambda_color, own.color},
                                      {&o.lambda_tv, own.variation}})
    if (*given < 0) *given = weight;
}

AnimeGanModel::AnimeGanModel(const TrainOptions& o)
    : Model(o),
      options_(o),
      net_(anime_net_options(o)),
      weights_(anime_weights(o)),
      g_(anime_translator(net_)) {
  std::unique_ptr<Sequential> d = anime_discriminator(net_);
  RandomStream init(o.seed, kInit);
  initialize(*g_, {o.init_type, o.init_gain}, init);
  initialize(*d, kInitD, init);
  g_trained_ = std::make_unique<TrainableNetworks>(
      std::vector<std::pair<std::string, Module*>>{{"g", g_.get()}}, o, true);
  d_ = std::make_unique<DiscriminatorTrainer>(o, "d", std::move(d), kAdversary);
  register_trainable(*g_trained_, generator_rate(o));
  register_trainable(*d_);
  std::vector<double> luma;
  for (int row = 0; row < 3; ++row) luma.insert(luma.end(), {0.299, 0.587, 0.114});
  luma_ = Tensor::from(luma, {3, 1, 1, 3}, net_.dtype, net_.device);
}

std::vector<Model::Network> AnimeGanModel::networks() {
  const Shape picture{1, options_.crop_size, options_.crop_size, 3};
  return {{"g", g_.get(), picture}, {"d", &d_->network(), picture}};
}

void AnimeGanModel::load_feature_network() {
  if (!features_ && (weights_.content > 0 || weights_.style > 0))
    features_ =
        load_features(options_.feature_network, activations_of(options_), net_.device, VggInput::caffe);
}

// Of VGG19 those that the published weights are for. Of sumi's own network the content from half of the picture's side: its
// deeper layers, of a small classifier, forget where things are and which color they have. The style from the deepest.
AnimeGanModel::Maps AnimeGanModel::features(const Tensor& pictures) const {
  const bool vgg = features_->name() == "vgg19";
  const std::vector<Tensor> maps =
      (*features_)(pictures, {vgg ? "conv4_4" : "conv2_2", vgg ? "conv4_4" : "conv4_1"});
  return {maps[0], maps[1]};
}

std::string AnimeGanModel::phase(double epoch) {
  load_feature_network();
  warming_up_ = epoch < options_.init_epochs;
  if (warming_up_) {
    g_trained_->set_lr(options_.init_lr);
    return "warm-up";
  }
  return Model::phase(epoch);
}

Tensor AnimeGanModel::gray(const Tensor& pictures) const {
  return conv2d(pictures, luma_, {}, {});
}

AnimeGanModel::DrawingLosses AnimeGanModel::style_losses(const Tensor& fake, const Tensor& photos,
                                                         const Tensor& drawings) const {
  const auto weighted = [](const Tensor& loss, double weight) { return affine(loss, weight); };
  const bool styled = weights_.style > 0 && !warming_up_;
  DrawingLosses losses;
  if (weights_.content > 0 || styled) {
    Tensor content, style;
    {
      const NoGrad no_grad;
      if (weights_.content > 0) content = features(photos).content;
      if (styled) style = gram_matrix(features(gray(drawings)).style);
    }
    const Maps drawn = features(fake);
    if (content) losses.content = weighted(loss_mean(Loss::l1, drawn.content, content), weights_.content);
    if (style) losses.style = weighted(loss_mean(Loss::l1, gram_matrix(drawn.style), style), weights_.style);
  }
  if (warming_up_) return losses;
  if (weights_.color > 0) losses.color = weighted(color_loss(fake, photos), weights_.color);
  if (weights_.variation > 0) losses.variation = weighted(total_variation(fake), weights_.variation);
  return losses;
}

std::vector<DiscriminatorTrainer::DiscriminatorInput> AnimeGanModel::shown(const Tensor& fake,
                                                                           const Tensor& drawings,
                                                                           const Tensor& smooth) const {
  const NoGrad no_grad;
  const double all = weights_.adversarial;
  std::vector<DiscriminatorTrainer::DiscriminatorInput> shown{{drawings, true, all * weights_.real},
                                                              {fake, false, all * weights_.fake}};
  if (weights_.gray > 0) shown.push_back({gray(drawings), false, all * weights_.gray});
  if (weights_.smooth > 0)
    shown.push_back({weights_.gray_smooth ? gray(smooth) : smooth, false, all * weights_.smooth});
  return shown;
}

std::vector<Stat> AnimeGanModel::run_step(const std::vector<Tensor>& domains) {
  std::function<std::vector<DiscriminatorTrainer::DiscriminatorInput>(const TranslatorBatch&)> seen;
  if (!warming_up_)
    seen = [this](const TranslatorBatch& b) { return shown(b.drawn, b.domains[1], b.domains[2]); };
  const auto [verdict, losses, last] =
      translator_step(options_, domains, {*g_, *g_trained_, *d_}, seen, [this](const TranslatorBatch& b) {
        const DrawingLosses of = style_losses(b.drawn, b.domains[0], b.domains[1]);
        Tensor adversarial;
        if (!warming_up_)
          adversarial = affine(d_->generator_loss(b.drawn, b.domains[1]), weights_.adversarial);
        return std::vector<Tensor>{adversarial, of.content, of.style, of.color, of.variation};
      });
  last_batch_ = {{"real_a", last.domains[0]},
                 {"real_b", last.domains[1]},
                 {"smooth_b", last.domains[2]},
                 {"fake_b", last.drawn}};
  const NoGrad no_grad;
  const Tensor none = Tensor::zeros(Shape::scalar(), net_.dtype, net_.device);
  const auto or_none = [&](const Tensor& x) { return x ? x : none; };
  const auto score = [&](const Tensor& logits) { return logits ? d_->loss().mean_score(logits) : none; };
  return {{"loss_d", or_none(verdict.loss)},      {"loss_g", or_none(losses[0])},
          {"loss_content", or_none(losses[1])},   {"loss_style", or_none(losses[2])},
          {"loss_colour", or_none(losses[3])},    {"loss_tv", or_none(losses[4])},
          {"d_real", score(verdict.real_logits)}, {"d_fake", score(verdict.fake_logits)}};
}

void AnimeGanModel::set_sample_images(const std::vector<std::vector<Tensor>>& pictures) {
  sample_photos_ = pictures.at(0);
  load_feature_network();  // what is wrong with its file is said before the first step
}

SampleGrid AnimeGanModel::samples() {
  SampleGrid sheet{sample_photos_, static_cast<int>(sample_photos_.size())};
  for (const Tensor& photo : sample_photos_) sheet.pictures.push_back(translate(photo, "AtoB", false));
  return sheet;
}

Model::Translator AnimeGanModel::translator(const std::string& direction) const {
  if (direction != "AtoB")
    fail("--direction",
         fmt::format("unknown '{}'; there is only AtoB, from photograph to drawing", direction));
  const SideRule rule = anime_side_rule(net_);
  return {"g", g_.get(), rule.multiple, rule.smallest};
}

Tensor AnimeGanModel::translate(const Tensor& pictures, const std::string& direction, bool raw) {
  translator(direction);  // checks the name
  return g_trained_->infer(*g_, pictures, !raw);
}

std::vector<std::string> AnimeGanModel::never_updated() const {
  return warming_up_ ? g_trained_->never_updated() : Model::never_updated();  // until then d waits
}

namespace {

void check_animegan(const TrainOptions& o) {
  const LossWeights w = anime_weights(o);
  if (o.net_d != "animegan2" && o.net_d != "cartoongan")
    fail("--net-d", fmt::format("unknown '{}'; use one of: animegan2, cartoongan", o.net_d));
  if (o.init_epochs > 0 && w.content == 0)
    fail("--init-epochs",
         "warms up by the content loss, which --lambda-content 0 switches off; add --init-epochs 0");
  if (o.channels != 3)
    fail("--channels", fmt::format("{}: {} draws in color; leave it out", o.channels, o.model));
  for (const auto& [name, width] : {std::pair{"--ngf", o.ngf}, {"--ndf", o.ndf}})
    if (width % 2 != 0) fail(name, fmt::format("{} must be even", width));
  check_crop_size(o, anime_side_rule(anime_net_options(o)), o.net_g);
}

std::vector<PlannedNetwork> plan_animegan(const TrainOptions& o) {
  const AnimeNetOptions net = anime_net_options(o);
  const LossWeights w = anime_weights(o);
  const Shape picture{1, o.crop_size, o.crop_size, 3};
  std::vector<PlannedNetwork> planned;
  planned.push_back({"g", anime_translator(net), picture});
  planned[0].redraw = 1;
  planned.push_back({"d", anime_discriminator(net), picture});
  // Forward and both gradients on all that it is shown, at once, and once more to reach g, without weight gradients.
  const double kinds = 2 + (w.gray > 0 ? 1 : 0) + (w.smooth > 0 ? 1 : 0);
  planned.back().update = 3 * kinds;
  planned.back().work = planned.back().update + 2;
  planned.back().kept = kinds;
  return planned;
}

std::unique_ptr<Model> make_animegan(const TrainOptions& o) {
  return std::make_unique<AnimeGanModel>(o);
}

}  // namespace

const ModelSpec animegan_spec{
    .name = "animegan",
    .summary = "photographs drawn like anime, from unpaired pictures",
    .reference = "AnimeGANv2, Chen 2020",
    .data = "a folder of photographs and one of drawings in one style",
    .domains = 2,
    .smooth_edges = true,
    .crops = true,
    .generators = {"animegan2", "animegan2_lite", "cartoongan"},
    .set_defaults =
        [](TrainOptions& o) {
          o.net_g = o.net_d = "animegan2";
          o.style_preset = "hayao";
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
    .networks = plan_animegan,
    .make = make_animegan,
};

const ModelSpec cartoongan_spec{
    .name = "cartoongan",
    .summary = "photographs drawn like cartoons, from unpaired pictures",
    .reference = "CartoonGAN, Chen 2018",
    .data = "a folder of photographs and one of drawings in one style",
    .domains = 2,
    .smooth_edges = true,
    .crops = true,
    .generators = {"animegan2", "animegan2_lite", "cartoongan"},
    .set_defaults =
        [](TrainOptions& o) {
          o.net_g = o.net_d = o.style_preset = "cartoongan";
          o.batch_size = 8;
          o.epochs = o.epochs_decay = 50;
          o.lr = 2e-4;
          o.lr_policy = "two-steps";  // published: a tenth after 50, and again after 75
          o.gan_mode = "vanilla";
          o.load_size = o.crop_size = 256;
        },
    .check = check_animegan,
    .settle = settle_anime_weights,
    .networks = plan_animegan,
    .make = make_animegan,
};

}  // namespace sumi
