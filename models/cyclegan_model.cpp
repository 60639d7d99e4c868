#include "models/cyclegan_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/device.h"
#include "models/joined_pass.h"
#include "models/registry.h"

namespace sumi {
namespace {

// Streams of random numbers; a number once used keeps its meaning, so that old runs resume alike.
enum Stream : std::uint64_t {
  kInit = 1,
  kDropout = 2,
  kPoolA = 3,
  kPoolB = 4,
  kAdversaryA = 16,
  kAdversaryB = 17
};

Tensor l1(const Tensor& a, const Tensor& b) {
  return loss_mean(Loss::l1, a, b);
}

}  // namespace

CycleGanModel::CycleGanModel(const TrainOptions& o)
    : Model(o),
      options_(o),
      dropout_stream_(o.seed, kDropout),
      net_(translation_net_options(o)),
      pool_a_(o.pool_size, o.seed, kPoolA),
      pool_b_(o.pool_size, o.seed, kPoolB) {
  net_.dropout_stream = &dropout_stream_;
  g_ab_ = translation_generator(net_);
  g_ba_ = translation_generator(net_);
  std::unique_ptr<Sequential> d_a = patch_discriminator(net_), d_b = patch_discriminator(net_);
  RandomStream init(o.seed, kInit);
  for (const Module* network : std::initializer_list<Module*>{g_ab_.get(), g_ba_.get(), d_a.get(), d_b.get()})
    initialize(*network, {o.init_type, o.init_gain}, init);
  using Named = std::vector<std::pair<std::string, Module*>>;
  g_ = std::make_unique<NetworkGroup>(Named{{"g_ab", g_ab_.get()}, {"g_ba", g_ba_.get()}}, o, true);
  d_a_ = std::make_unique<Adversary>(o, "d_a", std::move(d_a), kAdversaryA);
  d_b_ = std::make_unique<Adversary>(o, "d_b", std::move(d_b), kAdversaryB);
}

std::vector<Model::Network> CycleGanModel::networks() {
  const Shape picture{1, options_.crop_size, options_.crop_size, options_.channels};
  return {{"g_ab", g_ab_.get(), picture},
          {"g_ba", g_ba_.get(), picture},
          {"d_a", &d_a_->network(), picture},
          {"d_b", &d_b_->network(), picture}};
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
  const Tensor gan = side.critic->generator_loss(fake, other);
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

void CycleGanModel::set_rates(double factor) {
  g_->set_lr((options_.lr_g > 0 ? options_.lr_g : options_.lr) * factor);
  d_a_->set_rate_factor(factor);
  d_b_->set_rate_factor(factor);
}

std::string CycleGanModel::phase(double) {
  const bool due = d_a_->penalty_due();  // both have had as many updates
  d_a_->set_penalty_due(due);
  d_b_->set_penalty_due(due);
  return due ? "step with penalty" : "step";
}

std::vector<Stat> CycleGanModel::run_step(const std::vector<Tensor>& real) {
  const Tensor &a = real.at(0), &b = real.at(1);
  const double identity = options_.lambda_identity;
  Tape tape;

  g_->arena().begin();
  GeneratorLosses from_a, from_b;
  {
    const Frozen frozen_a(d_a_->arena()), frozen_b(d_b_->arena());
    const Side side_a{g_ab_.get(), g_ba_.get(), d_b_.get(), options_.lambda_a, options_.lambda_b * identity};
    const Side side_b{g_ba_.get(), g_ab_.get(), d_a_.get(), options_.lambda_b, options_.lambda_a * identity};
    from_a = generators_step(tape, side_a, a, b);
    from_b = generators_step(tape, side_b, b, a);
  }
  g_->update();

  const Tensor loss_d_a = d_a_->train(tape, {{a, true, 0.5}, {pool_a_.query(from_b.fake), false, 0.5}}).loss;
  const Tensor loss_d_b = d_b_->train(tape, {{b, true, 0.5}, {pool_b_.query(from_a.fake), false, 0.5}}).loss;

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
  d_a_->save(writer, full);
  d_b_->save(writer, full);
  if (!full) return;
  pool_a_.save(writer, "pool.a");
  pool_b_.save(writer, "pool.b");
}

void CycleGanModel::load(const CheckpointFile& file, bool full) {
  g_->load(file, full);
  d_a_->load(file, full);
  d_b_->load(file, full);
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
  d_a_->add_counters(all);
  d_b_->add_counters(all);
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
  d_a_->set_counters(all);
  d_b_->set_counters(all);
}

std::string CycleGanModel::first_nonfinite() const {
  for (const NetworkGroup* group : {g_.get(), &d_a_->group(), &d_b_->group()})
    if (std::string name = group->first_nonfinite(); !name.empty()) return name;
  return "";
}

std::vector<std::string> CycleGanModel::never_updated() const {
  std::vector<std::string> names;
  for (const NetworkGroup* group : {g_.get(), &d_a_->group(), &d_b_->group()})
    for (std::string& name : group->never_updated()) names.push_back(std::move(name));
  return names;
}

namespace {

std::vector<PlannedNetwork> plan_cyclegan(const TrainOptions& o) {
  const TranslationNetOptions net = translation_net_options(o);
  const Shape picture{1, o.crop_size, o.crop_size, o.channels};
  std::vector<PlannedNetwork> planned;
  // g_ab: forward and both gradients as translation, as the way back, and on its own domain's pictures. Of one cycle the
  // translation (with the other domain's pictures, where they go through together) and the way back are kept.
  const bool identity = o.lambda_identity > 0;
  const double kept = identity && net.norm != LayerSpec::Norm::batch ? 1.5 : 1;
  for (const char* name : {"g_ab", "g_ba"})
    planned.push_back({name, translation_generator(net), picture, identity ? 9.0 : 6.0, kept});
  for (const char* name : {"d_a", "d_b"}) planned.push_back({name, patch_discriminator(net), picture, 8, 1});
  return planned;
}

}  // namespace

const ModelSpec cyclegan_spec{
    .name = "cyclegan",
    .summary = "translation between two folders of unpaired pictures",
    .reference = "Zhu 2017",
    .data = "two folders of pictures, which need not match",
    .domains = 2,
    .crops = true,
    .generators = {"resnet_9blocks", "resnet_6blocks", "unet_128", "unet_256"},
    .set_defaults =
        [](TrainOptions& o) {
          o.batch_size = 1;
          o.epochs = o.epochs_decay = 100;
          o.lr_policy = "linear";
          o.gan_mode = "lsgan";
        },
    .check = check_crop_size,
    .networks = plan_cyclegan,
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> {
      return std::make_unique<CycleGanModel>(o);
    },
};

}  // namespace sumi
