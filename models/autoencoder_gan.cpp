#include "models/autoencoder_gan.h"

#include <fmt/format.h>

#include "models/gan_model.h"

namespace sumi {
namespace {

// Streams of random numbers; a number once used keeps its meaning, so that old runs resume alike.
enum Stream : std::uint64_t { kInit = 1, kAdversary = 16 };

bool converts(const TrainOptions& o) {
  return o.form == "converter";
}

// The discriminator looks at the crops of training.
NetOptions converter_options(const TrainOptions& o) {
  NetOptions net = net_options(o);
  net.size = o.crop_size;
  return net;
}

}  // namespace

AutoencoderConverter::AutoencoderConverter(const TrainOptions& o)
    : Model(o),
      net_(converter_options(o)),
      g_(autoencoder_converter(net_)),
      lr_g_(o.lr_g > 0 ? o.lr_g : o.lr),
      lambda_(o.lambda_autoencoder) {
  std::unique_ptr<Sequential> d = autoencoder_discriminator(net_);
  RandomStream init(o.seed, kInit);
  initialize(*g_, {o.init_type, o.init_gain}, init);
  initialize(*d, {o.init_type, o.init_gain}, init);
  g_trained_ =
      std::make_unique<NetworkGroup>(std::vector<std::pair<std::string, Module*>>{{"g", g_.get()}}, o, true);
  d_ = std::make_unique<Adversary>(o, "d", std::move(d), kAdversary);
}

std::vector<Model::Network> AutoencoderConverter::networks() {
  const Shape picture{1, net_.size, net_.size, net_.channels};
  return {{"g", g_.get(), picture}, {"d", &d_->network(), picture}};
}

void AutoencoderConverter::set_rates(double factor) {
  g_trained_->set_lr(lr_g_ * factor);
  d_->set_rate_factor(factor);
}

std::string AutoencoderConverter::phase(double) {
  d_->set_penalty_due(d_->penalty_due());
  return d_->penalty_due() ? "step with penalty" : "step";
}

std::vector<Stat> AutoencoderConverter::run_step(const std::vector<Tensor>& real) {
  last_a_ = real.at(0);
  last_b_ = real.at(1);
  Tape tape;
  const Tensor fake = (*g_)(last_a_);
  last_fake_ = fake.detach();
  const Adversary::Verdict judged = d_->train(tape, {{last_b_, true}, {last_fake_, false}});

  g_trained_->arena().begin();
  Tensor loss_gan, loss_autoencoder;
  {
    const Frozen frozen(d_->arena());
    loss_gan = d_->generator_loss(fake, last_b_);
    loss_autoencoder = affine(loss_mean(Loss::l1, fake, last_a_), lambda_);
    tape.backward(add(loss_gan, loss_autoencoder));
  }
  g_trained_->update();

  const NoGrad no_grad;
  return {{"loss_d", judged.loss},
          {"loss_g", loss_gan},
          {"loss_autoencoder", loss_autoencoder},
          {"d_real", d_->loss().mean_score(judged.on_real)},
          {"d_fake", d_->loss().mean_score(judged.on_fake)}};
}

std::vector<std::pair<std::string, Tensor>> AutoencoderConverter::last_batch() const {
  return {{"real_a", last_a_}, {"real_b", last_b_}, {"fake", last_fake_}};
}

void AutoencoderConverter::set_sample_pictures(const std::vector<std::vector<Tensor>>& pictures) {
  sample_pictures_ = pictures;
}

SampleSheet AutoencoderConverter::samples() {
  if (sample_pictures_.empty()) return {};
  SampleSheet sheet{sample_pictures_.at(0), static_cast<int>(sample_pictures_[0].size())};
  for (const Tensor& photo : sample_pictures_[0]) sheet.pictures.push_back(translate(photo, "AtoB", false));
  sheet.pictures.insert(sheet.pictures.end(), sample_pictures_.at(1).begin(), sample_pictures_[1].end());
  return sheet;
}

Model::Translator AutoencoderConverter::translator(const std::string& direction) const {
  if (direction != "AtoB") fail("--direction", fmt::format("unknown '{}'; use AtoB", direction));
  return {"g", g_.get(), 4, 4};
}

Tensor AutoencoderConverter::translate(const Tensor& pictures, const std::string& direction, bool raw) {
  translator(direction);  // checks the name
  const NoGrad no_grad;
  const NetworkGroup::Averaged averaged(*g_trained_, !raw);
  g_->set_training(false);
  const Tensor drawn = (*g_)(pictures);
  g_->set_training(true);
  return drawn;
}

void AutoencoderConverter::save(CheckpointWriter& writer, bool full) {
  g_trained_->save(writer, full);
  d_->save(writer, full);
}

void AutoencoderConverter::load(const CheckpointFile& file, bool full) {
  g_trained_->load(file, full);
  d_->load(file, full);
}

std::map<std::string, std::uint64_t> AutoencoderConverter::counters() const {
  std::map<std::string, std::uint64_t> all;
  g_trained_->add_counters(all);
  d_->add_counters(all);
  return all;
}

void AutoencoderConverter::set_counters(const std::map<std::string, std::uint64_t>& all) {
  g_trained_->set_counters(all);
  d_->set_counters(all);
}

std::string AutoencoderConverter::first_nonfinite() const {
  const std::string name = g_trained_->first_nonfinite();
  return name.empty() ? d_->group().first_nonfinite() : name;
}

std::vector<std::string> AutoencoderConverter::never_updated() const {
  std::vector<std::string> names = g_trained_->never_updated();
  for (std::string& name : d_->group().never_updated()) names.push_back(std::move(name));
  return names;
}

namespace {

void check_autoencoder(const TrainOptions& o) {
  if (o.form != "noise" && o.form != "converter")
    fail("--form", fmt::format("unknown '{}'; use one of: noise, converter", o.form));
  if (!converts(o)) return;
  if (!pictures_have_one_size(o))
    fail("--preprocess",
         "must cut squares, because the discriminator takes one size; use resize_and_crop or crop");
  if (o.n_critic != 1 || o.accumulate != 1)
    fail(o.n_critic != 1 ? "--n-critic" : "--accumulate", "is not for the converter form; leave it at 1");
  if (o.crop_size < 8 || o.crop_size % 4 != 0)
    fail("--crop-size",
         fmt::format("{} is not possible for autoencoder-gan; use a multiple of 4 from 8 on", o.crop_size));
}

std::vector<PlannedNetwork> plan_autoencoder(const TrainOptions& o) {
  if (!converts(o)) return plan_gan<autoencoder_generator, autoencoder_discriminator>(o);
  const NetOptions net = converter_options(o);
  const Shape picture{1, net.size, net.size, net.channels};
  std::vector<PlannedNetwork> planned;
  planned.push_back({"g", autoencoder_converter(net), picture});
  planned.push_back({"d", autoencoder_discriminator(net), picture, 8, 1});
  return planned;
}

}  // namespace

const ModelSpec autoencoder_gan_spec{
    .name = "autoencoder-gan",
    .summary = "the texts' anime converter: pictures from noise, or photographs redrawn (--form converter)",
    .reference = "the source texts",
    .data = "a folder of pictures; as a converter two folders, which need not match",
    .translates = converts,
    .set_defaults =
        [](TrainOptions& o) {
          o.form = "noise";
          o.size = 16;
          o.load_size = 72;
          o.crop_size = 64;
          o.ngf = o.ndf = 128;
          o.norm_keep = 0.99;
          o.init_type = "xavier-uniform";  // what their library does unless told otherwise
          o.init_gain = 1;
          o.epochs = 100;
        },
    .check = check_autoencoder,
    .networks = plan_autoencoder,
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> {
      if (converts(o)) return std::make_unique<AutoencoderConverter>(o);
      return make_gan<autoencoder_generator, autoencoder_discriminator>(o);
    },
};

}  // namespace sumi
