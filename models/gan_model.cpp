#include "models/gan_model.h"

#include <fmt/format.h>

#include <algorithm>

namespace sumi {
namespace {

// Streams of random numbers; a number once used keeps its meaning, so that old runs resume alike.
enum Stream : std::uint64_t { kInit = 1, kNoise = 2, kFixedNoise = 3 };

AdamOptions adam_options(const TrainOptions& o, bool generator) {
  AdamOptions a;
  a.beta1 = o.beta1;
  a.beta2 = o.beta2;
  a.clip_norm = o.clip_grad;
  a.ema_decay = generator ? o.ema : 0;
  return a;
}

}  // namespace

struct GanModel::Trained {
  Trained(const std::string& name, Module& network, const AdamOptions& options)
      : arena({{name, &network}}), adam(arena, options), name(name), buffers(network.buffers()) {
    for (Parameter& buffer : buffers) {
      buffer.name = name + "." + buffer.name;
      if (adam.ema()) ema_buffers.push_back(buffer.value.clone());
    }
  }

  // Adam, and the running statistics' own average: averaged weights need statistics that lag as they do.
  void update(double lr) {
    adam.step(lr);
    const double decay = adam.options().ema_decay;
    for (std::size_t i = 0; i < ema_buffers.size(); ++i)
      ema_buffers[i].assign(add(affine(ema_buffers[i], decay), affine(buffers[i].value, 1 - decay)));
  }

  // Exchanges the trained weights and statistics for their averages, and back.
  void swap_ema() {
    const Tensor trained = arena.values().clone();
    arena.values().assign(adam.ema());
    adam.ema().assign(trained);
    for (std::size_t i = 0; i < ema_buffers.size(); ++i) {
      const Tensor live = buffers[i].value.clone();
      buffers[i].value.assign(ema_buffers[i]);
      ema_buffers[i].assign(live);
    }
  }

  // "g.main.0.weight" -> "optim.g.m.main.0.weight"
  std::string moment_name(const char* moment, const ParamArena::Slot& slot) const {
    return "optim." + name + "." + moment + slot.parameter.name.substr(name.size());
  }

