#include "models/anime_options.h"

#include "models/options/option_table.h"

namespace sumi {
namespace {

Option& add_weight(OptionTable& t, const char* name, double AnimeOptions::*member) {
  return t.add(name, member).range(-1, 1e6);  // -1: the preset's
}

// By --lambda-style or by the preset; CartoonGAN's preset has no style loss.
bool compares_styles(const AnimeOptions& o) {
  return o.lambda_style > 0 || (o.lambda_style < 0 && o.style_preset != "cartoongan");
}

}  // namespace

void AnimeOptions::add_rows(OptionTable& t) {
  t.heading("Networks");
  t.add("net-g", &TrainOptions::net_g)
      .help("generator: animegan2, animegan2_lite or cartoongan")
      .alias("--netG,--which-model-netG")
      .choices({"animegan2", "animegan2_lite", "cartoongan"});
  t.add("net-d", &AnimeOptions::net_d)
      .help("discriminator: animegan2 or cartoongan")
      .alias("--netD")
      .choices({"animegan2", "cartoongan"});
  const auto is_cartoon = [](const TrainOptions& o) { return o.net_g == "cartoongan"; };
  t.add("n-blocks", &TrainOptions::n_blocks)
      .help("residual blocks of the generator; 0: as published")
      .range(0, 64)
      .only_with("--net-g cartoongan", is_cartoon);
  t.at("upsample").only_with("--net-g cartoongan", is_cartoon);
  t.add("feature-network", &AnimeOptions::feature_network)
      .help(
          "network of the content and style losses: builtin, a run of sumi train classifier, or VGG19 "
          "weights")
      .placeholder("FILE")
      .alias("--features")
      .old_word("own", "builtin")
      .path()
      .on_resume()
      .only_with("--lambda-content or --lambda-style", [](const TrainOptions& o) {
        const auto& own = o.group<AnimeOptions>();
        return own.lambda_content != 0 || compares_styles(own);
      });
  t.heading("Training");
  t.add("style-preset", &AnimeOptions::style_preset)
      .help("published loss weights: hayao, paprika, shinkai or cartoongan")
      .choices({"hayao", "paprika", "shinkai", "cartoongan"});
  add_weight(t, "lambda-adv", &AnimeOptions::lambda_adv)
      .help("weight of the adversarial losses; -1, here and in the next four: from --style-preset")
      .alias("--g-adv-weight");
  add_weight(t, "lambda-content", &AnimeOptions::lambda_content)
      .help("weight of the content loss: features of the photograph")
      .alias("--con-weight");
  add_weight(t, "lambda-style", &AnimeOptions::lambda_style)
      .help("weight of the style loss: Gram matrices of the drawings")
      .alias("--sty-weight");
  add_weight(t, "lambda-color", &AnimeOptions::lambda_color)
      .help("weight of the color loss: colors of the photograph")
      .alias("--color-weight,--lambda-colour");
  add_weight(t, "lambda-tv", &AnimeOptions::lambda_tv)
      .help("weight of the total variation loss")
      .alias("--tv-weight");
  t.add("init-epochs", &AnimeOptions::init_epochs)
      .help("initial epochs with the content loss alone; fractions are allowed")
      .alias("--init-epoch")
      .range(0, 1e9);
  t.add("init-lr", &AnimeOptions::init_lr)
      .help("learning rate of the initial epochs")
      .range(0, 1e3)
      .not_with("--init-epochs 0",
                [](const TrainOptions& o) { return o.group<AnimeOptions>().init_epochs > 0; });
}

}  // namespace sumi
