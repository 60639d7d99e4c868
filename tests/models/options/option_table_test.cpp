// The option table: options without effect are rejected with the reason, and accepted where they
// have one; aliases, former names and groups.
#include "models/options/option_table.h"
#include "models/anime_options.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "models/photo_converter.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/vae.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::error_of, sumi::test::has;
using Json = nlohmann::ordered_json;

namespace {

using Change = std::function<void(TrainOptions&)>;

std::string unused_refusal(const char* model, const char* option, const Change& change) {
  TrainOptions o = default_options(model);
  change(o);
  validate(o);
  return error_of(
      [&] { check_used(option_table(model), o, [&](const std::string& name) { return name == option; }); });
}

struct Case {
  const char *model, *option;
  Change unused, useful;
};

const Change kNothing = [](TrainOptions&) {};

const std::vector<Case>& cases() {
  static const Change hinge = [](TrainOptions& o) { o.gan_mode = "hinge"; };
  static const Change unet = [](TrainOptions& o) { o.net_g = "unet_256"; };
  static const Change resnet = [](TrainOptions& o) { o.net_g = "resnet_9blocks"; };
  static const Change measures = [](TrainOptions& o) { o.metrics = "kd"; };
  static const Change cartoon = [](TrainOptions& o) { o.net_g = "cartoongan"; };
  static const std::vector<Case> all{
      {"cyclegan", "data", [](TrainOptions& o) { o.data_a = "a", o.data_b = "b"; }, kNothing},
      {"cyclegan", "load-size", [](TrainOptions& o) { o.preprocess = "crop"; }, kNothing},
      {"pix2pix", "factor", kNothing, [](TrainOptions& o) { o.task = "superres"; }},
      {"pix2pix", "noise", kNothing, [](TrainOptions& o) { o.task = "denoise"; }},
      {"cyclegan", "n-blocks", unet, resnet},
      {"animegan", "n-blocks", kNothing, cartoon},
      {"animegan", "upsample", kNothing, cartoon},
      {"vae", "upsample", kNothing, [](TrainOptions& o) { o.variant = "conv"; }},
      {"gan-conv", "upsample", [](TrainOptions& o) { o.size = 7; }, kNothing},
      {"vae", "ngf", kNothing, [](TrainOptions& o) { o.variant = "conv"; }},
      {"vae", "ndf", kNothing, [](TrainOptions& o) { o.variant = "conv"; }},
      {"animegan", "feature-network",
       [](TrainOptions& o) {
         o.group<AnimeOptions>().lambda_content = o.group<AnimeOptions>().lambda_style =
             o.group<AnimeOptions>().init_epochs = 0;
       },
       kNothing},
      {"infogan", "lr", kNothing, [](TrainOptions& o) { o.lr_d = 0; }},
      {"dcgan", "beta1", [](TrainOptions& o) { o.optimizer = "rmsprop"; }, kNothing},
      {"vae", "sigma", kNothing, [](TrainOptions& o) { o.group<VaeOptions>().likelihood = "gaussian"; }},
      {"animegan", "init-lr", [](TrainOptions& o) { o.group<AnimeOptions>().init_epochs = 0; }, kNothing},
      {"gan-reshape", "label-smoothing", hinge, kNothing},
      {"wgan", "generator-target", kNothing,
       [](TrainOptions& o) { o.gan_mode = "vanilla", o.clip_weights = 0; }},
      {"dcgan", "labels", kNothing, [](TrainOptions& o) { o.conditional = true; }},
      {"dcgan", "classes", kNothing, [](TrainOptions& o) { o.conditional = true; }},
      {"cartoongan", "feature-network",
       [](TrainOptions& o) {
         o.group<AnimeOptions>().lambda_content = o.group<AnimeOptions>().init_epochs = 0;
       },
       [](TrainOptions& o) {
         o.group<AnimeOptions>().lambda_content = o.group<AnimeOptions>().init_epochs = 0,
         o.group<AnimeOptions>().lambda_style = 1;
       }},
      {"dcgan", "r1-interval", kNothing, [](TrainOptions& o) { o.r1 = 1; }},
      {"dcgan", "metrics-every", kNothing, measures},
      {"dcgan", "metrics-images", kNothing, measures},
      {"dcgan", "metrics-features", kNothing, measures},
      {"dcgan", "early-stop", kNothing, measures},
      {"stylizer", "hands", kNothing, [](TrainOptions& o) { o.add_style = "mine=ink"; }},
  };
  return all;
}

// A group that belongs to a single model.
struct OwnOptions {
  int layers = 3;
  bool skip = true;

