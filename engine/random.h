// Streams of random numbers. A stream is (seed, stream number, position): saving the position saves its
// state.
#pragma once

#include "engine/tensor.h"
#include "kernels/random.h"

namespace sumi {

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::uint64_t stream) : key_{seed, stream, 0} {}

  // Fresh tensors; the position advances by the count.
  Tensor normal(const Shape& shape, DType dtype, const Device& device, double mean = 0, double std = 1);
  Tensor uniform(const Shape& shape, DType dtype, const Device& device, double lo = 0, double hi = 1);
  // `scale` with probability p, else 0.
  Tensor bernoulli(const Shape& shape, DType dtype, const Device& device, double p, double scale = 1);

  std::uint64_t position() const { return key_.position; }
  void set_position(std::uint64_t position) { key_.position = position; }

 private:
  kernels::RandomKey key_;
};

}  // namespace sumi
