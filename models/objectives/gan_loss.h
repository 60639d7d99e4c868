// Losses of discriminator and generator. s is the sigmoid of the logit, D the raw output:
//   vanilla     L_D = -[log s(D(x)) + log(1 - s(D(G(z))))]     Goodfellow 2014
//               L_G = -log s(D(G(z)))
//   saturating  the same L_D; L_G = log(1 - s(D(G(z))))        the paper's minimax form
//   lsgan       L_D = (D(x) - 1)^2 + D(G(z))^2                 Mao 2017
//               L_G = (D(G(z)) - 1)^2
//   hinge       L_D = max(0, 1 - D(x)) + max(0, 1 + D(G(z)))   Lim and Ye 2017
//               L_G = -D(G(z))
//   wgan        L_D = D(G(z)) - D(x), L_G = -D(G(z))           Arjovsky 2017
//   wgan-gp     the same, with a gradient penalty              Gulrajani 2017
// Each is a mean over the batch. label_smooth replaces the real label 1 in L_D by 1 - label_smooth
// (Salimans 2016) in the modes that have labels: vanilla, saturating and lsgan.
#pragma once

#include <string>

#include "engine/ops.h"

namespace sumi {

class GanLoss {
 public:
  GanLoss(const std::string& mode, double label_smooth);

  Tensor discriminator_real(const Tensor& logits) const;
  Tensor discriminator_fake(const Tensor& logits) const;
  Tensor generator(const Tensor& logits) const;
  // Against the given labels, one for each logit, instead of 1: for the modes that have labels.
  Tensor generator(const Tensor& logits, const Tensor& labels) const;
  bool has_labels() const { return mode_ != Mode::hinge && mode_ != Mode::wgan; }

  // For the statistics, without gradients. A score is D(x) in stats.jsonl: a probability for
  // vanilla and saturating, else the raw output.
  Tensor mean_score(const Tensor& logits) const;
  // Fraction of logits classified as real: above 0.5 as a probability and for lsgan, else above 0.
  Tensor share_real(const Tensor& logits) const;

 private:
  enum class Mode : std::uint8_t { vanilla, saturating, lsgan, hinge, wgan };
  // The loss for "real" or "fake" in the modes without labels.
  Tensor without_label(const Tensor& logits, bool real) const;

  Mode mode_;
  double real_label_;
};

// The distance between noise vectors divided by the distance between their images [n,h,w,c], a mean
// over pairs: small if different noise gives different images (mode-seeking regularization, Mao
// 2019). Pairs are sample i and sample n / 2 + i.
Tensor mode_seeking_loss(const Tensor& noise, const Tensor& images);

}  // namespace sumi
