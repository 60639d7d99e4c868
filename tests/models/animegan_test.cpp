// Whole runs of AnimeGAN and CartoonGAN: files, losses, bit-exact resume.
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/image/image.h"
#include "engine/runtime/device.h"
#include "models/anime_options.h"
#include "models/make_model.h"
#include "models/objectives/style_weights.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/checkpoint_metadata.h"
#include "models/training/trainer.h"
#include "tests/models/runs.h"
#include "tests/models/tiny_vgg.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::TempDir;
namespace fs = std::filesystem;

namespace {

// Colored images, each with an edge at a different position.
void write_drawings(const fs::path& folder, int count) {
  fs::create_directories(folder);
  for (int i = 0; i < count; ++i) {
    Image8 image(16, 16, 3);
    for (std::size_t k = 0; k < image.data.size(); ++k)
      image.data[k] =
          static_cast<std::uint8_t>(k / 3 % 16 < 5U + static_cast<unsigned>(i) ? 20 : 150 + k % 3 * 50);
    save_image(folder / ("p" + std::to_string(i) + ".png"), image);
  }
}

TrainOptions tiny_animegan(const std::string& model, const fs::path& work, const char* run) {
  TrainOptions o = default_options(model);
  o.device = test_device();
  o.data_a = (work / "a").string();
  o.data_b = (work / "b").string();
  o.outdir = (work / run).string();
  o.cache = (work / "cache").string();
  o.group<AnimeOptions>().feature_network = write_tiny_vgg(work).string();
  o.load_size = 18;
  o.crop_size = 16;
  o.ngf = o.ndf = 4;
  o.n_blocks = 1;
  o.batch_size = 2;
  o.group<AnimeOptions>().init_epochs = 2;
  o.steps = 8;
  o.save_every = 100;
  o.sample_every = 8;
  o.log_every = 1;
  o.threads = 1;
  return o;
}

double number(const StepStats& stats, const std::string& name) {
  for (const auto& [key, value] : stats)
    if (key == name) return value;
  FAIL("no " << name);
  return 0;
}

std::vector<Tensor> random_images(std::int64_t size) {
  RandomStream stream(4, 0);
  std::vector<Tensor> pictures;
  for (int i = 0; i < 3; ++i)
    pictures.push_back(stream.uniform({2, size, size, 3}, DType::f32, parse_device(test_device()), -1, 1));
  return pictures;
}

}  // namespace

TEST_CASE("animegan: stopped in and behind the warm-up and resumed equals uninterrupted, bit-exactly") {
  const TempDir folder;
  write_drawings(folder.path / "a", 5);
  write_drawings(folder.path / "b", 4);
  TrainingObserver quiet;
  stop_requested = false;
  const TrainOptions whole = tiny_animegan("animegan", folder.path, "whole");
  train(whole, quiet);
  const auto end = bytes_of(fs::path(whole.outdir) / "checkpoints/8.safetensors");
  for (const std::int64_t stop : {3, 6}) {  // the warm-up ends after four
    const TrainOptions parts = tiny_animegan("animegan", folder.path, stop == 3 ? "early" : "late");
    train_in_two(parts, stop);
    CHECK(end == bytes_of(fs::path(parts.outdir) / "checkpoints/8.safetensors"));
  }
  for (const char* name : {"g.block_a.0.1.weight", "d.convs.0.weight_orig", "d.convs.0.weight_u",
                           "optim.g.m.block_a.0.1.weight", "optim.d.v.convs.0.weight_orig"})
    CHECK_MESSAGE(end.contains(name), name);
  // Two rows: photographs, and their translations.
  const Image8 sheet = load_image(folder.path / "whole/samples/8.png");
  CHECK(sheet.height == 2 * 18 + 2);
  CHECK(sheet.width == 4 * 18 + 2);
}

