// Random streams. A stream is (seed, stream number, position); its position is its whole state.
#pragma once

#include <memory>

#include "engine/tensor.h"
#include "kernels/random.h"

namespace sumi {

// In a captured step (engine/runtime/captured_scalars.h) draws on the step's device start, at each
// replay, at the stream's current position, and the stream advances as in an eager step. The stream
// must outlive the captured step.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::uint64_t stream) : key_{seed, stream} {}
  RandomStream(const RandomStream&) = delete;  // a captured step may hold its address
  RandomStream& operator=(const RandomStream&) = delete;

  // Return new tensors; the position advances by the count.
  Tensor normal(const Shape& shape, DType dtype, const Device& device, double mean = 0, double std = 1);
  Tensor uniform(const Shape& shape, DType dtype, const Device& device, double lo = 0, double hi = 1);
  // `scale` with probability p, else 0.
  Tensor bernoulli(const Shape& shape, DType dtype, const Device& device, double p, double scale = 1);

  std::uint64_t position() const { return key_.position; }
  void set_position(std::uint64_t position) { key_.position = position; }

 private:
  struct Captured;

  // The key of the next `count` values on `device`.
  kernels::RandomKey take(std::int64_t count, const Device& device);

  kernels::RandomKey key_;
  std::shared_ptr<Captured> captured_;  // of the most recently captured step
};

}  // namespace sumi
