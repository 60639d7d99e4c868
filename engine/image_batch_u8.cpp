#include "engine/image_batch_u8.h"

#include <fmt/format.h>

#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"

namespace sumi {

ImageBatchU8::ImageBatchU8(const Shape& shape, const Device& device) : shape_(shape), device_(device) {
  for (int i = 0; i < 4; ++i)
    if (shape[i] < 0) fail("images", "negative size in " + shape.str());
  storage_ = Pool::of(device).allocate(static_cast<std::size_t>(shape.count()));
}

ImageBatchU8 ImageBatchU8::from(const std::vector<std::uint8_t>& levels, const Shape& shape,
                                const Device& device) {
  if (static_cast<std::int64_t>(levels.size()) != shape.count())
    fail("images", fmt::format("{} bytes do not fill {}", levels.size(), shape.str()));
  ImageBatchU8 images(shape, device);
  copy_bytes(device, images.levels(), Device{}, levels.data(), levels.size());
  return images;
}

std::vector<std::uint8_t> ImageBatchU8::to_vector() const {
  std::vector<std::uint8_t> copy(static_cast<std::size_t>(shape_.count()));
  copy_bytes(Device{}, copy.data(), device_, levels(), copy.size());
  return copy;
}

Tensor u8_to_float(const ImageBatchU8& x, const std::vector<Crop>& cuts, std::int64_t h, std::int64_t w,
                   DType dtype) {
  Op op("u8_to_float", {});
  const Tensor y = Tensor::empty({x.shape().n, h, w, x.shape().c}, dtype, x.device());
  // Freed before the kernel has run, and not written again before: the pool's blocks are used in
  // the stream's order.
  const std::size_t bytes = cuts.size() * sizeof(Crop);
  const Storage copy = Pool::of(x.device()).allocate(bytes);
  copy_bytes(x.device(), copy->data(), Device{}, cuts.data(), bytes);
  kernels::Cuts view;
  if (!cuts.empty())
    view = {static_cast<const Crop*>(copy->data()), static_cast<std::int64_t>(cuts.size()), x.device()};
  kernels::u8_to_float(exec_on(x.device()), x.view(), view, y.mutable_view());
  op.done(y);
  return y;
}

ImageBatchU8 float_to_u8(const Tensor& x) {
  ImageBatchU8 y(x.shape(), x.device());
  kernels::float_to_u8(exec_on(x.device()), x.view(), y.mutable_view());
  return y;
}

}  // namespace sumi