  static void add_rows(OptionTable& t) {
    t.heading("Networks");
    t.add("layers", &OwnOptions::layers).help("layers of the network").alias("--depth").range(1, 9);
    t.add("skip", &OwnOptions::skip)
        .help("skip connections")
        .only_with("--layers 2 or more",
                   [](const TrainOptions& o) { return o.group<OwnOptions>().layers > 1; });
  }
};

}  // namespace

TEST_CASE("unused options: options without effect are rejected by name, and accepted where they have one") {
  for (const Case& c : cases()) {
    CAPTURE(c.model);
    CAPTURE(c.option);
    const std::string text = unused_refusal(c.model, c.option, c.unused);
    CHECK(text.starts_with(std::string("[--") + c.option + "] has no effect here ("));
    CHECK(has(text, "leave it out"));
    CHECK(unused_refusal(c.model, c.option, c.useful).empty());
  }
}

TEST_CASE("unused options: every dependency of every model's table has a case above or is of a shared row") {
  std::set<std::string> tried, declared;
  for (const Case& c : cases()) tried.insert(c.option);
  for (const Option* option : all_options().rows())
    if (!option->dependencies.empty() && !option->may_be_unused) declared.insert(option->name);
  for (const std::string& name : declared) CHECK_MESSAGE(tried.contains(name), name);
}

TEST_CASE("unused options: a model's defaults may hold them") {
  for (const ModelSpec* model : model_specs()) {
    const TrainOptions o = default_options(model->name);
    CHECK_NOTHROW(check_used(option_table(model->name), o, [](const std::string&) { return false; }));
  }
}

TEST_CASE("unused options: --epochs has no effect beside --steps, and is accepted there") {
  TrainOptions o = default_options("dcgan");
  o.steps = 3;
  CHECK_NOTHROW(
      check_used(option_table("dcgan"), o, [](const std::string& name) { return name == "epochs"; }));
  const auto unused = [&] {
    std::string names;
    for (const Option* option : option_table("dcgan").rows())
      if (!option->unused_reason(o).empty()) names += " " + option->name;
    return names;
  };
  const std::string metrics = " metrics-every metrics-images metrics-features early-stop";
  CHECK(unused() == " labels classes epochs r1-interval" + metrics);
  o.lr_policy = "cosine";
  CHECK(unused() == " labels classes r1-interval" + metrics);
}

TEST_CASE("missing options: the reason of the group, or the models that have the option") {
  const auto why = [](const char* name, const char* model) {
    const Option* option = all_options().find(name);
    REQUIRE(option);
    return option_table(model).has(name) ? "" : unsupported_reason(*option, model);
  };
  CHECK(why("virtual-batch-norm", "gan") == "it needs a generator that starts from noise and has batch norm");
  CHECK(why("latent", "pix2pix") == "only GANs that start from noise have it");
  CHECK(why("r1", "vae") == "it does not have a discriminator");
  CHECK(why("vbn", "dcgan").empty());  // dcgan has the option, also under its former name
  CHECK(why("norm", "animegan") == "only cyclegan, pix2pix");
  for (const ModelSpec* spec : model_specs()) {  // every missing option has a reason
    CAPTURE(spec->name);
    for (const Option* option : all_options().rows())
      if (!option_table(spec->name).has(option->name))
        CHECK(unsupported_reason(*option, spec->name).size() >= 8);  // "only vae"
  }
}

TEST_CASE(
    "option table: spellings are unique, found with dashes or underscores, and every row has its help") {
  for (const ModelSpec* spec : model_specs()) {
    CAPTURE(spec->name);
    const OptionTable& table = option_table(spec->name);
    std::set<std::string> spellings;
    for (const Option* option : table.rows()) {
      CAPTURE(option->name);
      CHECK(spellings.insert("--" + option->name).second);
      for (const std::string& alias : option->aliases) {
        CHECK(spellings.insert(alias).second);
        CHECK(table.find(alias) == option);
      }
      CHECK(table.find("--" + option->name) == option);
      CHECK(option->summary.size() > 5);
      CHECK_FALSE(option->heading.empty());
    }
    CHECK(table.find("--batch_size") == table.find("batch-size"));
    CHECK(table.find("--nonsense") == nullptr);
  }
}

