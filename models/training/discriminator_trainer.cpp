#include "models/training/discriminator_trainer.h"

#include <algorithm>

namespace sumi {
namespace {

bool one_size(const std::vector<DiscriminatorTrainer::DiscriminatorInput>& shown) {
  return std::all_of(shown.begin(), shown.end(), [&](const DiscriminatorTrainer::DiscriminatorInput& s) {
    Shape a = s.pictures.shape(), b = shown[0].pictures.shape();
    a.n = b.n = 1;
    return a == b;
  });
}

Tensor total(const Tensor& sum, const Tensor& next) {
  return sum ? add(sum, next) : next;
}

}  // namespace

double gradient_penalty_weight(const TrainOptions& o) {
  return o.lambda_gp > 0 ? o.lambda_gp : o.gan_mode == "wgan-gp" ? 10 : 0;
}

DiscriminatorTrainer::DiscriminatorTrainer(const TrainOptions& o, std::string name,
                                           std::unique_ptr<Sequential> d, std::uint64_t stream,
                                           std::unique_ptr<Sequential> head)
    : name_(std::move(name)),
      d_(std::move(d)),
      head_(std::move(head)),
      loss_(o.gan_mode, o.label_smoothing),
      augmentation_(parse_augmentation(o.diffaugment)),
      rate_(o.lr_d > 0 ? o.lr_d : o.lr),
      gp_(gradient_penalty_weight(o)),
      r1_(o.r1),
      clip_weights_(o.clip_weights),
      noise_(o.instance_noise),
      feature_matching_(o.feature_matching),
      r1_every_(o.r1_interval),
      random_labels_(o.generator_target == "random"),
      stream_(o.seed, stream) {
  std::vector<std::pair<std::string, Module*>> networks{{name_, d_.get()}};
  if (head_) networks.emplace_back("q", head_.get());
  group_ = std::make_unique<TrainableNetworks>(networks, o, false);
  group_->set_lr(rate_);
}

Tensor DiscriminatorTrainer::shown(const Tensor& pictures, const Tensor& condition) {
  Tensor x = pictures;
  if (noise_ > 0) x = add(x, stream_.normal(x.shape(), x.dtype(), x.device(), 0, noise_));
  if (augmentation_.any()) x = augment(x, augmentation_, stream_);
  if (!condition) return x;
  const Shape& s = x.shape();
  return concat({x, broadcast_to(condition, {s.n, s.h, s.w, condition.shape().c})}, 3);
}

DiscriminatorTrainer::Seen DiscriminatorTrainer::see(const Tensor& x, bool wanted) {
  if (!wanted) return {{}, (*d_)(x)};
  const std::size_t last = d_->size() - 1;
  const Tensor features = d_->run(x, 0, last);
  return {features, d_->run(features, last, last + 1)};
}

bool DiscriminatorTrainer::penalty_due() const {
  return r1_ > 0 && group_->updates() % r1_every_ == 0;
}

DiscriminatorTrainer::DiscriminatorStats DiscriminatorTrainer::train(
    Tape& tape, const std::vector<std::vector<DiscriminatorInput>>& batches) {
  group_->arena().begin();
  DiscriminatorStats sum;
  for (const std::vector<DiscriminatorInput>& shown : batches) {
    const DiscriminatorStats verdict = look(tape, shown, 1.0 / static_cast<double>(batches.size()));
    const Tensor loss = total(sum.loss, verdict.loss);
    sum = verdict;
    sum.loss = loss;
  }
  group_->update();
  if (clip_weights_ > 0) group_->clip_weights(clip_weights_);
  return sum;
}

DiscriminatorTrainer::DiscriminatorStats DiscriminatorTrainer::look(
    Tape& tape, const std::vector<DiscriminatorInput>& all, double scale) {
  const Tape::Mark from = tape.mark();
  const auto share = [&](const Tensor& value, double weight) {
    return weight == 1 ? value : affine(value, weight);
  };
  const auto loss_of = [&](const Tensor& logits, const DiscriminatorInput& s) {
    return share(s.real ? loss_.discriminator_real(logits) : loss_.discriminator_fake(logits),
                 s.weight * scale);
  };
  DiscriminatorStats verdict;
  Tensor first_real, first_fake;  // as they were shown
  std::vector<Tensor> pictures;
  for (const DiscriminatorInput& s : all) {
    pictures.push_back(shown(s.pictures.detach(), s.condition));
    if (Tensor& first = s.real ? first_real : first_fake; !first) first = pictures.back();
  }
  const auto note = [&](const Tensor& logits, const DiscriminatorInput& s) {
    if (Tensor& first = s.real ? verdict.real_logits : verdict.fake_logits; !first) first = logits.detach();
  };
  Tensor loss;
  const bool plain = std::none_of(all.begin(), all.end(),
                                  [](const DiscriminatorInput& s) { return s.head_loss != nullptr; });
  if (all.size() > 1 && plain && one_size(all) &&
      !d_->uses_batch_statistics()) {  // one pass gives what several would
    const Tensor logits = (*d_)(concat(pictures, 0));
    Shape at{0, 0, 0, 0}, extent = logits.shape();
    for (const DiscriminatorInput& s : all) {
      extent.n = s.pictures.shape().n;
      const Tensor part = slice(logits, at, extent);
      at.n += extent.n;
      note(part, s);
      loss = total(loss, loss_of(part, s));
    }
    tape.backward(loss, from);
    loss = loss.detach();
  } else {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Seen seen = see(pictures[i], all[i].head_loss != nullptr);
      note(seen.logits, all[i]);
      Tensor part = loss_of(seen.logits, all[i]);
      if (all[i].head_loss) part = add(part, affine(all[i].head_loss((*head_)(seen.features)), scale));
      tape.backward(part, from);  // its activations are gone before the next pass
      loss = total(loss, part.detach());
    }
  }
  verdict.loss = loss;
  const auto penalize = [&](const Tensor& penalty) {
    tape.backward(penalty, from);
    verdict.penalty = total(verdict.penalty, penalty.detach());
  };
  if (gp_ > 0 && first_real && first_fake)
    penalize(affine(gradient_penalty(tape, first_real, first_fake), gp_ * scale));
  if (r1_due_ && first_real) penalize(affine(r1_penalty(tape, first_real), r1_ / 2 * r1_every_ * scale));
  return verdict;
}

