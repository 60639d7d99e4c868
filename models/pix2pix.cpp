#include "models/pix2pix.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/registry.h"
#include "models/training/rng_streams.h"
#include "models/training/training_data.h"
#include "models/training/translator_step.h"

namespace sumi {
namespace {

// Streams of random numbers; a number once used keeps its meaning, so that old runs resume alike.
// What d sees: what was given and what came of it.
Tensor beside(const Tensor& given, const Tensor& picture) {
  return concat({given, picture}, 3);
}

TranslationNetOptions judge_options(TranslationNetOptions net) {
  net.channels *= 2;
  return net;
}

}  // namespace

Pix2PixModel::Pix2PixModel(const TrainOptions& o)
    : Model(o), options_(o), dropout_stream_(o.seed, kDropout), net_(translation_net_options(o)) {
  net_.dropout_stream = &dropout_stream_;
  g_ = translation_generator(net_);
  std::unique_ptr<Sequential> d = patch_discriminator(judge_options(net_));
  RandomStream init(o.seed, kInit);
  initialize(*g_, {o.init_type, o.init_gain}, init);
  initialize(*d, {o.init_type, o.init_gain}, init);
  using Named = std::vector<std::pair<std::string, Module*>>;
  g_trained_ = std::make_unique<TrainableNetworks>(Named{{"g", g_.get()}}, o, true);
  d_ = std::make_unique<DiscriminatorTrainer>(o, "d", std::move(d), kAdversary);
  register_trainable(*g_trained_, generator_rate(o));
  register_trainable(*d_);
  draws("dropout", dropout_stream_);
}

std::vector<Model::Network> Pix2PixModel::networks() {
  const std::int64_t side = options_.crop_size, c = options_.channels;
  return {{"g", g_.get(), {1, side, side, c}}, {"d", &d_->network(), {1, side, side, 2 * c}}};
}

std::vector<Stat> Pix2PixModel::run_step(const std::vector<Tensor>& pair) {
  // Given, wanted and drawn.
  const TranslatorStep step = translator_step(
      options_, pair, {*g_, *g_trained_, *d_},
      [](const TranslatorBatch& b) {
        return std::vector<DiscriminatorTrainer::DiscriminatorInput>{
            {beside(b.domains[0], b.domains[1]), true, 0.5}, {beside(b.domains[0], b.drawn), false, 0.5}};
      },
      [this](const TranslatorBatch& b) {
        return std::vector<Tensor>{
            d_->generator_loss(beside(b.domains[0], b.drawn), beside(b.domains[0], b.domains[1])),
            affine(loss_mean(Loss::l1, b.drawn, b.domains[1]), options_.lambda_l1)};
      });
  last_batch_ = {
      {"given", step.last.domains[0]}, {"wanted", step.last.domains[1]}, {"drawn", step.last.drawn}};
  const NoGrad no_grad;
  return {{"loss_d", step.judged.loss},
          {"loss_g", step.losses[0]},
          {"loss_l1", step.losses[1]},
          {"d_real", d_->loss().mean_score(step.judged.real_logits)},
          {"d_fake", d_->loss().mean_score(step.judged.fake_logits)}};
}

std::vector<std::pair<std::string, Tensor>> Pix2PixModel::debug_tensors() const {
  return last_batch_;
}

void Pix2PixModel::set_sample_images(const std::vector<std::vector<Tensor>>& pictures) {
  sample_pictures_ = pictures;
}

// Rows of pictures given, drawn and wanted.
SampleGrid Pix2PixModel::samples() {
  const std::vector<Tensor>&given = sample_pictures_.at(0), &wanted = sample_pictures_.at(1);
  SampleGrid sheet{given, static_cast<int>(given.size())};
  for (const Tensor& picture : given) sheet.pictures.push_back(translate(picture, options_.direction, false));
  sheet.pictures.insert(sheet.pictures.end(), wanted.begin(), wanted.end());
  return sheet;
}

Model::Translator Pix2PixModel::translator(const std::string& direction) const {
  if (direction != options_.direction)
    fail("--direction",
         fmt::format("'{}' was not trained; the model knows {}", direction, options_.direction));
  const SideRule rule = side_rule(net_);
  return {"g", g_.get(), rule.multiple, rule.smallest, degradation_of(options_), options_.bits};
}

Tensor Pix2PixModel::translate(const Tensor& pictures, const std::string& direction, bool raw) {
  translator(direction);  // checks the name
  g_->use_batch_stats_in_eval(true);
  const Tensor drawn = g_trained_->infer(*g_, pictures, !raw);
  g_->use_batch_stats_in_eval(false);
  return drawn;
}

namespace {

void check_pix2pix(const TrainOptions& o) {
  check_translation(o);
  const RestorationTask task = task_named(o.task);
  if (task == RestorationTask::colorize && o.channels != 3)
    fail("--task", "colorize needs --channels 3: there is no color in one");
  if (task == RestorationTask::none) return;
  if (o.direction != "AtoB")
    fail("--direction",
         fmt::format("{} has no meaning with --task {}, which makes its own pairs; leave it out", o.direction,
                     o.task));
  if (!o.data_a.empty() || !o.data_b.empty())
    fail(o.data_a.empty() ? "--data-b" : "--data-a",
         fmt::format("has no meaning with --task {}, which makes its own pairs; give the pictures by --data",
                     o.task));
}

std::vector<PlannedNetwork> plan_pix2pix(const TrainOptions& o) {
  const TranslationNetOptions net = translation_net_options(o);
  const std::int64_t side = o.crop_size, c = o.channels;
  std::vector<PlannedNetwork> planned;
  planned.push_back({"g", translation_generator(net), {1, side, side, c}});
  planned[0].redraw = 1;
  // d: as a GAN's (models/gan.cpp).
  planned.push_back({"d", patch_discriminator(judge_options(net)), {1, side, side, 2 * c}, 8, 1, 6});
  planned[1].kept = planned[1].module->uses_batch_statistics() ? 1 : 2;
  return planned;
}

}  // namespace

const ModelSpec pix2pix_spec{
    .name = "pix2pix",
    .summary =
        "translation learned from pairs of pictures, or a repair learned from pictures that it damages "
        "itself",
    .reference = "Isola 2017",
    .data = "pairs: two folders, or pictures side by side; with --task one folder of any pictures",
    .domains = 2,
    .paired = true,
    .crops = true,
    .generators = {"resnet_9blocks", "resnet_6blocks", "unet_128", "unet_256"},
    .set_defaults =
        [](TrainOptions& o) {
          o.net_g = "unet_256";
          o.norm = "batch";
          o.no_dropout = false;
          o.batch_size = 1;
          o.epochs = o.epochs_decay = 100;
          o.lr_policy = "linear";
        },
    .check = check_pix2pix,
    .networks = plan_pix2pix,
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> { return std::make_unique<Pix2PixModel>(o); },
};

}  // namespace sumi
