// What discriminator and generator minimize. With s = sigmoid of the logit, D the raw output:
//   vanilla      L_D = -[log s(D(x)) + log(1 - s(D(G(z))))]     L_G = -log s(D(G(z)))         Goodfellow 2014
//   saturating   the same L_D                                   L_G = log(1 - s(D(G(z))))     the paper's minimax form
//   lsgan        L_D = (D(x) - 1)^2 + D(G(z))^2                 L_G = (D(G(z)) - 1)^2         Mao 2017
//   hinge        L_D = max(0, 1 - D(x)) + max(0, 1 + D(G(z)))   L_G = -D(G(z))                Lim and Ye 2017
//   wgan         L_D = D(G(z)) - D(x)                           L_G = -D(G(z))                Arjovsky 2017
//   wgan-gp      the same, with a gradient penalty              the same                      Gulrajani 2017
// each a mean over the batch. label_smooth replaces the real label 1 in L_D by 1 - label_smooth (Salimans 2016) for the
// modes that have labels: vanilla, saturating and lsgan.
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
  // Against labels of the caller's, one for each logit, instead of 1: for the modes that have labels.
  Tensor generator(const Tensor& logits, const Tensor& labels) const;
  bool has_labels() const { return mode_ != Mode::hinge && mode_ != Mode::wgan; }

  // For the statistics, without gradients. A score is what stats.jsonl calls D(x): a probability for vanilla and
  // saturating, else the output itself.
  Tensor mean_score(const Tensor& logits) const;
  // The share of logits that say "real": above 0.5 as a probability and for lsgan, above 0 else.
  Tensor share_real(const Tensor& logits) const;

 private:
  enum class Mode : std::uint8_t { vanilla, saturating, lsgan, hinge, wgan };
  // The loss of "real" (or "fake") where there are no labels.
  Tensor without_label(const Tensor& logits, bool real) const;

  Mode mode_;
  double real_label_;
};

}  // namespace sumi
