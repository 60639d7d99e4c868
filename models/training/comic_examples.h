// Steps that the trainings of the stylizer and of its hands share: which style a sample is of, and
// what the network sees of its photograph.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/ops.h"
#include "engine/random.h"

namespace sumi {

// x limited to [0,1].
Tensor clamp01(const Tensor& x);

// Mean absolute difference of neighbors along h (axis 1) or w (axis 2). Applied to the difference
// of two images, it is the distance of their gradients.
Tensor mean_step(const Tensor& x, int axis);

// Augmentation of photographs [n,h,w,3] in [0,1] that the teacher did not see: noise of a standard
// deviation of up to 16 of 255 levels, and exposure by up to 12 %.
Tensor degraded(const Tensor& photo, RandomStream& stream);

// The styles that samples may be of, out of `styles`. A model makes it once: a captured step cannot
// copy from the host.
struct StyleChoice {
  Tensor numbers;  // [1,1,1,styles]: the place among the learned styles, or -1
  std::size_t learned;
};
StyleChoice style_choice(std::int64_t styles, const std::vector<std::int64_t>& learned, DType dtype,
                         const Device& device);
// [count,1,1,styles], one-hot: a style for each sample, each as likely.
Tensor one_hot_styles(std::int64_t count, const StyleChoice& choice, RandomStream& stream);

}  // namespace sumi
