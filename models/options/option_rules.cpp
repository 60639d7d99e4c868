#include "models/options/option_rules.h"

#include <fmt/format.h>

#include "models/objectives/gan_loss.h"
#include "models/objectives/style_weights.h"
#include "models/registry.h"
#include "models/training/discriminator_trainer.h"

namespace sumi {
namespace {

using O = const TrainOptions&;

struct IdleRule {
  const char* option;
  bool (*idle)(O);
  const char* why;  // "it would have no effect: " ...
  bool is_refused = true;
};

bool is_anime(O o) {
  return o.model == "animegan" || o.model == "cartoongan";
}
bool is_stylizer(O o) {
  return o.model == "stylizer";
}
bool is_unet(O o) {
  return o.net_g.starts_with("unet");
}
bool is_noise_form(O o) {
  return o.model == "autoencoder-gan" && !takes_crops(o);
}
bool is_converter(O o) {
  return o.model == "autoencoder-gan" && takes_crops(o);
}
bool is_dense_vae(O o) {
  return o.model == "vae" && o.variant == "dense";
}
bool is_anime2(O o) {
  return o.net_g.starts_with("animegan2");
}
bool compares_features(O o) {
  const LossWeights w = anime_weights(o);
  return w.content > 0 || w.style > 0;
}

const IdleRule kRules[] = {
    // Data
    {"data", [](O o) { return domains_of(o) > 1 && !o.data_a.empty() && !o.data_b.empty(); },
     "--data-a and --data-b say where the pictures are"},
    {"data-a", is_noise_form, "only --form converter learns from two folders; give the pictures by --data"},
    {"data-b", is_noise_form, "only --form converter learns from two folders; give the pictures by --data"},
    {"size", is_converter, "--form converter cuts squares of --crop-size"},
    {"load-size", is_noise_form, "pictures from noise have --size"},
    {"crop-size", is_noise_form, "pictures from noise have --size"},
    {"preprocess", is_noise_form, "pictures from noise are squares of --size"},
    {"load-size", [](O o) { return takes_crops(o) && (o.preprocess == "crop" || o.preprocess == "none"); },
     "--preprocess crop and none leave pictures as large as they are"},
    {"factor", [](O o) { return o.task != "superres"; }, "it is of --task superres"},
    {"noise", [](O o) { return o.task != "denoise"; }, "it is of --task denoise"},
    {"labels", [](O o) { return !wants_labels(o); }, "nothing asks for labels; add --conditional"},
    // Networks
    {"nz", [](O o) { return o.model == "features"; }, "a classifier has no noise"},
    {"n-blocks", [](O o) { return is_unet(o) || is_anime2(o); },
     "a U-Net has no residual blocks, and AnimeGANv2's generators have four as published; it is of "
     "resnet_9blocks, resnet_6blocks and cartoongan"},
    {"upsample", is_anime2,
     "AnimeGANv2's generators enlarge by bilinear resizing, as published; it is of --net-g cartoongan"},
    {"upsample", is_dense_vae, "the dense form enlarges nothing; add --form conv"},
    {"upsample", [](O o) { return o.model == "gan-conv" && o.size == 7; },
     "at --size 7 nothing is enlarged; it is of --size 28"},
    {"ngf", is_dense_vae, "the dense form has 400 hidden features, as published; add --form conv"},
    {"ndf", is_dense_vae, "the dense form has 400 hidden features, as published; add --form conv"},
    {"features", [](O o) { return is_anime(o) && !compares_features(o); },
     "--lambda-content and --lambda-style are 0, and nothing else looks at features"},
    {"init-type", is_stylizer, "its network begins by He's rule for a leaky ReLU"},
    {"init-gain", is_stylizer, "its network begins by He's rule for a leaky ReLU"},
    // Training
    {"lr-policy", is_stylizer, "its rate warms up and falls by half a cosine over the run"},
    {"epochs-decay", is_stylizer, "its rate warms up and falls by half a cosine over the run"},
    {"epochs", [](O o) { return o.steps > 0 && o.lr_policy == "constant"; },
     "--steps is the length of the run", false},  // a run's options.json has both
    {"lr", [](O o) { return o.lr_g > 0 && o.lr_d > 0; },
     "--lr-g and --lr-d are set (by the model's recipe, if not by you); give those, or 0 for them too"},
    {"beta1", [](O o) { return o.optimizer == "rmsprop"; }, "RMSProp has only --beta2"},
    {"sigma", [](O o) { return o.likelihood != "gaussian"; }, "it is of --likelihood gaussian"},
    {"lambda-autoencoder", is_noise_form, "it is of --form converter"},
    {"init-lr", [](O o) { return o.init_epochs == 0; }, "--init-epochs is 0: there is no warm-up"},
    {"fresh-noise", is_converter, "--form converter draws from photographs, not from noise"},
    // Stability
    {"label-smooth", [](O o) { return !GanLoss(o.gan_mode, 0).has_labels(); },
     "the losses hinge, wgan and wgan-gp have no labels"},
    {"g-label", [](O o) { return !GanLoss(o.gan_mode, 0).has_labels(); },
     "the losses hinge, wgan and wgan-gp have no labels"},
    {"r1-every", [](O o) { return o.r1 == 0; }, "--r1 is 0: there is no such penalty"},
    {"diversity", is_converter, "--form converter draws from photographs, not from noise"},
    {"vbn", is_converter, "--form converter draws from photographs, and the reference batch is noise"},
    {"latent", is_converter, "--form converter draws from photographs, not from noise"},
};

struct AbsentRule {
  const char *options, *models, *why;  // names with blanks between
};

// The first that fits says why. Options that depend on a network's kind alone are not here: they name the models that have it.
const AbsentRule kAbsent[] = {
    {"vbn", "gan vae", "its generator has no batch norm"},
    {"vbn", "cyclegan animegan cartoongan pix2pix",
     "the reference batch is noise, and its generator draws from pictures"},
    {"upsample", "gan gan-reshape", "its generator is dense and enlarges nothing"},
    {"diversity latent conditional fresh-noise nz", "cyclegan animegan cartoongan pix2pix",
     "its generator draws from pictures, not from noise"},
    {"latent", "vae", "its noise is normal, by the divergence that its encoder learns from"},
    {"conditional", "vae", "it is of the GANs from noise"},
    {"gan-mode n-critic gp r1 r1-every clip-weights sn label-smooth g-label d-noise diffaugment "
     "feature-matching minibatch-discrimination historical-averaging vbn diversity lr-g lr-d fresh-noise",
     "vae features", "it has no discriminator"},
    {"latent conditional upsample nz ngf ndf", "features", "a classifier draws nothing"},
};

bool listed(const char* names, const std::string& name) {
  return (std::string(" ") + names + " ").find(" " + name + " ") != std::string::npos;
}

}  // namespace

std::string unsupported_reason(const OptionInfo& info, const std::string& model) {
  for (const AbsentRule& rule : kAbsent)
    if (listed(rule.options, info.name) && listed(rule.models, model)) return rule.why;
  std::string having;
  for (const ModelSpec* spec : model_specs())
    if (applies(info, spec->name)) having += std::string(having.empty() ? "" : ", ") + spec->name;
  return "it is of " + having;
}

namespace {

const IdleRule* idle_rule(O options, const OptionInfo& info) {
  for (const IdleRule& rule : kRules)
    if (info.name == std::string(rule.option) && applies(info, options.model) && rule.idle(options))
      return &rule;
  return nullptr;
}

}  // namespace

std::string unused_reason(const TrainOptions& options, const OptionInfo& info) {
  const IdleRule* rule = idle_rule(options, info);
  return rule ? rule->why : "";
}

void check_idle(const TrainOptions& options, const std::function<bool(const std::string& name)>& given) {
  visit_options(options, [&](const OptionInfo& info, const auto&) {
    const IdleRule* rule = given(info.name) ? idle_rule(options, info) : nullptr;
    if (rule && rule->is_refused)
      fail(std::string("--") + info.name, fmt::format("would have no effect: {}; leave it out", rule->why));
  });
}

}  // namespace sumi
