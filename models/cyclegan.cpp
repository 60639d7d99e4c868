#include "models/cyclegan.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/runtime/device.h"
#include "models/registry.h"
#include "models/training/batched_forward.h"
#include "models/training/micro_batches.h"
#include "models/training/rng_streams.h"

namespace sumi {
namespace {

// Streams of random numbers; a number once used keeps its meaning, so that old runs resume alike.
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
  g_ = std::make_unique<TrainableNetworks>(Named{{"g_ab", g_ab_.get()}, {"g_ba", g_ba_.get()}}, o, true);
  d_a_ = std::make_unique<DiscriminatorTrainer>(o, "d_a", std::move(d_a), kAdversary);
  d_b_ = std::make_unique<DiscriminatorTrainer>(o, "d_b", std::move(d_b), kAdversaryB);
  register_trainable(*g_, generator_rate(o));
  register_trainable(*d_a_);
  register_trainable(*d_b_);
  draws("dropout", dropout_stream_);
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
    return affine(l1(drawn, other), side.lambda_identity * side.share);
  };
  Tensor fake, total;
  if (side.lambda_identity > 0 && can_batch(*side.away, real, other)) {
    const Pair drawn = forward_pair(*side.away, real, other);
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
  Tensor gan = side.critic->generator_loss(fake, other);
  if (side.share != 1) gan = affine(gan, side.share);
  losses.gan = gan.detach();
  total = total ? add(gan, total) : gan;
  if (side.lambda_cycle > 0) {
    const Tensor cycle = affine(l1((*side.home)(fake), real), side.lambda_cycle * side.share);
    losses.cycle = cycle.detach();
    total = add(total, cycle);
  }
  tape.backward(total);
  return losses;
}

void CycleGanModel::GeneratorLosses::add(const GeneratorLosses& next) {
  const auto sum = [](const Tensor& x, const Tensor& y) { return x ? sumi::add(x, y) : y; };
  *this = {sum(gan, next.gan), sum(cycle, next.cycle), sum(identity, next.identity), next.fake};
}

std::pair<Tensor, Tensor> CycleGanModel::train_d(Tape& tape, const std::vector<std::vector<Tensor>>& batches,
                                                 const std::vector<Drawn>& drawn) {
  std::vector<std::vector<DiscriminatorTrainer::DiscriminatorInput>> shown_a, shown_b;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    shown_a.push_back({{batches[i][0], true, 0.5}, {pool_a_.query(drawn[i].a), false, 0.5}});
    shown_b.push_back({{batches[i][1], true, 0.5}, {pool_b_.query(drawn[i].b), false, 0.5}});
  }
  const Tensor a = d_a_->train(tape, shown_a).loss;
  return {a, d_b_->train(tape, shown_b).loss};
}

std::vector<Stat> CycleGanModel::run_step(const std::vector<Tensor>& real) {
  const MicroBatches steps(options_, real);
  Tape tape;
  for (int update = 0; update + 1 < steps.updates(); ++update) {
    std::vector<Drawn> drawn;
    for (const std::vector<Tensor>& batch : steps.of(update)) {
      const NoGrad no_grad;
      const Tensor b = (*g_ab_)(batch.at(0));
      drawn.push_back({(*g_ba_)(batch.at(1)), b});
    }
    train_d(tape, steps.of(update), drawn);
  }

  const std::vector<std::vector<Tensor>> batches = steps.of(steps.updates() - 1);
  const double identity = options_.lambda_identity, share = 1.0 / static_cast<double>(batches.size());
  std::vector<Drawn> drawn;
  GeneratorLosses from_a, from_b;
  g_->arena().begin();
  {
    const FreezeGuard frozen_a(d_a_->arena()), frozen_b(d_b_->arena());
    const Side side_a{g_ab_.get(), g_ba_.get(), d_b_.get(), options_.lambda_a, options_.lambda_b * identity,
                      share};
    const Side side_b{g_ba_.get(), g_ab_.get(), d_a_.get(), options_.lambda_b, options_.lambda_a * identity,
                      share};
    for (const std::vector<Tensor>& batch : batches) {
      from_a.add(generators_step(tape, side_a, batch.at(0), batch.at(1)));
      from_b.add(generators_step(tape, side_b, batch[1], batch[0]));
      drawn.push_back({from_b.fake, from_a.fake});
    }
  }
  g_->update();
  const auto [loss_d_a, loss_d_b] = train_d(tape, batches, drawn);
  const Tensor &a = batches.back()[0], &b = batches.back()[1];

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

std::vector<std::pair<std::string, Tensor>> CycleGanModel::debug_tensors() const {
  return last_batch_;
}

void CycleGanModel::set_sample_images(const std::vector<std::vector<Tensor>>& pictures) {
  sample_pictures_ = pictures;
}

// For each domain three rows: pictures, their translations, and these translated back.
SampleGrid CycleGanModel::samples() {
  SampleGrid sheet;
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
  return g_->infer(g, pictures, !raw);
}

void CycleGanModel::save(CheckpointWriter& writer, bool full) {
  Model::save(writer, full);
  if (!full) return;
  pool_a_.save(writer, "pool.a");
  pool_b_.save(writer, "pool.b");
}

void CycleGanModel::load(const CheckpointFile& file, bool full) {
  Model::load(file, full);
  if (!full) return;
  pool_a_.load(file, "pool.a", net_.channels, net_.dtype, net_.device);
  pool_b_.load(file, "pool.b", net_.channels, net_.dtype, net_.device);
}

std::map<std::string, std::uint64_t> CycleGanModel::counters() const {
  std::map<std::string, std::uint64_t> all = Model::counters();
  all["pool_a"] = pool_a_.position();
  all["pool_b"] = pool_b_.position();
  all["pool_a_count"] = pool_a_.count();
  all["pool_b_count"] = pool_b_.count();
  return all;
}

void CycleGanModel::set_counters(const std::map<std::string, std::uint64_t>& all) {
  Model::set_counters(all);
  pool_a_.set_position(counter_of(all, "pool_a"));
  pool_b_.set_position(counter_of(all, "pool_b"));
  if (counter_of(all, "pool_a_count") != pool_a_.count() ||
      counter_of(all, "pool_b_count") != pool_b_.count())
    fail("resume", "the checkpoint is damaged: pictures of its pools are missing; use an older checkpoint");
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
  for (const char* name : {"d_a", "d_b"})
    planned.push_back({name, patch_discriminator(net), picture, 8, 1, 6});
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
    .check = check_translation,
    .networks = plan_cyclegan,
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> {
      return std::make_unique<CycleGanModel>(o);
    },
};

}  // namespace sumi
