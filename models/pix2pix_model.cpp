#include "models/pix2pix_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/registry.h"
#include "models/training_data.h"

namespace sumi {
namespace {

// Streams of random numbers; a number once used keeps its meaning, so that old runs resume alike.
enum Stream : std::uint64_t { kInit = 1, kDropout = 2, kAdversary = 16 };

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
  g_trained_ = std::make_unique<NetworkGroup>(Named{{"g", g_.get()}}, o, true);
  d_ = std::make_unique<Adversary>(o, "d", std::move(d), kAdversary);
}

std::vector<Model::Network> Pix2PixModel::networks() {
  const std::int64_t side = options_.crop_size, c = options_.channels;
  return {{"g", g_.get(), {1, side, side, c}}, {"d", &d_->network(), {1, side, side, 2 * c}}};
}

void Pix2PixModel::set_rates(double factor) {
  g_trained_->set_lr((options_.lr_g > 0 ? options_.lr_g : options_.lr) * factor);
  d_->set_rate_factor(factor);
}

std::string Pix2PixModel::phase(double) {
  d_->set_penalty_due(d_->penalty_due());
  return d_->penalty_due() ? "step with penalty" : "step";
}

Adversary::Verdict Pix2PixModel::train_d(Tape& tape, const std::vector<Part>& parts) {
  d_->begin();
  Adversary::Verdict sum;
  for (const Part& part : parts) {
    const Adversary::Verdict verdict = d_->look(
        tape,
        {{beside(part.given, part.wanted), true, 0.5}, {beside(part.given, part.drawn.detach()), false, 0.5}},
        1.0 / static_cast<double>(parts.size()));
    const Tensor loss = sum.loss ? add(sum.loss, verdict.loss) : verdict.loss;
    sum = verdict;
    sum.loss = loss;
  }
  d_->update();
  return sum;
}

// Through the updated d, whose own gradients nobody needs now.
std::pair<Tensor, Tensor> Pix2PixModel::train_g(Tape& tape, std::vector<Part>& parts) {
  g_trained_->arena().begin();
  const Frozen frozen(d_->arena());
  const double share = 1.0 / static_cast<double>(parts.size());
  Tensor gan, l1;
  for (Part& part : parts) {
    if (parts.size() > 1) part.drawn = (*g_)(part.given);
    const Tensor one =
        affine(d_->generator_loss(beside(part.given, part.drawn), beside(part.given, part.wanted)), share);
    const Tensor two = affine(loss_mean(Loss::l1, part.drawn, part.wanted), options_.lambda_l1 * share);
    tape.backward(add(one, two));
    gan = gan ? add(gan, one.detach()) : one.detach();
    l1 = l1 ? add(l1, two.detach()) : two.detach();
  }
  g_trained_->update();
  return {gan, l1};
}

std::vector<Stat> Pix2PixModel::run_step(const std::vector<Tensor>& pair) {
  const std::int64_t count = options_.n_critic * options_.accumulate, n = pair.at(0).shape().n / count;
  Tape tape;
  Adversary::Verdict judged;
  std::vector<Part> parts;
  std::int64_t at = 0;
  for (int update = 0; update < options_.n_critic; ++update) {
    parts.clear();
    for (int i = 0; i < options_.accumulate; ++i, at += n) {
      Part& part = parts.emplace_back();
      part.given = count == 1 ? pair[0] : pair[0].batch_slice(at, n);
      part.wanted = count == 1 ? pair[1] : pair[1].batch_slice(at, n);
      // What g is trained on is drawn once, on the tape: d sees it detached, g's step walks through it.
      if (update == options_.n_critic - 1 && options_.accumulate == 1) {
        part.drawn = (*g_)(part.given);
      } else {
        const NoGrad no_grad;
        part.drawn = (*g_)(part.given);
      }
    }
    judged = train_d(tape, parts);
  }
  const auto [gan, l1] = train_g(tape, parts);
  const Part& last = parts.back();
  last_batch_ = {{"given", last.given}, {"wanted", last.wanted}, {"drawn", last.drawn.detach()}};
  const NoGrad no_grad;
  return {{"loss_d", judged.loss},
          {"loss_g", gan},
          {"loss_l1", l1},
          {"d_real", d_->loss().mean_score(judged.on_real)},
          {"d_fake", d_->loss().mean_score(judged.on_fake)}};
}

std::vector<std::pair<std::string, Tensor>> Pix2PixModel::last_batch() const {
  return last_batch_;
}

void Pix2PixModel::set_sample_pictures(const std::vector<std::vector<Tensor>>& pictures) {
  sample_pictures_ = pictures;
}

// Rows of pictures given, drawn and wanted.
SampleSheet Pix2PixModel::samples() {
  const std::vector<Tensor>&given = sample_pictures_.at(0), &wanted = sample_pictures_.at(1);
  SampleSheet sheet{given, static_cast<int>(given.size())};
  for (const Tensor& picture : given) sheet.pictures.push_back(translate(picture, options_.direction, false));
  sheet.pictures.insert(sheet.pictures.end(), wanted.begin(), wanted.end());
  return sheet;
}

Model::Translator Pix2PixModel::translator(const std::string& direction) const {
  if (direction != options_.direction)
    fail("--direction",
         fmt::format("'{}' was not trained; the model knows {}", direction, options_.direction));
  const SideRule rule = side_rule(net_);
  return {"g", g_.get(), rule.multiple, rule.smallest, damage_of(options_)};
}

Tensor Pix2PixModel::translate(const Tensor& pictures, const std::string& direction, bool raw) {
  translator(direction);  // checks the name
  const NoGrad no_grad;
  const NetworkGroup::Averaged averaged(*g_trained_, !raw);
  g_->set_training(false);
  g_->set_own_statistics(true);
  const Tensor drawn = (*g_)(pictures);
  g_->set_own_statistics(false);
  g_->set_training(true);
  return drawn;
}

void Pix2PixModel::save(CheckpointWriter& writer, bool full) {
  g_trained_->save(writer, full);
  d_->save(writer, full);
}

void Pix2PixModel::load(const CheckpointFile& file, bool full) {
  g_trained_->load(file, full);
  d_->load(file, full);
}

std::map<std::string, std::uint64_t> Pix2PixModel::counters() const {
  std::map<std::string, std::uint64_t> all{{"dropout", dropout_stream_.position()}};
  g_trained_->add_counters(all);
  d_->add_counters(all);
  return all;
}

void Pix2PixModel::set_counters(const std::map<std::string, std::uint64_t>& all) {
  dropout_stream_.set_position(counter_of(all, "dropout"));
  g_trained_->set_counters(all);
  d_->set_counters(all);
}

std::string Pix2PixModel::first_nonfinite() const {
  const std::string name = g_trained_->first_nonfinite();
  return name.empty() ? d_->group().first_nonfinite() : name;
}

std::vector<std::string> Pix2PixModel::never_updated() const {
  std::vector<std::string> names = g_trained_->never_updated();
  for (std::string& name : d_->group().never_updated()) names.push_back(std::move(name));
  return names;
}

namespace {

void check_pix2pix(const TrainOptions& o) {
  check_crop_size(o);
  const Task task = task_named(o.task);
  if (task == Task::colorize && o.channels != 3)
    fail("--task", "colorize needs --channels 3: there is no colour in one");
  if (task == Task::none) return;
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
  // d: as a GAN's (models/gan_model.cpp).
  planned.push_back({"d", patch_discriminator(judge_options(net)), {1, side, side, 2 * c}, 8});
  planned[1].kept = planned[1].module->mixes_samples() ? 1 : 2;
  return planned;
}

}  // namespace

const ModelSpec pix2pix_spec{
    .name = "pix2pix",
    .summary =
        "translation learnt from pairs of pictures, or a repair learnt from pictures that it damages itself",
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
