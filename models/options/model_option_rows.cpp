#include "models/options/model_options.h"

#include "models/options/option_table.h"

namespace sumi {
namespace {

using O = const TrainOptions&;

Option& add_weight(OptionTable& t, const char* name, double AnimeOptions::*member) {
  return t.add(name, member).range(-1, 1e6);  // -1: the preset's
}

// By --lambda-style or by the preset; CartoonGAN's preset has no style loss.
bool compares_styles(O o) {
  return o.lambda_style > 0 || (o.lambda_style < 0 && o.style_preset != "cartoongan");
}

}  // namespace

void InfoGanOptions::add_rows(OptionTable& t) {
  t.heading("Networks");
  t.add("categories", &TrainOptions::categories)
      .help("number of values of the categorical code; 0: none")
      .range(0, 4096);
  t.add("continuous", &TrainOptions::continuous).help("number of continuous codes").range(0, 4096);
  t.heading("Training");
  t.add("lambda-info", &TrainOptions::lambda_info)
      .help("weight of the mutual-information loss")
      .range(0, 1e6);
}

void VaeOptions::add_rows(OptionTable& t) {
  t.heading("Networks");
  t.add("variant", &TrainOptions::variant)
      .help("networks: dense, or conv for larger images")
      .alias("--form")
      .choices({"dense", "conv"});
  const auto is_conv = [](O o) { return o.variant == "conv"; };
  for (const char* name : {"ngf", "ndf", "upsample"}) t.at(name).only_with("--variant conv", is_conv);
  t.heading("Training");
  t.add("likelihood", &TrainOptions::likelihood)
      .help("distribution of an image given its reconstruction: bernoulli or gaussian")
      .placeholder("KIND")
      .choices({"bernoulli", "gaussian"});
  t.add("sigma", &TrainOptions::sigma)
      .help("standard deviation of a pixel in [0, 1]")
      .range(1e-4, 1e3)
      .only_with("--likelihood gaussian", [](O o) { return o.likelihood == "gaussian"; });
  t.add("kl-weight", &TrainOptions::kl_weight)
      .help("weight of the KL divergence of the latent distribution from N(0, 1)")
      .alias("--beta")
      .range(0, 1e6);
}

void CycleGanOptions::add_rows(OptionTable& t) {
  t.heading("Training");
  t.add("lambda-a", &TrainOptions::lambda_a)
      .help("weight of the cycle-consistency loss A to B to A")
      .alias("--lambda-A")
      .range(0, 1e6);
  t.add("lambda-b", &TrainOptions::lambda_b)
      .help("weight of the cycle-consistency loss B to A to B")
      .alias("--lambda-B")
      .range(0, 1e6);
  t.add("lambda-identity", &TrainOptions::lambda_identity)
      .help("weight of the identity loss, as a factor of --lambda-a or --lambda-b")
      .range(0, 1e6);
  t.add("pool-size", &TrainOptions::pool_size)
      .help("size of the buffer of generated images shown to the discriminators; 0: off")
      .range(0, 1e5);
}

void Pix2PixOptions::add_rows(OptionTable& t) {
  t.heading("Training");
  t.add("lambda-l1", &TrainOptions::lambda_l1)
      .help("weight of the L1 distance from the target")
      .alias("--lambda-L1")
      .range(0, 1e6);
}

void PhotoConverterOptions::add_rows(OptionTable& t) {
  t.heading("Training");
  t.add("lambda-autoencoder", &TrainOptions::lambda_autoencoder)
      .help("weight of the reconstruction loss: the distance between photograph and output")
      .range(0, 1e6);
}

void AnimeOptions::add_rows(OptionTable& t) {
  t.heading("Networks");
  t.add("net-g", &TrainOptions::net_g)
      .help("generator: animegan2, animegan2_lite or cartoongan")
      .alias("--netG,--which-model-netG")
      .choices({"animegan2", "animegan2_lite", "cartoongan"});
  t.add("net-d", &TrainOptions::net_d)
      .help("discriminator: animegan2 or cartoongan")
      .alias("--netD")
      .choices({"animegan2", "cartoongan"});
  const auto is_cartoon = [](O o) { return o.net_g == "cartoongan"; };
  t.add("n-blocks", &TrainOptions::n_blocks)
      .help("residual blocks of the generator; 0: as published")
      .range(0, 64)
      .only_with("--net-g cartoongan", is_cartoon);
  t.at("upsample").only_with("--net-g cartoongan", is_cartoon);
  t.add("feature-network", &TrainOptions::feature_network)
      .help(
          "network of the content and style losses: builtin, a run of sumi train classifier, or VGG19 "
          "weights")
      .placeholder("FILE")
      .alias("--features")
      .old_word("own", "builtin")
      .path()
      .on_resume()
      .only_with("--lambda-content or --lambda-style",
                 [](O o) { return o.lambda_content != 0 || compares_styles(o); });
  t.heading("Training");
  t.add("style-preset", &TrainOptions::style_preset)
      .help("published loss weights: hayao, paprika, shinkai or cartoongan")
      .choices({"hayao", "paprika", "shinkai", "cartoongan"});
  add_weight(t, "lambda-adv", &TrainOptions::lambda_adv)
      .help("weight of the adversarial losses; -1, here and in the next four: from --style-preset")
      .alias("--g-adv-weight");
  add_weight(t, "lambda-content", &TrainOptions::lambda_content)
      .help("weight of the content loss: features of the photograph")
      .alias("--con-weight");
  add_weight(t, "lambda-style", &TrainOptions::lambda_style)
      .help("weight of the style loss: Gram matrices of the drawings")
      .alias("--sty-weight");
  add_weight(t, "lambda-color", &TrainOptions::lambda_color)
      .help("weight of the color loss: colors of the photograph")
      .alias("--color-weight,--lambda-colour");
  add_weight(t, "lambda-tv", &TrainOptions::lambda_tv)
      .help("weight of the total variation loss")
      .alias("--tv-weight");
  t.add("init-epochs", &TrainOptions::init_epochs)
      .help("warm-up: epochs, which need not be whole, with the content loss alone")
      .alias("--init-epoch")
      .range(0, 1e9);
  t.add("init-lr", &TrainOptions::init_lr)
      .help("learning rate of the warm-up")
      .range(0, 1e3)
      .not_with("--init-epochs 0", [](O o) { return o.init_epochs > 0; });
}

void GanReshapeOptions::add_rows(OptionTable& t) {
  t.heading("Networks");
  t.add("variant", &TrainOptions::variant)
      .help("dense layer on a 7x7 image: pixel (the same for every pixel) or flat (one for all features)")
      .alias("--form")
      .choices({"pixel", "flat"});
}

void GanConvOptions::add_rows(OptionTable& t) {
  t.at("upsample").not_with("--size 7", [](O o) { return o.size != 7; });
}

void ClassifierOptions::add_rows(OptionTable& t) {
  t.heading("Data");
  t.add("val-every", &TrainOptions::val_every)
      .help("validation split: hold out one of every N images; 0: none")
      .alias("--hold-out")
      .range(0, 1e6)
      .check([](O o) {
        return std::string(o.val_every == 1 ? "would hold out every image; use 2 or more, or 0" : "");
      });
  t.heading("Networks");
  t.add("width", &TrainOptions::width)
      .help("channels of the first layers; the last layers have eight times as many")
      .range(1, 1024);
}

}  // namespace sumi