TEST_CASE("option table: a group that only its model knows has its defaults, rows and JSON") {
  OptionTable table;
  table.add_group<OwnOptions>();
  CHECK(table.has_group<OwnOptions>());
  CHECK_FALSE(table.has_group<CropOptions>());
  TrainOptions o;
  CHECK(std::as_const(o).group<OwnOptions>().layers == 3);
  check_values(table, o);
  o.group<OwnOptions>().layers = 10;
  CHECK(error_of([&] { check_values(table, o); }) ==
        "[--layers] value 10: out of range; use a number from 1 to 9");
  TrainOptions copy = o;  // copies the group, too
  copy.group<OwnOptions>().layers = 1;
  CHECK(o.group<OwnOptions>().layers == 10);
  CHECK(table.at("skip").unused_reason(copy) == "only with --layers 2 or more");
  CHECK(table.find("--depth")->text_in(copy) == "1");
  CHECK_THROWS_AS(table.add("layers", &OwnOptions::layers), std::logic_error);
  CHECK_THROWS_AS(table.at("none"), std::logic_error);
}

TEST_CASE("option json: former names, values and models are read; a name given twice is refused") {
  TrainOptions o = default_options("dcgan");
  update_from_json(o, Json{{"gp", 3}, {"sn", true}, {"no_flip", true}, {"no-graph", true}, {"plan", "p"}},
                   "x");
  CHECK(o.lambda_gp == 3);
  CHECK(o.spectral_norm);
  CHECK_FALSE(o.flip);
  CHECK(o.no_cuda_graph);
  CHECK(o.conv_plan == "p");
  const Json now = to_json(o);
  CHECK(now.at("lambda-gp") == 3);
  CHECK(now.at("flip") == false);
  CHECK_FALSE(now.contains("gp"));
  CHECK(has(error_of([&] { update_from_json(o, Json{{"gp", 1}, {"lambda-gp", 2}}, "x"); }), "[x] "));
  o = default_options("animegan");
  update_from_json(o, Json{{"features", "own"}, {"lambda-colour", 2}}, "x");
  CHECK(o.group<AnimeOptions>().feature_network == "builtin");
  CHECK(o.group<AnimeOptions>().lambda_color == 2);
  update_from_json(o, Json{{"kernels", "own"}}, "x");
  CHECK(o.conv_backend == "native");
  CHECK(to_json(o).at("conv-backend") == "native");
  CHECK_FALSE(to_json(o).contains("kernels"));
}

TEST_CASE("option json: models under their former names") {
  const auto read = [](const char* model, const Json& json) {
    return stored_options(model, json, "x", "cure");
  };
  CHECK(read("features", {{"model", "features"}, {"hold-out", 5}}).model == std::string("classifier"));
  CHECK(read("features", {{"hold-out", 5}}).val_every == 5);
  const Json noise{{"model", "autoencoder-gan"}, {"form", "noise"}, {"size", 8},       {"load-size", 20},
                   {"lambda-autoencoder", 2.0},  {"nz", 7},         {"no-flip", true}, {"norm-keep", 0.5}};
  const TrainOptions gan = read("autoencoder-gan", noise);
  CHECK(gan.model == "gan-autoencoder");
  CHECK(gan.size == 8);
  CHECK(gan.bn_momentum == 0.5);
  CHECK_FALSE(gan.flip);
  Json photos = noise;
  photos["form"] = "converter";
  const TrainOptions converter = read("autoencoder-gan", photos);
  CHECK(converter.model == "photo-converter");
  CHECK(converter.load_size == 20);
  CHECK(converter.group<PhotoConverterOptions>().lambda_autoencoder == 2);
  CHECK(converter.nz == 7);
  CHECK(has(error_of([&] { read("autoencoder-gan", {{"nonsense", 1}}); }), "nonsense"));
  CHECK(has(error_of([&] { read("dcgan", {{"model", "gan"}}); }), "cure"));
}

TEST_CASE("option json: --gan-mode wgan-gp brings its penalty, and 0 turns it off") {
  TrainOptions o = default_options("dcgan");
  update_from_json(o, Json{{"gan-mode", "wgan-gp"}}, "x");
  CHECK(o.lambda_gp == 10);
  update_from_json(o, Json{{"gan-mode", "wgan-gp"}, {"lambda-gp", 0}}, "x");
  CHECK(o.lambda_gp == 0);
  update_from_json(o, Json{{"gan-mode", "wgan-gp"}, {"gp", 0}},
                   "x");  // from an older file, where it meant 10
  CHECK(o.lambda_gp == 10);
  CHECK(default_options("wgan-gp").lambda_gp == 10);
}