TEST_CASE("animegan: the warm-up moves g by its own rate and leaves d") {
  const TempDir folder;
  TrainOptions o = tiny_animegan("animegan", folder.path, "run");
  const auto pictures = random_images(16);
  const auto weights = [](Model& model, std::size_t network) {
    std::vector<double> all;
    for (const Parameter& p : model.networks().at(network).module->parameters())
      for (const double v : p.value.to_vector<double>()) all.push_back(v);
    return all;
  };
  const auto moved = [](const std::vector<double>& a, const std::vector<double>& b) {
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
    return most;
  };
  const auto model = make_model(o);
  const auto g = weights(*model, 0), d = weights(*model, 1);
  const StepStats warm = model->step(pictures, 0);
  CHECK(number(warm, "loss_content") > 0);
  for (const char* name : {"loss_d", "loss_g", "loss_style", "loss_color", "loss_tv"})
    CHECK_MESSAGE(number(warm, name) == 0, name);
  CHECK(model->never_updated().empty());
  CHECK(moved(g, weights(*model, 0)) ==
        doctest::Approx(2e-4).epsilon(0.01));  // Adam's first step is the rate
  CHECK(moved(d, weights(*model, 1)) == 0);
  const StepStats after = model->step(pictures, 2);
  for (const char* name : {"loss_d", "loss_g", "loss_style", "loss_color", "loss_tv"})
    CHECK_MESSAGE(number(after, name) > 0, name);
  CHECK(moved(d, weights(*model, 1)) == doctest::Approx(4e-5).epsilon(0.01));
  CHECK(model->never_updated().empty());
}

TEST_CASE("animegan: a warm-up of a part of a pass is so many steps") {
  const TempDir folder;
  write_drawings(folder.path / "a", 10);
  write_drawings(folder.path / "b", 4);
  TrainOptions o = tiny_animegan("animegan", folder.path, "run");
  o.group<AnimeOptions>().init_epochs = 0.6;  // of five steps
  o.steps = 5;
  stop_requested = false;
  TrainingObserver quiet;
  train(o, quiet);
  std::ifstream lines(fs::path(o.outdir) / "stats.jsonl");
  std::string learned;
  for (std::string line; std::getline(lines, line);)
    learned += nlohmann::json::parse(line).at("loss_d").get<double>() > 0 ? "d" : "-";
  CHECK(learned == "---dd");

  struct Warnings final : TrainingObserver {
    std::string text;
    void warning(const std::string& line) override { text += line; }
  } heard;
  o.outdir = (folder.path / "long").string();
  o.group<AnimeOptions>().init_epochs = 1;
  train(o, heard);
  CHECK(heard.text.starts_with("all 5 steps of the run are warm-up"));
}

TEST_CASE("animegan: losses enter the sum with the preset's weights, or the user's") {
  const TempDir folder;
  TrainOptions o = tiny_animegan("animegan", folder.path, "run");
  o.group<AnimeOptions>().init_epochs = 0;
  const auto pictures = random_images(16);
  const StepStats hayao = make_model(o)->step(pictures, 0);
  o.group<AnimeOptions>().style_preset = "paprika";
  const StepStats paprika = make_model(o)->step(pictures, 0);
  CHECK(number(paprika, "loss_content") == doctest::Approx(number(hayao, "loss_content") * 2 / 1.5));
  CHECK(number(paprika, "loss_style") == doctest::Approx(number(hayao, "loss_style") * 0.6 / 2.5));
  CHECK(number(paprika, "loss_color") == doctest::Approx(number(hayao, "loss_color") * 50 / 15));
  CHECK(number(paprika, "loss_tv") == doctest::Approx(number(hayao, "loss_tv") * 0.1));
  o.group<AnimeOptions>().lambda_tv = 3;
  o.group<AnimeOptions>().lambda_style = 0;
  const StepStats given = make_model(o)->step(pictures, 0);
  CHECK(number(given, "loss_tv") == doctest::Approx(number(hayao, "loss_tv") * 3));
  CHECK(number(given, "loss_style") == 0);
  CHECK(number(given, "loss_content") == doctest::Approx(number(paprika, "loss_content")));
}