  ParamArena arena;
  AdamOptimizer adam;
  std::string name;
  std::vector<Parameter> buffers;   // of the network, names prefixed
  std::vector<Tensor> ema_buffers;  // as many, or none
};

GanModel::GanModel(const TrainOptions& o, std::unique_ptr<Sequential> g, std::unique_ptr<Sequential> d,
                   const NetOptions& net)
    : net_(net),
      g_(std::move(g)),
      d_(std::move(d)),
      loss_(o.gan_mode, o.label_smooth),
      policy_{o.lr_policy, o.epochs, o.epochs_decay},
      lr_g_(o.lr_g > 0 ? o.lr_g : o.lr),
      lr_d_(o.lr_d > 0 ? o.lr_d : o.lr),
      noise_stream_(o.seed, kNoise),
      has_ema_(o.ema > 0) {
  RandomStream init(o.seed, kInit);
  initialize(*g_, {o.init_type, o.init_gain}, init);
  initialize(*d_, {o.init_type, o.init_gain}, init);
  g_trained_ = std::make_unique<Trained>("g", *g_, adam_options(o, true));
  d_trained_ = std::make_unique<Trained>("d", *d_, adam_options(o, false));
  RandomStream fixed(o.seed, kFixedNoise);
  fixed_noise_ = noise(64, fixed);
}

GanModel::~GanModel() = default;

std::vector<Model::Network> GanModel::networks() {
  return {{"g", g_.get(), {1, 1, 1, net_.nz}}, {"d", d_.get(), {1, net_.size, net_.size, net_.channels}}};
}

Tensor GanModel::noise(std::int64_t count, RandomStream& stream) const {
  return stream.normal({count, 1, 1, net_.nz}, net_.dtype, net_.device);
}

// Sums of what d said, for the statistics.
struct GanModel::ScoreCount {
  double sum = 0, right = 0;
  ScoreCount(const Tensor& logits, const GanLoss& loss, bool real) {
    const std::vector<double> values = logits.to_vector<double>();
    for (const double logit : values) {
      const double score = loss.score(logit);
      sum += score;
      right += (score > 0.5) == real ? 1 : 0;
    }
    sum /= static_cast<double>(values.size());
    right /= static_cast<double>(values.size());
  }
};

StepStats GanModel::step(const Tensor& real, double epoch) {
  const double rate = policy_.factor(epoch);
  const std::int64_t n = real.shape().n;
  last_real_ = real;
  last_noise_ = noise(n, noise_stream_);

  Tape tape;
  // The fake is drawn once, on the tape: d sees it detached, g's step walks through it.
  const Tensor fake = (*g_)(last_noise_);
  last_fake_ = fake.detach();
  const Tape::Mark mark = tape.mark();

  // L_D on real, then on fake: two passes, so that batch norm sees each kind by itself.
  d_trained_->arena.begin();
  const Tensor on_real = (*d_)(real);
  const Tensor loss_real = loss_.discriminator_real(on_real);
  tape.backward(loss_real, mark);
  const Tensor on_fake = (*d_)(last_fake_);
  const Tensor loss_fake = loss_.discriminator_fake(on_fake);
  tape.backward(loss_fake, mark);
  d_trained_->update(lr_d_ * rate);

  // L_G through the updated d, whose own gradients nobody needs now.
  g_trained_->arena.begin();
  Tensor loss_g;
  {
    const Frozen frozen(d_trained_->arena);
    loss_g = loss_.generator((*d_)(fake));
    tape.backward(loss_g);
  }
  g_trained_->update(lr_g_ * rate);

  const ScoreCount real_score(on_real, loss_, true), fake_score(on_fake, loss_, false);
  return {{"loss_d", loss_real.item() + loss_fake.item()},
          {"loss_g", loss_g.item()},
          {"d_real", real_score.sum},
          {"d_fake", fake_score.sum},
          {"d_accuracy", (real_score.right + fake_score.right) / 2}};
}

std::vector<std::pair<std::string, Tensor>> GanModel::last_batch() const {
  return {{"real", last_real_}, {"noise", last_noise_}, {"fake", last_fake_}};
}

Tensor GanModel::samples() {
  return generate(fixed_noise_, false);
}

Tensor GanModel::generate(const Tensor& z, bool raw) {
  const NoGrad no_grad;
  const bool average = has_ema_ && !raw;
  if (average) g_trained_->swap_ema();
  g_->set_training(false);
  const Tensor pictures = (*g_)(z);
  g_->set_training(true);
  if (average) g_trained_->swap_ema();
  return pictures;
}

void GanModel::save(CheckpointWriter& writer, bool full) {
  for (const Trained* t : {g_trained_.get(), d_trained_.get()}) {
    for (const ParamArena::Slot& slot : t->arena.slots()) {
      writer.add(slot.parameter.name, slot.parameter.value);
      if (t->adam.ema()) writer.add("ema." + slot.parameter.name, t->arena.slice(t->adam.ema(), slot));
      if (!full) continue;
      writer.add(t->moment_name("m", slot), t->arena.slice(t->adam.m(), slot));
      writer.add(t->moment_name("v", slot), t->arena.slice(t->adam.v(), slot));
    }
  }
  for (const Trained* t : {g_trained_.get(), d_trained_.get()})
    for (std::size_t i = 0; i < t->buffers.size(); ++i) {
      writer.add(t->buffers[i].name, t->buffers[i].value);
      if (!t->ema_buffers.empty()) writer.add("ema." + t->buffers[i].name, t->ema_buffers[i]);
    }
}

void GanModel::load(const CheckpointFile& file, bool full) {
  for (Trained* t : {g_trained_.get(), d_trained_.get()}) {
    for (const ParamArena::Slot& slot : t->arena.slots()) {
      file.load(slot.parameter.name, slot.parameter.value);
      // Weights of elsewhere start their own running average.
      if (t->adam.ema()) {
        const std::string ema = "ema." + slot.parameter.name;
        file.load(full || file.has(ema) ? ema : slot.parameter.name, t->arena.slice(t->adam.ema(), slot));
      }
      if (!full) continue;
      file.load(t->moment_name("m", slot), t->arena.slice(t->adam.m(), slot));
      file.load(t->moment_name("v", slot), t->arena.slice(t->adam.v(), slot));
    }
  }
  for (const Trained* t : {g_trained_.get(), d_trained_.get()})
    for (std::size_t i = 0; i < t->buffers.size(); ++i) {
      file.load(t->buffers[i].name, t->buffers[i].value);
      if (t->ema_buffers.empty()) continue;
      const std::string ema = "ema." + t->buffers[i].name;
      file.load(full || file.has(ema) ? ema : t->buffers[i].name, t->ema_buffers[i]);
    }
}

std::map<std::string, std::uint64_t> GanModel::counters() const {
  std::map<std::string, std::uint64_t> positions{{"noise", noise_stream_.position()}};
  for (Trained* t : {g_trained_.get(), d_trained_.get()}) {
    const auto& steps = t->adam.steps();
    for (std::size_t i = 0; i < steps.size(); ++i)
      positions["adam." + t->arena.slots()[i].parameter.name] = static_cast<std::uint64_t>(steps[i]);
  }
  return positions;
}

void GanModel::set_counters(const std::map<std::string, std::uint64_t>& positions) {
  const auto get = [&](const std::string& name) {
    const auto found = positions.find(name);
    if (found == positions.end()) fail("resume", "the checkpoint's state has no entry " + name);
    return found->second;
  };
  noise_stream_.set_position(get("noise"));
  for (Trained* t : {g_trained_.get(), d_trained_.get()}) {
    auto& steps = t->adam.steps();
    for (std::size_t i = 0; i < steps.size(); ++i)
      steps[i] = static_cast<std::int64_t>(get("adam." + t->arena.slots()[i].parameter.name));
  }
}

std::string GanModel::first_nonfinite() const {
  const std::string name = g_trained_->adam.first_nonfinite();
  return name.empty() ? d_trained_->adam.first_nonfinite() : name;
}

std::vector<std::string> GanModel::never_updated() const {
  std::vector<std::string> names = g_trained_->adam.never_updated();
  for (std::string& name : d_trained_->adam.never_updated()) names.push_back(std::move(name));
  return names;
}

}  // namespace sumi