Tensor DiscriminatorTrainer::squared_gradient(Tape& tape, const Tensor& x) {
  const Tape::Mark from = tape.mark();
  const Tensor point = x.detach();
  point.set_requires_grad(true);
  const Tensor gradient = tape.grad(sum((*d_)(point)), {point}, true, {}, from)[0];
  return sum_to(square(gradient), {x.shape().n, 1, 1, 1});
}

// E[(|grad D(x)| - 1)^2] at points between real and fake, one for each pair (Gulrajani 2017).
Tensor DiscriminatorTrainer::gradient_penalty(Tape& tape, const Tensor& real, const Tensor& fake) {
  const Tensor a = stream_.uniform({real.shape().n, 1, 1, 1}, real.dtype(), real.device());
  const Tensor norm = sqrt(affine(squared_gradient(tape, add(real, mul(a, sub(fake, real)))), 1, 1e-16));
  return mean(square(affine(norm, 1, -1)));
}

// E[|grad D(x)|^2] on real pictures (Mescheder 2018).
Tensor DiscriminatorTrainer::r1_penalty(Tape& tape, const Tensor& real) {
  return mean(squared_gradient(tape, real));
}

Tensor DiscriminatorTrainer::generator_loss(const Tensor& fake, const Tensor& real, const Tensor& condition,
                                            const AuxiliaryLoss& head_loss) {
  const bool matches = feature_matching_ > 0;
  const auto [features, logits] = see(shown(fake, condition), matches || head_loss);
  Tensor loss = random_labels_ ? loss_.generator(
                                     logits, stream_.uniform(logits.shape(), logits.dtype(), logits.device()))
                               : loss_.generator(logits);
  if (head_loss) loss = add(loss, head_loss((*head_)(features)));
  if (!matches) return loss;
  Tensor wanted;
  {
    const NoGrad no_grad;
    wanted = see(shown(real, condition), true).features;
  }
  // |E f(x) - E f(G(z))|^2 over the features of the batch (Salimans 2016, section 3.1), a mean over features.
  const auto mean_features = [](const Tensor& f) {
    Shape one = f.shape();
    one.n = 1;
    return sum_to(f, one, 1 / static_cast<double>(f.shape().n));
  };
  const Tensor apart = loss_mean(Loss::squared, mean_features(features), mean_features(wanted));
  return add(loss, affine(apart, feature_matching_));
}

}  // namespace sumi
