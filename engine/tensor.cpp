#include "engine/tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "engine/runtime/device.h"
#include "kernels/base/dispatch.h"
#include "kernels/elementwise.h"

namespace sumi {

struct Tensor::Impl {
  Storage storage;
  std::size_t offset = 0;  // bytes
  Shape shape;
  DType dtype = DType::f32;
  Device device;
  bool requires_grad = false;
  std::shared_ptr<Impl> grad;
  std::shared_ptr<GradSlot> slot;

  std::byte* data() const { return storage ? static_cast<std::byte*>(storage->data()) + offset : nullptr; }
};

namespace {

template <class From>
void convert(const std::vector<From>& values, const MutView& to) {
  dispatch(to.dtype, [&]<class T>() {
    if (to.device.on_host()) {
      std::transform(values.begin(), values.end(), to.as<T>(), [](From v) { return static_cast<T>(v); });
    } else if constexpr (std::is_same_v<T, From>) {
      copy_bytes(to.device, to.data, Device{}, values.data(), values.size() * sizeof(T));
    } else {
      std::vector<T> converted(values.begin(), values.end());
      copy_bytes(to.device, to.data, Device{}, converted.data(), converted.size() * sizeof(T));
    }
  });
}

void check_count(std::size_t values, const Shape& shape) {
  if (static_cast<std::int64_t>(values) != shape.count())
    fail("tensor", fmt::format("{} values do not fill {}", values, shape.str()));
}

}  // namespace

const Tensor::Impl& Tensor::impl() const {
  if (!impl_) fail("tensor", "an absent tensor was used");
  return *impl_;
}

Tensor Tensor::empty(const Shape& shape, DType dtype, const Device& device) {
  for (int i = 0; i < 4; ++i)
    if (shape[i] < 0) fail("tensor", "negative size in " + shape.str());
  auto impl = std::make_shared<Impl>();
  impl->storage = Pool::of(device).allocate(static_cast<std::size_t>(shape.count()) * size_of(dtype));
  impl->shape = shape;
  impl->dtype = dtype;
  impl->device = device;
  return Tensor(std::move(impl));
}

Tensor Tensor::unallocated(const Shape& shape, DType dtype, const Device& device) {
  auto impl = std::make_shared<Impl>();
  impl->shape = shape;
  impl->dtype = dtype;
  impl->device = device;
  return Tensor(std::move(impl));
}

Tensor Tensor::full(const Shape& shape, double value, DType dtype, const Device& device) {
  Tensor t = empty(shape, dtype, device);
  kernels::fill(exec_on(device), value, t.mutable_view());
  return t;
}

Tensor Tensor::from(const std::vector<float>& values, const Shape& shape, DType dtype, const Device& device) {
  check_count(values.size(), shape);
  Tensor t = empty(shape, dtype, device);
  convert(values, t.mutable_view());
  return t;
}

Tensor Tensor::from(const std::vector<double>& values, const Shape& shape, DType dtype,
                    const Device& device) {
  check_count(values.size(), shape);
  Tensor t = empty(shape, dtype, device);
  convert(values, t.mutable_view());
  return t;
}

const Shape& Tensor::shape() const {
  return impl().shape;
}
DType Tensor::dtype() const {
  return impl().dtype;
}
const Device& Tensor::device() const {
  return impl().device;
}

View Tensor::view() const {
  if (!impl_) return {};
  return {impl_->data(), impl_->dtype, impl_->shape, impl_->device, 0};
}

MutView Tensor::mutable_view() const {
  if (!impl_) return {};
  if (impl_->storage) impl_->storage->note_write();
  return {impl_->data(), impl_->dtype, impl_->shape, impl_->device, 0};
}

Tensor Tensor::batch_slice(std::int64_t first, std::int64_t count) const {
  const Shape& s = shape();
  if (first < 0 || count < 0 || first + count > s.n)
    fail("batch_slice", fmt::format("samples {} to {} of {}", first, first + count, s.str()));
  Tensor t = detach();
  t.impl_->offset += static_cast<std::size_t>(first * s.h * s.w * s.c) * size_of(dtype());
  t.impl_->shape.n = count;
  return t;
}

Tensor Tensor::flat_slice(std::int64_t first, const Shape& s) const {
  if (first < 0 || first + s.count() > count())
    fail("range", fmt::format("elements from {} of shape {} in {}", first, s.str(), shape().str()));
  Tensor t = detach();
  t.impl_->offset += static_cast<std::size_t>(first) * size_of(dtype());
  t.impl_->shape = s;
  return t;
}

const Storage& Tensor::storage() const {
  return impl().storage;
}

Tensor Tensor::view_as(const Shape& s) const {
  if (s.count() != count())
    fail("reshape", shape().str() + " does not have the " + s.str() + " elements asked for");
  Tensor t = detach();
  t.impl_->shape = s;
  return t;
}

Tensor Tensor::detach() const {
  auto copy = std::make_shared<Impl>();
  const Impl& from = impl();
  copy->storage = from.storage;
  copy->offset = from.offset;
  copy->shape = from.shape;
  copy->dtype = from.dtype;
  copy->device = from.device;
  return Tensor(std::move(copy));
}

Tensor Tensor::clone() const {
  Tensor t = empty_like(*this);
  t.assign(*this);
  return t;
}

Tensor Tensor::to(const Device& target) const {
  if (device() == target) return *this;
  const Tensor t = empty(shape(), dtype(), target);
  copy_bytes(target, t.mutable_view().data, device(), view().data,
             static_cast<std::size_t>(count()) * size_of(dtype()));
  return t;
}

double Tensor::item() const {
  if (count() != 1) fail("item", "a tensor " + shape().str() + " is not a single number");
  return to_vector<double>()[0];
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  std::vector<T> values(static_cast<std::size_t>(count()));
  dispatch(dtype(), [&]<class From>() {
    std::vector<From> copied;
    const From* in = view().as<From>();
    if (!device().on_host()) {
      copied.resize(values.size());
      copy_bytes(Device{}, copied.data(), device(), in, copied.size() * sizeof(From));
      in = copied.data();
    }
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(in[i]);
  });
  return values;
}
template std::vector<float> Tensor::to_vector<float>() const;
template std::vector<double> Tensor::to_vector<double>() const;

void Tensor::assign(const std::vector<double>& values) const {
  check_count(values.size(), shape());
  convert(values, mutable_view());
}

void Tensor::assign(const Tensor& other) const {
  if (!(other.shape() == shape())) fail("assign", other.shape().str() + " does not fit " + shape().str());
  if (other.device() == device()) {
    kernels::cast(exec_on(device()), other.view(), mutable_view());
  } else if (other.dtype() == dtype()) {
    copy_bytes(device(), mutable_view().data, other.device(), other.view().data,
               static_cast<std::size_t>(count()) * size_of(dtype()));
  } else {
    assign(other.to_vector<double>());
  }
}

bool Tensor::requires_grad() const {
  return impl_ && impl_->requires_grad;
}
void Tensor::set_requires_grad(bool wish) const {
  impl();
  impl_->requires_grad = wish;
}

Tensor Tensor::grad() const {
  if (impl().slot) return impl().slot->grad;
  return Tensor(impl().grad);
}
void Tensor::set_grad(const Tensor& g) const {
  impl();
  impl_->grad = g.impl_;
}
const std::shared_ptr<GradSlot>& Tensor::slot() const {
  return impl().slot;
}

void Tensor::move_to(const Storage& storage, std::size_t byte_offset, std::shared_ptr<GradSlot> slot) const {
  const std::size_t bytes = static_cast<std::size_t>(count()) * size_of(dtype());
  std::byte* target = static_cast<std::byte*>(storage->data()) + byte_offset;
  copy_bytes(device(), target, device(), impl().data(), bytes);
  impl_->storage = storage;
  impl_->offset = byte_offset;
  impl_->slot = std::move(slot);
}

bool Tensor::is_unique() const {
  return impl_.use_count() == 1 && impl_->storage.use_count() == 1 && !impl_->slot;
}

}  // namespace sumi
