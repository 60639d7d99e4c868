// Training of the lab's GAN.
#include "lab/gan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/error.h"

namespace sumi::lab {
namespace {

enum Status : std::uint8_t { kLossD, kPenalty, kLossG, kRealScore, kFakeScore };

constexpr std::uint64_t kChoiceStream = 7;  // of the real batches; the others are RngStream's

}  // namespace

GanSession::GanSession() {
  options_.lr_g = options_.lr_d = options_.lr;
}
GanSession::~GanSession() = default;

std::unique_ptr<Session> open_gan() {
  return std::make_unique<GanSession>();
}

void GanSession::put(const std::string& name, const Tensor& values) {
  if (name == "latent") {
    latent_points_ = values;
  } else if (name == "points") {
    points_ = values;
  } else if (name == "data") {
    forget_step();
    data_ = values;
    data_values_ = values.to_vector<float>();
  } else {
    fail_unknown("tensor", name);
  }
}

int GanSession::run(const std::string& action) {
  if (action == "restart") {
    stale_ = Stale::networks;
    refresh();
  } else if (action == "back") {
    refresh();
    if (undo_.empty()) fail("back", "no earlier step is kept; raise history");
    forget_step();
    restore(undo_.back());
    undo_.pop_back();
  } else if (action == "phase") {
    refresh();
    advance();
  } else if (action == "step") {
    refresh();
    do advance();
    while (phase_ != Phase::draw || critic_ != 0);
  } else {
    fail_unknown("action", action);
  }
  return 0;
}

// Builds what the settings have changed.
void GanSession::refresh() {
  if (stale_ == Stale::none) return;
  const Stale stale = std::exchange(stale_, Stale::none);
  forget_step();
  undo_.clear();
  if (stale == Stale::networks) build_networks();
  build_trainers();
}

void GanSession::build_networks() {
  // An incomplete change must not leave trainers of networks that are gone.
  generator_.reset();
  discriminator_.reset();
  g_ = lab_generator(options_, settings_);
  d_ = lab_discriminator(options_, settings_);
  g_->set_name("g");
  d_->set_name("d");
  RandomStream init(options_.seed, stream_number(RngStream::init));
  // Dense layers without a norm keep the size of their values (He 2015); the others are DCGAN's.
  const bool points = settings_.network == "points";
  const InitOptions rule = points ? InitOptions{"kaiming", 1} : InitOptions{};
  initialize(*g_, rule, init);
  const bool plain = points || settings_.d_norm == "none";
  initialize(*d_, plain ? InitOptions{"kaiming", 1} : InitOptions{}, init);
  const std::uint64_t seed = options_.seed;
  noise_.emplace(seed, stream_number(RngStream::noise));
  choice_.emplace(seed, kChoiceStream);
  latent_.emplace(options_.latent, options_.nz, seed, DType::f32, Device{});
  RandomStream fixed(seed, stream_number(RngStream::fixed_noise));
  fixed_noise_ = latent_->draw(settings_.shown, fixed);
  step_ = 0;
  status_ = {};
}

void GanSession::build_trainers() {
  generator_.emplace(std::vector<Module*>{g_.get()}, options_, true);
  discriminator_.emplace(options_, *d_, RngStream::discriminator);
}

// Drops the phases of a step that is not complete.
void GanSession::forget_step() {
  tape_.reset();
  phase_ = Phase::draw;
  critic_ = 0;
  real_ = z_ = fake_ = fake_gradient_ = {};
  stats_ = {};
}

void GanSession::advance() {
  switch (phase_) {
    case Phase::draw:
      return draw();
    case Phase::d_backward:
      return backward_d();
    case Phase::d_update:
      return update_d();
    case Phase::g_backward:
      return backward_g();
    case Phase::g_update:
      return update_g();
  }
}

// Real samples, each as likely.
Tensor GanSession::real_batch() {
  if (!data_) fail("data", "is missing; give the GAN something to learn");
  Shape shape = data_.shape();
  const Shape wanted = settings_.network == "points"
                           ? Shape{shape.n, 1, 1, 2}
                           : Shape{shape.n, options_.size, options_.size, options_.channels};
  if (!(shape == wanted))
    fail("data", "has the shape " + shape.str() + ", and the networks learn " + wanted.str());
  const std::int64_t count = shape.n, each = shape.h * shape.w * shape.c;
  shape.n = options_.batch_size;
  const std::vector<float> random = choice_->uniform({shape.n, 1, 1, 1}, DType::f32, {}).to_vector<float>();
  std::vector<float> values(static_cast<std::size_t>(shape.count()));
  for (std::int64_t i = 0; i < shape.n; ++i) {
    const auto sample =
        static_cast<std::int64_t>(random[static_cast<std::size_t>(i)] * static_cast<float>(count));
    const auto from = data_values_.begin() + std::min(sample, count - 1) * each;
    std::copy(from, from + each, values.begin() + i * each);
  }
  return Tensor::from(values, shape, DType::f32, {});
}

void GanSession::draw() {
  const bool first = critic_ == 0;
  if (first && settings_.history > 0) {
    undo_.push_back(snapshot());
    while (undo_.size() > static_cast<std::size_t>(settings_.history)) undo_.pop_front();
  }
  tape_.reset();
  real_ = real_batch();
  z_ = latent_->draw(options_.batch_size, *noise_);
  fake_gradient_ = {};
  tape_.emplace();
  fake_ = (*g_)(z_);
  phase_ = Phase::d_backward;
}

void GanSession::backward_d() {
  DiscriminatorTrainer& d = *discriminator_;
  d.set_penalty_due(d.penalty_due());
  d.arena().begin();
  stats_ = d.accumulate_gradients(*tape_, {{real_, true}, {fake_, false}});
  const GanLoss& loss = d.loss();
  status_[kLossD] = stats_.loss.item();
  status_[kPenalty] = stats_.penalty ? stats_.penalty.item() : 0;
  status_[kRealScore] = loss.mean_score(stats_.real_logits).item();
  status_[kFakeScore] = loss.mean_score(stats_.fake_logits).item();
  phase_ = Phase::d_update;
}

void GanSession::update_d() {
  DiscriminatorTrainer& d = *discriminator_;
  d.group().set_lr(options_.lr_d);
  d.group().update();
  if (options_.clip_weights > 0) d.group().clip_weights(options_.clip_weights);
  ++critic_;
  phase_ = critic_ < options_.n_critic ? Phase::draw : Phase::g_backward;
}

// In two halves, so that the gradient at the samples can be shown: through D, then through G.
void GanSession::backward_g() {
  const FreezeGuard frozen(discriminator_->arena());
  generator_->arena().begin();
  const Tensor samples = fake_.detach();
  samples.set_requires_grad(true);
  const Tape::Mark mark = tape_->mark();
  Tensor loss = discriminator_->generator_loss(samples, real_);
  if (options_.mode_seeking > 0)
    loss = add(loss, affine(mode_seeking_loss(z_, samples), options_.mode_seeking));
  tape_->backward(loss, mark);
  fake_gradient_ = samples.grad();
  tape_->backward(fake_, 0, fake_gradient_);
  status_[kLossG] = loss.item();
  phase_ = Phase::g_update;
}

void GanSession::update_g() {
  generator_->set_lr(options_.lr_g);
  generator_->update();
  ++step_;
  critic_ = 0;
  phase_ = Phase::draw;
  tape_.reset();
}

GanSession::Snapshot GanSession::snapshot() {
  Snapshot kept;
  for (TrainableNetworks* group : {&*generator_, &discriminator_->group()}) {
    for (const Tensor& tensor : group->state()) kept.tensors.push_back(tensor.clone());
    group->add_counters(kept.counters);
  }
  kept.positions = {noise_->position(), choice_->position(), discriminator_->stream().position()};
  kept.step = step_;
  kept.status = status_;
  return kept;
}

void GanSession::restore(const Snapshot& kept) {
  std::size_t next = 0;
  for (TrainableNetworks* group : {&*generator_, &discriminator_->group()}) {
    for (const Tensor& tensor : group->state()) tensor.assign(kept.tensors[next++]);
    group->set_counters(kept.counters);
    group->arena().refresh_copy();
  }
  noise_->set_position(kept.positions[0]);
  choice_->set_position(kept.positions[1]);
  discriminator_->stream().set_position(kept.positions[2]);
  step_ = kept.step;
  status_ = kept.status;
}

}  // namespace sumi::lab
