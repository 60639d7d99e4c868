#include "models/training/discriminator_trainer.h"

#include <algorithm>

#include "engine/runtime/trace.h"

namespace sumi {
namespace {

bool have_one_size(const DiscriminatorInputs& inputs) {
  return std::all_of(inputs.begin(), inputs.end(), [&](const DiscriminatorInput& s) {
    Shape a = s.images.shape(), b = inputs[0].images.shape();
    a.n = b.n = 1;
    return a == b;
  });
}

// Absent terms count as 0.
Tensor total(const Tensor& sum, const Tensor& next) {
  return !sum ? next : !next ? sum : add(sum, next);
}

}  // namespace

DiscriminatorTrainer::DiscriminatorTrainer(const TrainOptions& o, Module& d, RngStream stream, Module* head)
    : d_(d),
      head_(head),
      group_(head ? std::vector<Module*>{&d, head} : std::vector<Module*>{&d}, o, false),
      loss_(o.gan_mode, o.label_smoothing),
      augmentation_(parse_augmentation(o.diffaugment)),
      rate_(o.lr_d > 0 ? o.lr_d : o.lr),
      gp_(o.lambda_gp),
      r1_(o.r1),
      r2_(o.r2),
      clip_weights_(o.clip_weights),
      noise_(o.instance_noise),
      feature_matching_(o.feature_matching),
      r1_every_(o.r1_interval),
      random_labels_(o.generator_target == "random"),
      stream_(o.seed, stream_number(stream)) {
  group_.set_lr(rate_);
}

Tensor DiscriminatorTrainer::augment_input(const Tensor& images, const Tensor& condition) {
  Tensor x = images;
  if (noise_ > 0) x = add(x, stream_.normal(x.shape(), x.dtype(), x.device(), 0, noise_));
  if (augmentation_.any()) x = augment(x, augmentation_, stream_);
  if (!condition) return x;
  const Shape& s = x.shape();
  return concat({x, broadcast_to(condition, {s.n, s.h, s.w, condition.shape().c})}, 3);
}

DiscriminatorTrainer::Output DiscriminatorTrainer::forward(const Tensor& x, bool wanted) {
  if (!wanted) return {{}, d_(x)};
  auto* const layers = dynamic_cast<Sequential*>(&d_);
  if (!layers)
    fail(name(),
         "is not a list of layers, so it has no features before its last; leave out --feature-matching");
  const std::size_t last = layers->size() - 1;
  const ModuleScope scope(d_.name());  // run() enters no module
  const Tensor features = layers->run(x, 0, last);
  return {features, layers->run(features, last, last + 1)};
}

bool DiscriminatorTrainer::penalty_due() {
  return (r1_ > 0 || r2_ > 0) && group_.updates() % r1_every_ == 0;
}

DiscriminatorStats DiscriminatorTrainer::train(Tape& tape,
                                               const std::vector<DiscriminatorInputs>& micro_batches) {
  group_.begin_gradients();
  DiscriminatorStats sum;
  for (const DiscriminatorInputs& inputs : micro_batches) {
    const DiscriminatorStats stats =
        accumulate_gradients(tape, inputs, 1.0 / static_cast<double>(micro_batches.size()));
    const Tensor loss = total(sum.loss, stats.loss);
    sum = stats;
    sum.loss = loss;
  }
  group_.update();
  if (clip_weights_ > 0) group_.clip_weights(clip_weights_);
  return sum;
}

DiscriminatorStats DiscriminatorTrainer::accumulate_gradients(Tape& tape, const DiscriminatorInputs& all,
                                                              double scale) {
  const Tape::Mark from = tape.mark();
  const auto share = [&](const Tensor& value, double weight) {
    return weight == 1 ? value : affine(value, weight);
  };
  const bool paired = loss_.is_paired();
  // The part of one input; relativistic: of its pairs with the first real images.
  const auto loss_of = [&](const Tensor& logits, const DiscriminatorInput& s, const Tensor& first_logits) {
    if (paired) return s.real ? Tensor{} : share(GanLoss::paired(first_logits, logits), s.weight * scale);
    return share(s.real ? loss_.discriminator_real(logits) : loss_.discriminator_fake(logits),
                 s.weight * scale);
  };
  DiscriminatorStats stats;
  Tensor first_real, first_fake;  // after augmentation
  std::vector<Tensor> images, logits(all.size());
  const auto first_of =
      std::find_if(all.begin(), all.end(), [](const DiscriminatorInput& s) { return s.real; }) - all.begin();
  const auto real_at = std::min(static_cast<std::size_t>(first_of), all.size() - 1);
  for (const DiscriminatorInput& s : all) {
    images.push_back(augment_input(s.images.detach(), s.condition));
    if (Tensor& first = s.real ? first_real : first_fake; !first) first = images.back();
  }
  const auto note = [&](const Tensor& logits, const DiscriminatorInput& s) {
    if (Tensor& first = s.real ? stats.real_logits : stats.fake_logits; !first) first = logits.detach();
  };
  Tensor loss;
  const bool plain = std::none_of(all.begin(), all.end(),
                                  [](const DiscriminatorInput& s) { return s.auxiliary_loss != nullptr; });
  if (all.size() > 1 && plain && have_one_size(all) &&
      !d_.uses_batch_statistics()) {  // one pass gives the same result as several
    const Tensor joined = d_(concat(images, 0));
    Shape at{0, 0, 0, 0}, extent = joined.shape();
    for (std::size_t i = 0; i < all.size(); ++i) {
      extent.n = all[i].images.shape().n;
      logits[i] = slice(joined, at, extent);
      at.n += extent.n;
      note(logits[i], all[i]);
    }
    for (std::size_t i = 0; i < all.size(); ++i)
      loss = total(loss, loss_of(logits[i], all[i], logits[real_at]));
    tape.backward(loss, from);
    loss = loss.detach();
  } else {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Output output = forward(images[i], all[i].auxiliary_loss != nullptr);
      note(output.logits, all[i]);
      logits[i] = output.logits;
      Tensor part = paired ? Tensor{} : loss_of(output.logits, all[i], {});
      if (all[i].auxiliary_loss)
        part = total(part, affine(all[i].auxiliary_loss((*head_)(output.features)), scale));
      if (!paired) {
        tape.backward(part, from);  // frees its activations before the next pass
        part = part.detach();
      }
      loss = total(loss, part);
    }
    if (paired) {
      for (std::size_t i = 0; i < all.size(); ++i)
        loss = total(loss, loss_of(logits[i], all[i], logits[real_at]));
      tape.backward(loss, from);
      loss = loss.detach();
    }
  }
  stats.loss = loss;
  const auto penalize = [&](const Tensor& penalty) {
    tape.backward(penalty, from);
    stats.penalty = total(stats.penalty, penalty.detach());
  };
  if (gp_ > 0 && first_real && first_fake)
    penalize(affine(gradient_penalty(tape, first_real, first_fake), gp_ * scale));
  // E[|grad D|^2] on real images (R1, Mescheder 2018) and on generated ones (R2).
  const auto penalize_slope = [&](double weight, const Tensor& x) {
    if (weight > 0 && x) penalize(affine(mean(squared_gradient(tape, x)), weight / 2 * r1_every_ * scale));
  };
  if (r1_due_) {
    penalize_slope(r1_, first_real);
    penalize_slope(r2_, first_fake);
  }
  return stats;
}

