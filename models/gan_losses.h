// What discriminator and generator minimise. With s = sigmoid of the logit:
//   vanilla      L_D = -[log s(D(x)) + log(1 - s(D(G(z))))]     L_G = -log s(D(G(z)))         Goodfellow 2014
//   saturating   the same L_D                                   L_G = log(1 - s(D(G(z))))     the paper's
//   minimax form lsgan        L_D = (D(x) - 1)^2 + D(G(z))^2                 L_G = (D(G(z)) - 1)^2 Mao 2017
// each a mean over the batch. label_smooth replaces the real label 1 in L_D by 1 - label_smooth (Salimans
// 2016).
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

  // For the statistics, without gradients. A score is what stats.jsonl calls D(x): a probability for vanilla and
  // saturating, the output itself for lsgan; above 0.5 means "real" for both.
  Tensor mean_score(const Tensor& logits) const;
  // The share of logits that say "real".
  Tensor share_real(const Tensor& logits) const;

 private:
  enum class Mode : std::uint8_t { vanilla, saturating, lsgan };
  Mode mode_;
  double real_label_;
};

}  // namespace sumi
