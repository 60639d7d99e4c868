#include "models/objectives/gan_loss.h"

namespace sumi {

GanLoss::GanLoss(const std::string& mode, double label_smooth)
    : mode_(mode == "lsgan"                       ? Mode::lsgan
            : mode == "saturating"                ? Mode::saturating
            : mode == "hinge"                     ? Mode::hinge
            : mode == "wgan" || mode == "wgan-gp" ? Mode::wgan
            : mode == "relativistic"              ? Mode::relativistic
                                                  : Mode::vanilla),
      real_label_(1 - label_smooth) {}

Tensor GanLoss::without_label(const Tensor& logits, bool real) const {
  const double sign = real ? -1 : 1;
  return mode_ == Mode::hinge ? mean(relu(affine(logits, sign, 1))) : affine(mean(logits), sign);
}

Tensor GanLoss::discriminator_real(const Tensor& logits) const {
  if (!has_labels()) return without_label(logits, true);
  return loss_mean(mode_ == Mode::lsgan ? Loss::squared : Loss::bce_logits, logits, real_label_);
}

Tensor GanLoss::discriminator_fake(const Tensor& logits) const {
  if (!has_labels()) return without_label(logits, false);
  return loss_mean(mode_ == Mode::lsgan ? Loss::squared : Loss::bce_logits, logits, 0.0);
}

Tensor GanLoss::generator(const Tensor& logits) const {
  if (!has_labels()) return affine(mean(logits), -1);
  if (mode_ == Mode::lsgan) return loss_mean(Loss::squared, logits, 1.0);
  if (mode_ == Mode::vanilla) return loss_mean(Loss::bce_logits, logits, 1.0);
  // log(1 - s) = -softplus(logit), the negative cross-entropy against 0.
  return affine(loss_mean(Loss::bce_logits, logits, 0.0), -1);
}

Tensor GanLoss::generator(const Tensor& logits, const Tensor& labels) const {
  return loss_mean(mode_ == Mode::lsgan ? Loss::squared : Loss::bce_logits, logits, labels);
}

// -log s(a - b) = softplus(b - a)
Tensor GanLoss::paired(const Tensor& real, const Tensor& fake) {
  return loss_mean(Loss::bce_logits, sub(real, fake), 1.0);
}

Tensor GanLoss::mean_score(const Tensor& logits) const {
  const NoGrad no_grad;
  return mean(mode_ == Mode::vanilla || mode_ == Mode::saturating ? sigmoid(logits) : logits);
}

Tensor GanLoss::share_real(const Tensor& logits) const {
  const NoGrad no_grad;
  return mean(heaviside(mode_ == Mode::lsgan ? affine(logits, 1, -0.5) : logits));
}

Tensor GanLoss::accuracy(const Tensor& real, const Tensor& fake) const {
  const NoGrad no_grad;
  if (is_paired()) return mean(heaviside(sub(real, fake)));
  return affine(sub(share_real(real), share_real(fake)), 0.5, 0.5);
}

Tensor mode_seeking_loss(const Tensor& noise, const Tensor& images) {
  const std::int64_t half = noise.shape().n / 2;
  if (half == 0 || 2 * half != noise.shape().n)
    fail("mode_seeking_loss", "needs an even batch, not " + std::to_string(noise.shape().n));
  const auto apart = [&](const Tensor& x) {
    Shape s = x.shape();
    s.n = half;
    const Tensor distance = abs(sub(slice(x, {0, 0, 0, 0}, s), slice(x, {half, 0, 0, 0}, s)));
    return sum_to(distance, {half, 1, 1, 1},
                  static_cast<double>(half) / static_cast<double>(distance.count()));
  };
  return mean(div(apart(noise), affine(apart(images), 1, 1e-5)));
}

}  // namespace sumi