Tensor DiscriminatorTrainer::squared_gradient(Tape& tape, const Tensor& x) {
  const Tape::Mark from = tape.mark();
  const Tensor point = x.detach();
  point.set_requires_grad(true);
  const Tensor gradient = tape.grad(sum(d_(point)), {point}, true, {}, from)[0];
  return sum_to(square(gradient), {x.shape().n, 1, 1, 1});
}

// E[(|grad D(x)| - 1)^2] at random points between real and fake, one for each pair (Gulrajani
// 2017).
Tensor DiscriminatorTrainer::gradient_penalty(Tape& tape, const Tensor& real, const Tensor& fake) {
  const Tensor a = stream_.uniform({real.shape().n, 1, 1, 1}, real.dtype(), real.device());
  const Tensor norm = sqrt(affine(squared_gradient(tape, add(real, mul(a, sub(fake, real)))), 1, 1e-16));
  return mean(square(affine(norm, 1, -1)));
}

Tensor DiscriminatorTrainer::logits_of(const Tensor& images, const Tensor& condition) {
  const NoGrad no_grad;
  return d_(augment_input(images, condition));
}

Tensor DiscriminatorTrainer::generator_loss(const Tensor& fake, const Tensor& real, const Tensor& condition,
                                            const AuxiliaryLoss& auxiliary_loss) {
  const bool matches = feature_matching_ > 0;
  const auto [features, logits] = forward(augment_input(fake, condition), matches || auxiliary_loss);
  Tensor loss;
  if (loss_.is_paired())
    loss = GanLoss::paired(logits, logits_of(real, condition));
  else if (random_labels_)
    loss = loss_.generator(logits, stream_.uniform(logits.shape(), logits.dtype(), logits.device()));
  else
    loss = loss_.generator(logits);
  if (auxiliary_loss) loss = add(loss, auxiliary_loss((*head_)(features)));
  if (!matches) return loss;
  Tensor wanted;
  {
    const NoGrad no_grad;
    wanted = forward(augment_input(real, condition), true).features;
  }
  // |E f(x) - E f(G(z))|^2 over the features of the batch (Salimans 2016, section 3.1), averaged
  // over features.
  const auto mean_features = [](const Tensor& f) {
    Shape one = f.shape();
    one.n = 1;
    return sum_to(f, one, 1 / static_cast<double>(f.shape().n));
  };
  const Tensor apart = loss_mean(Loss::squared, mean_features(features), mean_features(wanted));
  return add(loss, affine(apart, feature_matching_));
}

}  // namespace sumi
