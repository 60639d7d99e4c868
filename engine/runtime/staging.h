// The way of a batch from the host to a CUDA device while the device works on an earlier one: pinned host buffers, and a
// stream of their own for the copies.
#pragma once

#include <memory>
#include <vector>

#include "engine/tensor.h"

namespace sumi {

// A ring of `depth` buffers, each pinned on the host and its like on the device; they grow with need. On cpu and ref
// there is nothing to overlap, and upload() is Tensor::from. For one thread, and not while its stream is captured.
class Staging {
 public:
  // `depth` >= 1 is how many uploads may be under way. For the copies of one step to pass beside the work of the step
  // before, it takes two for each upload of a step, or three where the tensors live until the next step.
  explicit Staging(const Device& device, int depth = 3);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  // `values` in NHWC order as a tensor of this device, converted to `dtype` (f32 or bf16 on a CUDA device). Returns
  // without waiting for the device, unless the copy of `depth` uploads ago has still to be made; `values` may then be
  // changed, and whatever the device is given to do from now on finds the tensor filled. The tensor is the caller's: its
  // memory is written again only when no tensor sees it any more. Throws Error when the count is not the shape's.
  Tensor upload(const std::vector<float>& values, const Shape& shape, DType dtype);

 private:
  class Ring;

  Device device_;
  std::unique_ptr<Ring> ring_;  // null on the host
};

}  // namespace sumi
