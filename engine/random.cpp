#include "engine/random.h"

#include "engine/runtime/captured_scalars.h"
#include "engine/runtime/device.h"

namespace sumi {

// The draws of one captured step.
struct RandomStream::Captured {
  std::uint64_t step;  // CapturedScalars::id()
  // on the device: the stream's position at the start of the step
  const std::uint64_t* base = nullptr;
  std::uint64_t drawn = 0;  // values per step, known when the capture ends
};

kernels::RandomKey RandomStream::take(std::int64_t count, const Device& device) {
  kernels::RandomKey key = key_;
  const auto numbers = static_cast<std::uint64_t>(count);
  CapturedScalars* const values = CapturedScalars::current();
  if (!values || !(values->device() == device)) {
    key_.position += numbers;
    return key;
  }
  if (!captured_ || captured_->step != values->id()) {
    captured_ = std::make_shared<Captured>(Captured{values->id()});
    const auto write = [this, captured = captured_](std::uint64_t* word) {
      *word = key_.position;
      key_.position += captured->drawn;
    };
    captured_->base = static_cast<const std::uint64_t*>(values->add(1, write));
  }
  key.base = captured_->base;
  key.position = captured_->drawn;
  captured_->drawn += numbers;
  return key;
}

Tensor RandomStream::normal(const Shape& shape, DType dtype, const Device& device, double mean, double std) {
  Tensor t = Tensor::empty(shape, dtype, device);
  kernels::normal(exec_on(device), take(t.count(), device), mean, std, t.mutable_view());
  return t;
}

Tensor RandomStream::uniform(const Shape& shape, DType dtype, const Device& device, double lo, double hi) {
  Tensor t = Tensor::empty(shape, dtype, device);
  kernels::uniform(exec_on(device), take(t.count(), device), lo, hi, t.mutable_view());
  return t;
}

Tensor RandomStream::bernoulli(const Shape& shape, DType dtype, const Device& device, double p,
                               double scale) {
  Tensor t = Tensor::empty(shape, dtype, device);
  kernels::bernoulli(exec_on(device), take(t.count(), device), p, scale, t.mutable_view());
  return t;
}

}  // namespace sumi
