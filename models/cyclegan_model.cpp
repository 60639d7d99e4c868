#include "models/cyclegan_model.h"

#include <fmt/format.h>

#include "engine/device.h"
#include "models/joined_pass.h"

namespace sumi {
namespace {

// Streams of random numbers; a number once used keeps its meaning, so that old runs resume alike.
enum Stream : std::uint64_t { kInit = 1, kDropout = 2, kPoolA = 3, kPoolB = 4 };

Tensor l1(const Tensor& a, const Tensor& b) {
  return loss_mean(Loss::l1, a, b);
}

}  // namespace

TranslationNetOptions translation_net_options(const TrainOptions& o) {
  TranslationNetOptions net;
  net.net_g = o.net_g;
  net.n_blocks = o.n_blocks;
  net.ngf = o.ngf;
  net.ndf = o.ndf;
  net.n_layers_d = o.n_layers_d;
  net.channels = o.channels;
  net.norm = o.norm == "batch" ? LayerSpec::Norm::batch : LayerSpec::Norm::instance;
  net.upsample = o.upsample;
  net.dropout = !o.no_dropout;
  net.dtype = o.precision == "f64" ? DType::f64 : DType::f32;
  net.device = parse_device(o.device);
  return net;
}

CycleGanModel::CycleGanModel(const TrainOptions& o)
    : Model(o),
      options_(o),
      dropout_stream_(o.seed, kDropout),
      net_(translation_net_options(o)),
      pool_a_(o.pool_size, o.seed, kPoolA),
      pool_b_(o.pool_size, o.seed, kPoolB),
      loss_(o.gan_mode, o.label_smooth) {
  net_.dropout_stream = &dropout_stream_;
  g_ab_ = translation_generator(net_);
  g_ba_ = translation_generator(net_);
  d_a_ = patch_discriminator(net_);
  d_b_ = patch_discriminator(net_);
  RandomStream init(o.seed, kInit);
  for (const Network& network : networks()) initialize(*network.module, {o.init_type, o.init_gain}, init);
  using Named = std::vector<std::pair<std::string, Module*>>;
  g_ = std::make_unique<NetworkGroup>(Named{{"g_ab", g_ab_.get()}, {"g_ba", g_ba_.get()}},
                                      optimizer_options(o, true));
  d_ = std::make_unique<NetworkGroup>(Named{{"d_a", d_a_.get()}, {"d_b", d_b_.get()}},
                                      optimizer_options(o, false));
}

std::vector<Model::Network> CycleGanModel::networks() {
  const Shape picture{1, options_.crop_size, options_.crop_size, options_.channels};
  return {{"g_ab", g_ab_.get(), picture},
          {"g_ba", g_ba_.get(), picture},
          {"d_a", d_a_.get(), picture},
          {"d_b", d_b_.get(), picture}};
}

// `away` draws this side's pictures and, for the identity, those that are at home where it leads: in one pass where its
// norm allows that. Otherwise the identity comes first and is walked back at once, so that the activations of two passes
// are alive at a time instead of three.
CycleGanModel::GeneratorLosses CycleGanModel::generators_step(Tape& tape, const Side& side,
                                                              const Tensor& real, const Tensor& other) const {
  GeneratorLosses losses;
  const Tensor none = Tensor::zeros(Shape::scalar(), real.dtype(), real.device());
  losses.identity = losses.cycle = none;
  const auto identity_loss = [&](const Tensor& drawn) {
    return affine(l1(drawn, other), side.lambda_identity);
  };
  Tensor fake, total;
  if (side.lambda_identity > 0 && can_join(*side.away, real, other)) {
    const Pair drawn = run_joined(*side.away, real, other);
    fake = drawn.first;
    total = identity_loss(drawn.second);
    losses.identity = total.detach();
  } else {
    if (side.lambda_identity > 0) {
      const Tensor identity = identity_loss((*side.away)(other));
      tape.backward(identity);
      losses.identity = identity.detach();
    }
    fake = (*side.away)(real);
  }
  losses.fake = fake.detach();
  const Tensor gan = loss_.generator((*side.critic)(fake));
  losses.gan = gan.detach();
  total = total ? add(gan, total) : gan;
  if (side.lambda_cycle > 0) {
    const Tensor cycle = affine(l1((*side.home)(fake), real), side.lambda_cycle);
    losses.cycle = cycle.detach();
    total = add(total, cycle);
  }
  tape.backward(total);
  return losses;
}

Tensor CycleGanModel::discriminator_step(Tape& tape, Module& d, const Tensor& real,
                                         const Tensor& fake) const {
  const Pair losses = train_discriminator(tape, tape.mark(), d, real, fake, loss_, 0.5).losses;
  return add(losses.first.detach(), losses.second.detach());
}

void CycleGanModel::set_rates(double factor) {
  g_->set_lr((options_.lr_g > 0 ? options_.lr_g : options_.lr) * factor);
  d_->set_lr((options_.lr_d > 0 ? options_.lr_d : options_.lr) * factor);
}

std::vector<Stat> CycleGanModel::run_step(const std::vector<Tensor>& real) {
  const Tensor &a = real.at(0), &b = real.at(1);
  const double identity = options_.lambda_identity;
  Tape tape;

  g_->arena().begin();
  GeneratorLosses from_a, from_b;
  {
    const Frozen frozen(d_->arena());
    const Side side_a{g_ab_.get(), g_ba_.get(), d_b_.get(), options_.lambda_a, options_.lambda_b * identity};
    const Side side_b{g_ba_.get(), g_ab_.get(), d_a_.get(), options_.lambda_b, options_.lambda_a * identity};
    from_a = generators_step(tape, side_a, a, b);
    from_b = generators_step(tape, side_b, b, a);
  }
  g_->update();

  d_->arena().begin();
  const Tensor loss_d_a = discriminator_step(tape, *d_a_, a, pool_a_.query(from_b.fake));
  const Tensor loss_d_b = discriminator_step(tape, *d_b_, b, pool_b_.query(from_a.fake));
  d_->update();

  last_batch_ = {{"real_a", a}, {"real_b", b}, {"fake_b", from_a.fake}, {"fake_a", from_b.fake}};
  return {{"loss_g_ab", from_a.gan},
          {"loss_g_ba", from_b.gan},
          {"loss_cycle_a", from_a.cycle},
          {"loss_cycle_b", from_b.cycle},
          {"loss_identity_a", from_b.identity},
          {"loss_identity_b", from_a.identity},
          {"loss_d_a", loss_d_a},
          {"loss_d_b", loss_d_b}};
}

std::vector<std::pair<std::string, Tensor>> CycleGanModel::last_batch() const {
  return last_batch_;
}

void CycleGanModel::set_sample_pictures(const std::vector<std::vector<Tensor>>& pictures) {
  sample_pictures_ = pictures;
}

// For each domain three rows: pictures, their translations, and these translated back.
SampleSheet CycleGanModel::samples() {
  SampleSheet sheet;
  for (std::size_t domain = 0; domain < sample_pictures_.size(); ++domain) {
    std::vector<Tensor> there, back;
    for (const Tensor& picture : sample_pictures_[domain]) {
      sheet.pictures.push_back(picture);
      there.push_back(translate(picture, domain == 0 ? "AtoB" : "BtoA", false));
      back.push_back(translate(there.back(), domain == 0 ? "BtoA" : "AtoB", false));
    }
    sheet.columns = static_cast<int>(there.size());
    sheet.pictures.insert(sheet.pictures.end(), there.begin(), there.end());
    sheet.pictures.insert(sheet.pictures.end(), back.begin(), back.end());
  }
  return sheet;
}

Model::Translator CycleGanModel::translator(const std::string& direction) const {
  const SideRule rule = side_rule(net_);
  if (direction == "AtoB") return {"g_ab", g_ab_.get(), rule.multiple, rule.smallest};
  if (direction == "BtoA") return {"g_ba", g_ba_.get(), rule.multiple, rule.smallest};
  fail("--direction", fmt::format("unknown '{}'; use AtoB or BtoA", direction));
}

Tensor CycleGanModel::translate(const Tensor& pictures, const std::string& direction, bool raw) {
  translator(direction);  // checks the name
  Module& g = direction == "AtoB" ? *g_ab_ : *g_ba_;
  const NoGrad no_grad;
  const NetworkGroup::Averaged averaged(*g_, !raw);
  g.set_training(false);
  const Tensor drawn = g(pictures);
  g.set_training(true);
  return drawn;
}

void CycleGanModel::save(CheckpointWriter& writer, bool full) {
  g_->save(writer, full);
  d_->save(writer, full);
  if (!full) return;
  pool_a_.save(writer, "pool.a");
  pool_b_.save(writer, "pool.b");
}

void CycleGanModel::load(const CheckpointFile& file, bool full) {
  g_->load(file, full);
  d_->load(file, full);
  if (!full) return;
  pool_a_.load(file, "pool.a", net_.channels, net_.dtype, net_.device);
  pool_b_.load(file, "pool.b", net_.channels, net_.dtype, net_.device);
}

std::map<std::string, std::uint64_t> CycleGanModel::counters() const {
  std::map<std::string, std::uint64_t> all{{"dropout", dropout_stream_.position()},
                                           {"pool_a", pool_a_.position()},
                                           {"pool_b", pool_b_.position()},
                                           {"pool_a_count", pool_a_.count()},
                                           {"pool_b_count", pool_b_.count()}};
  g_->add_counters(all);
  d_->add_counters(all);
  return all;
}

void CycleGanModel::set_counters(const std::map<std::string, std::uint64_t>& all) {
  dropout_stream_.set_position(counter_of(all, "dropout"));
  pool_a_.set_position(counter_of(all, "pool_a"));
  pool_b_.set_position(counter_of(all, "pool_b"));
  if (counter_of(all, "pool_a_count") != pool_a_.count() ||
      counter_of(all, "pool_b_count") != pool_b_.count())
    fail("resume", "the checkpoint is damaged: pictures of its pools are missing; use an older checkpoint");
  g_->set_counters(all);
  d_->set_counters(all);
}

std::string CycleGanModel::first_nonfinite() const {
  const std::string name = g_->first_nonfinite();
  return name.empty() ? d_->first_nonfinite() : name;
}

std::vector<std::string> CycleGanModel::never_updated() const {
  std::vector<std::string> names = g_->never_updated();
  for (std::string& name : d_->never_updated()) names.push_back(std::move(name));
  return names;
}

}  // namespace sumi