TEST_CASE(
    "animegan: with sumi's own features the preset's weights are replaced, with VGG19's they stay; given "
    "ones win") {
  const TempDir folder;
  for (const char* model : {"animegan", "cartoongan"}) {
    TrainOptions vgg = tiny_animegan(model, folder.path, "run");
    const TrainOptions before = vgg;
    resolve_options(vgg);
    CHECK(vgg.group<AnimeOptions>().lambda_adv == before.group<AnimeOptions>().lambda_adv);
    CHECK(anime_weights(vgg).adversarial == (model == std::string("animegan") ? 300 : 1));
    TrainOptions own = before;
    own.group<AnimeOptions>().feature_network = "own";
    own.group<AnimeOptions>().lambda_color = 0;
    own.group<AnimeOptions>().lambda_content = 4.5;
    resolve_options(own);
    CHECK(anime_weights(own).adversarial == 1);
    CHECK(anime_weights(own).color == 0);
    CHECK(anime_weights(own).content == 4.5);
    CHECK(anime_weights(own).real == anime_weights(vgg).real);  // the discriminator's are the preset's
    for (const double weight : {own.group<AnimeOptions>().lambda_adv, own.group<AnimeOptions>().lambda_style,
                                own.group<AnimeOptions>().lambda_tv})
      CHECK(weight >= 0);
  }
  // The weights belong to the run: it keeps them, whatever changes later.
  write_drawings(folder.path / "a", 5);
  write_drawings(folder.path / "b", 4);
  TrainOptions o = tiny_animegan("animegan", folder.path, "kept");
  o.group<AnimeOptions>().feature_network = "own";
  o.steps = 2;
  o.sample_every = 0;
  o.group<AnimeOptions>().lambda_tv = 0.25;
  TrainingObserver quiet;
  stop_requested = false;
  train(o, quiet);
  TrainOptions stored;
  load_model(CheckpointFile(fs::path(o.outdir) / "checkpoints/2.safetensors"), &stored);
  CHECK(stored.group<AnimeOptions>().lambda_adv == 1);
  CHECK(stored.group<AnimeOptions>().lambda_style > 0);
  CHECK(stored.group<AnimeOptions>().lambda_tv == 0.25);
}

TEST_CASE("cartoongan: trains with smoothed drawings in color, and every network by name") {
  const TempDir folder;
  const auto pictures = random_images(16);
  for (const char* net_g : {"cartoongan", "animegan2_lite", "animegan2"}) {
    TrainOptions o = tiny_animegan("cartoongan", folder.path, "run");
    o.net_g = net_g;
    o.group<AnimeOptions>().net_d = net_g == std::string("cartoongan") ? "cartoongan" : "animegan2";
    o.group<AnimeOptions>().init_epochs = 0;
    const auto model = make_model(o);
    const StepStats stats = model->step(pictures, 0);
    CHECK(number(stats, "loss_content") > 0);
    CHECK(number(stats, "loss_color") == 0);
    CHECK(number(stats, "loss_d") > 1);  // three cross-entropies of about log 2
    CHECK(model->never_updated().empty());
  }
}

TEST_CASE("animegan: translates without the feature network, in one direction") {
  const TempDir folder;
  TrainOptions o = tiny_animegan("animegan", folder.path, "run");
  o.group<AnimeOptions>().feature_network = (folder.path / "gone").string();
  const auto model = make_model(o);
  const Tensor x = random_images(16)[0];
  CHECK(model->translate(x, "AtoB", false).shape() == x.shape());
  CHECK_THROWS_AS(model->translate(x, "BtoA", false), Error);
  CHECK(model->translator("AtoB").name == "g");
  CHECK_THROWS_AS(model->step(random_images(16), 0), Error);
}

TEST_CASE("animegan: invalid options are named") {
  const TempDir folder;
  const auto refused = [&](const char* says, const auto& change) {
    TrainOptions o = tiny_animegan("animegan", folder.path, "run");
    change(o);
    CHECK_THROWS_WITH_AS(validate(o), doctest::Contains(says), Error);
  };
  refused("[--style-preset]", [](TrainOptions& o) { o.group<AnimeOptions>().style_preset = "cubist"; });
  refused("[--net-d]", [](TrainOptions& o) { o.group<AnimeOptions>().net_d = "patch"; });
  refused("[--net-g]", [](TrainOptions& o) { o.net_g = "unet_128"; });
  refused("[--channels]", [](TrainOptions& o) { o.channels = 1; });
  refused("[--ngf]", [](TrainOptions& o) { o.ngf = 5; });
  refused("[--crop-size]", [](TrainOptions& o) { o.crop_size = 18; });
  refused("[--init-epochs]", [](TrainOptions& o) { o.group<AnimeOptions>().lambda_content = 0; });
  refused("[--lambda-tv]", [](TrainOptions& o) { o.group<AnimeOptions>().lambda_tv = -2; });
}
