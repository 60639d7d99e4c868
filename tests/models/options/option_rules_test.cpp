// Options that could do nothing are refused, each for its reason; the same options where they have an effect are not.
#include "models/options/option_rules.h"

#include <doctest/doctest.h>

#include <set>

#include "models/registry.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::error_of, sumi::test::has;

namespace {

using Change = std::function<void(TrainOptions&)>;

std::string idle_refusal(const char* model, const char* option, const Change& change) {
  TrainOptions o = default_options(model);
  change(o);
  validate(o);
  return error_of([&] { check_idle(o, [&](const std::string& name) { return name == option; }); });
}

struct Case {
  const char *model, *option;
  Change idle, useful;
};

const Change kNothing = [](TrainOptions&) {};

const std::vector<Case>& cases() {
  static const Change hinge = [](TrainOptions& o) { o.gan_mode = "hinge"; };
  static const Change converter = [](TrainOptions& o) { o.variant = "converter"; };
  static const Change unet = [](TrainOptions& o) { o.net_g = "unet_256"; };
  static const Change resnet = [](TrainOptions& o) { o.net_g = "resnet_9blocks"; };
  static const Change cartoon = [](TrainOptions& o) { o.net_g = "cartoongan"; };
  static const std::vector<Case> all{
      {"cyclegan", "data", [](TrainOptions& o) { o.data_a = "a", o.data_b = "b"; }, kNothing},
      {"autoencoder-gan", "data-a", kNothing, converter},
      {"autoencoder-gan", "data-b", kNothing, converter},
      {"autoencoder-gan", "size", converter, kNothing},
      {"autoencoder-gan", "load-size", kNothing, converter},
      {"autoencoder-gan", "crop-size", kNothing, converter},
      {"autoencoder-gan", "preprocess", kNothing, converter},
      {"cyclegan", "load-size", [](TrainOptions& o) { o.preprocess = "crop"; }, kNothing},
      {"pix2pix", "factor", kNothing, [](TrainOptions& o) { o.task = "superres"; }},
      {"pix2pix", "noise", kNothing, [](TrainOptions& o) { o.task = "denoise"; }},
      {"cyclegan", "n-blocks", unet, resnet},
      {"animegan", "n-blocks", kNothing, cartoon},
      {"animegan", "upsample", kNothing, cartoon},
      {"vae", "upsample", kNothing, [](TrainOptions& o) { o.variant = "conv"; }},
      {"gan-conv", "upsample", [](TrainOptions& o) { o.size = 7; }, kNothing},
      {"autoencoder-gan", "vbn", converter, kNothing},
      {"vae", "ngf", kNothing, [](TrainOptions& o) { o.variant = "conv"; }},
      {"vae", "ndf", kNothing, [](TrainOptions& o) { o.variant = "conv"; }},
      {"animegan", "features", [](TrainOptions& o) { o.lambda_content = o.lambda_style = o.init_epochs = 0; },
       kNothing},
      {"infogan", "lr", kNothing, [](TrainOptions& o) { o.lr_d = 0; }},
      {"dcgan", "beta1", [](TrainOptions& o) { o.optimizer = "rmsprop"; }, kNothing},
      {"vae", "sigma", kNothing, [](TrainOptions& o) { o.likelihood = "gaussian"; }},
      {"autoencoder-gan", "lambda-autoencoder", kNothing, converter},
      {"animegan", "init-lr", [](TrainOptions& o) { o.init_epochs = 0; }, kNothing},
      {"autoencoder-gan", "fresh-noise", converter, kNothing},
      {"gan-reshape", "label-smooth", hinge, kNothing},
      {"wgan", "g-label", kNothing, [](TrainOptions& o) { o.gan_mode = "vanilla", o.clip_weights = 0; }},
      {"dcgan", "labels", kNothing, [](TrainOptions& o) { o.conditional = true; }},
      {"dcgan", "r1-every", kNothing, [](TrainOptions& o) { o.r1 = 1; }},
      {"autoencoder-gan", "diversity", converter, kNothing},
      {"autoencoder-gan", "latent", converter, kNothing},
  };
  return all;
}

}  // namespace

TEST_CASE("idle options: what can have no effect is refused by name, and what has one is not") {
  for (const Case& c : cases()) {
    CAPTURE(c.model);
    CAPTURE(c.option);
    const std::string text = idle_refusal(c.model, c.option, c.idle);
    CHECK(text.starts_with(std::string("[--") + c.option + "] would have no effect: "));
    CHECK(has(text, "leave it out"));
    CHECK(idle_refusal(c.model, c.option, c.useful).empty());
  }
}

TEST_CASE("idle options: a recipe may hold what its own options make idle") {
  for (const ModelSpec* model : model_specs()) {
    TrainOptions o = default_options(model->name);
    CHECK_NOTHROW(check_idle(o, [](const std::string&) { return false; }));
  }
}

TEST_CASE("idle options: the length in passes idles beside --steps, and is no mistake there") {
  TrainOptions o = default_options("dcgan");
  o.steps = 3;
  CHECK_NOTHROW(check_idle(o, [](const std::string& name) { return name == "epochs"; }));
  std::string idle;
  const auto list = [&] {
    idle.clear();
    visit_options(o, [&](const OptionInfo& info, const auto&) {
      if (!unused_reason(o, info).empty()) idle += std::string(" ") + info.name;
    });
    return idle;
  };
  CHECK(list() == " labels epochs r1-every");
  o.lr_policy = "cosine";
  CHECK(list() == " labels r1-every");
}

TEST_CASE("idle options: names that another model has are not asked for") {
  const TrainOptions o = default_options("gan");  // has no --factor
  CHECK_NOTHROW(check_idle(o, [](const std::string& name) { return name == "factor"; }));
}

TEST_CASE("idle options: why a model has not an option that others have") {
  const auto why = [](const char* option, const char* model) {
    std::string text;
    const TrainOptions any;
    visit_options(any, [&](const OptionInfo& info, const auto&) {
      if (info.name == std::string(option) && !applies(info, model)) text = unsupported_reason(info, model);
    });
    return text;
  };
  CHECK(why("vbn", "gan") == "its generator has no batch norm");
  CHECK(why("latent", "pix2pix") == "its generator draws from pictures, not from noise");
  CHECK(why("r1", "vae") == "it has no discriminator");
  CHECK(why("upsample", "gan-reshape") == "its generator is dense and enlarges nothing");
  CHECK(why("norm", "animegan") == "it is of cyclegan, pix2pix");
  CHECK(why("vbn", "dcgan").empty());  // it has it
}
