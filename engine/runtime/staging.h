// Transfers batches from the host to a CUDA device while the device works on an earlier one: pinned
// host buffers, and a separate stream for the copies.
#pragma once

#include <memory>
#include <vector>

#include "engine/tensor.h"

namespace sumi {

// A ring of `depth` buffers, each pinned on the host with a counterpart on the device; they grow as
// needed. On cpu and ref there is nothing to overlap, and upload() is Tensor::from. For one thread,
// and not while its stream is captured.
class Staging {
 public:
  // `depth` >= 1 is the number of uploads in flight. To overlap one step's copies with the previous
  // step's work, use two per upload of a step, or three if the tensors live until the next step.
  explicit Staging(const Device& device, int depth = 3);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  // Returns `values`, in NHWC order, as a tensor on this device, converted to `dtype` (f32 or bf16
  // on a CUDA device). Does not wait for the device unless the copy of `depth` uploads ago is still
  // pending. `values` may be changed after the call, and work submitted from then on finds the
  // tensor filled. The tensor's memory is reused only when no tensor refers to it any more. Throws
  // Error if the count is not the shape's.
  Tensor upload(const std::vector<float>& values, const Shape& shape, DType dtype);

 private:
  class Ring;

  Device device_;
  std::unique_ptr<Ring> ring_;  // null on the host
};

}  // namespace sumi
