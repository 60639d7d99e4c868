#include "models/gan_model.h"

#include "models/joined_pass.h"

namespace sumi {
namespace {

// Streams of random numbers; a number once used keeps its meaning, so that old runs resume alike.
enum Stream : std::uint64_t { kInit = 1, kNoise = 2, kFixedNoise = 3 };

}  // namespace

GanModel::GanModel(const TrainOptions& o, std::unique_ptr<Sequential> g, std::unique_ptr<Sequential> d,
                   const NetOptions& net)
    : Model(o),
      net_(net),
      g_(std::move(g)),
      d_(std::move(d)),
      loss_(o.gan_mode, o.label_smooth),
      lr_g_(o.lr_g > 0 ? o.lr_g : o.lr),
      lr_d_(o.lr_d > 0 ? o.lr_d : o.lr),
      noise_stream_(o.seed, kNoise) {
  RandomStream init(o.seed, kInit);
  initialize(*g_, {o.init_type, o.init_gain}, init);
  initialize(*d_, {o.init_type, o.init_gain}, init);
  g_trained_ = std::make_unique<NetworkGroup>(std::vector<std::pair<std::string, Module*>>{{"g", g_.get()}},
                                              optimizer_options(o, true));
  d_trained_ = std::make_unique<NetworkGroup>(std::vector<std::pair<std::string, Module*>>{{"d", d_.get()}},
                                              optimizer_options(o, false));
  RandomStream fixed(o.seed, kFixedNoise);
  fixed_noise_ = noise(64, fixed);
}

std::vector<Model::Network> GanModel::networks() {
  return {{"g", g_.get(), {1, 1, 1, net_.nz}}, {"d", d_.get(), {1, net_.size, net_.size, net_.channels}}};
}

Tensor GanModel::noise(std::int64_t count, RandomStream& stream) const {
  return stream.normal({count, 1, 1, net_.nz}, net_.dtype, net_.device);
}

void GanModel::set_rates(double factor) {
  g_trained_->set_lr(lr_g_ * factor);
  d_trained_->set_lr(lr_d_ * factor);
}

std::vector<Stat> GanModel::run_step(const std::vector<Tensor>& domains) {
  const Tensor& real = domains.at(0);
  const std::int64_t n = real.shape().n;
  last_real_ = real;
  last_noise_ = noise(n, noise_stream_);

  Tape tape;
  // The fake is drawn once, on the tape: d sees it detached, g's step walks through it.
  const Tensor fake = (*g_)(last_noise_);
  last_fake_ = fake.detach();
  const Tape::Mark mark = tape.mark();

  d_trained_->arena().begin();
  const Judgement judged = train_discriminator(tape, mark, *d_, real, last_fake_, loss_, 1);
  d_trained_->update();

  // L_G through the updated d, whose own gradients nobody needs now.
  g_trained_->arena().begin();
  Tensor loss_g;
  {
    const Frozen frozen(d_trained_->arena());
    loss_g = loss_.generator((*d_)(fake));
    tape.backward(loss_g);
  }
  g_trained_->update();

  const NoGrad no_grad;
  const auto& [on_real, on_fake] = judged.logits;
  const Tensor right =
      sub(loss_.share_real(on_real), loss_.share_real(on_fake));  // of the reals, less of the fakes
  return {{"loss_d", add(judged.losses.first, judged.losses.second)},
          {"loss_g", loss_g},
          {"d_real", loss_.mean_score(on_real)},
          {"d_fake", loss_.mean_score(on_fake)},
          {"d_accuracy", affine(right, 0.5, 0.5)}};
}

std::vector<std::pair<std::string, Tensor>> GanModel::last_batch() const {
  return {{"real", last_real_}, {"noise", last_noise_}, {"fake", last_fake_}};
}

SampleSheet GanModel::samples() {
  return {{generate(fixed_noise_, false)}, 8};
}

Tensor GanModel::generate(const Tensor& z, bool raw) {
  const NoGrad no_grad;
  const NetworkGroup::Averaged averaged(*g_trained_, !raw);
  g_->set_training(false);
  const Tensor pictures = (*g_)(z);
  g_->set_training(true);
  return pictures;
}

void GanModel::save(CheckpointWriter& writer, bool full) {
  g_trained_->save(writer, full);
  d_trained_->save(writer, full);
}

void GanModel::load(const CheckpointFile& file, bool full) {
  g_trained_->load(file, full);
  d_trained_->load(file, full);
}

std::map<std::string, std::uint64_t> GanModel::counters() const {
  std::map<std::string, std::uint64_t> all{{"noise", noise_stream_.position()}};
  g_trained_->add_counters(all);
  d_trained_->add_counters(all);
  return all;
}

void GanModel::set_counters(const std::map<std::string, std::uint64_t>& all) {
  noise_stream_.set_position(counter_of(all, "noise"));
  g_trained_->set_counters(all);
  d_trained_->set_counters(all);
}

std::string GanModel::first_nonfinite() const {
  const std::string name = g_trained_->first_nonfinite();
  return name.empty() ? d_trained_->first_nonfinite() : name;
}

std::vector<std::string> GanModel::never_updated() const {
  std::vector<std::string> names = g_trained_->never_updated();
  for (std::string& name : d_trained_->never_updated()) names.push_back(std::move(name));
  return names;
}

}  // namespace sumi
