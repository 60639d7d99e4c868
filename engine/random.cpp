#include "engine/random.h"

#include "engine/device.h"

namespace sumi {

Tensor RandomStream::normal(const Shape& shape, DType dtype, const Device& device, double mean, double std) {
  Tensor t = Tensor::empty(shape, dtype, device);
  kernels::normal(exec_on(device), key_, mean, std, t.mut());
  key_.position += static_cast<std::uint64_t>(t.count());
  return t;
}

Tensor RandomStream::uniform(const Shape& shape, DType dtype, const Device& device, double lo, double hi) {
  Tensor t = Tensor::empty(shape, dtype, device);
  kernels::uniform(exec_on(device), key_, lo, hi, t.mut());
  key_.position += static_cast<std::uint64_t>(t.count());
  return t;
}

Tensor RandomStream::bernoulli(const Shape& shape, DType dtype, const Device& device, double p,
                               double scale) {
  Tensor t = Tensor::empty(shape, dtype, device);
  kernels::bernoulli(exec_on(device), key_, p, scale, t.mut());
  key_.position += static_cast<std::uint64_t>(t.count());
  return t;
}

}  // namespace sumi
