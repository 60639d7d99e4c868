// Codes that condition a generator and that its images should show (InfoGAN, Chen 2016).
#pragma once

#include "engine/ops.h"
#include "engine/random.h"

namespace sumi {

// One categorical code of `categories` (0: none) and `continuous` codes in [-1, 1].
struct InfoCodes {
  int categories = 0, continuous = 0;

  bool any() const { return categories > 0 || continuous > 0; }
  int width() const { return categories + continuous; }
  // Width of the head's output: logits of the category, means, and log-variances (unused, as in the
  // published code).
  int head_width() const { return categories + 2 * continuous; }

  // Random codes [n,1,1,width]: the category one-hot, then the continuous codes.
  Tensor draw(std::int64_t n, RandomStream& stream, DType dtype, const Device& device) const;
  // Loss of the head's prediction [n,1,1,head_width] of the codes [n,1,1,width], a mean over
  // samples: the cross-entropy of the category, plus for each continuous code the negative
  // log-likelihood under a normal distribution with standard deviation 1. Up to a constant, the
  // negated lower bound of the mutual information.
  Tensor loss(const Tensor& head, const Tensor& codes) const;
};

}  // namespace sumi
