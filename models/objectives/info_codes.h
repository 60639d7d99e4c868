// Codes that a generator is told and that its pictures should show (InfoGAN, Chen 2016).
#pragma once

#include "engine/ops.h"
#include "engine/random.h"

namespace sumi {

// One categorical code of `categories` (0: none) and `continuous` codes in [-1, 1].
struct InfoCodes {
  int categories = 0, continuous = 0;

  bool any() const { return categories > 0 || continuous > 0; }
  int width() const { return categories + continuous; }
  // What the head says of a picture: logits of the category, means and (unused, as in the source) log-variances.
  int head_width() const { return categories + 2 * continuous; }

  // [n,1,1,width]: the category one-hot, then the others.
  Tensor draw(std::int64_t n, RandomStream& stream, DType dtype, const Device& device) const;
  // What is lost of the codes [n,1,1,width] in the head's guess [n,1,1,head_width], a mean over samples: the cross-entropy of
  // the category, and for each continuous code the negative log-likelihood under a normal distribution of spread 1. Up to a
  // constant it is minus the mutual information's lower bound.
  Tensor loss(const Tensor& head, const Tensor& codes) const;
};

}  // namespace sumi
