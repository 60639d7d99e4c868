// Pictures of bytes in a device's memory, and their way to tensors and back: a batch goes to the device as bytes, a
// quarter of its floats, and is cut, resized and mirrored there.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/tensor.h"
#include "kernels/image_u8.h"

namespace sumi {

using kernels::Crop;

// Pictures of equal size, [n,h,w,c], one byte a number; a shared handle, as Tensor is. No tensor, because no op computes
// with bytes.
class ImageBatchU8 {
 public:
  // Copies `levels`, in NHWC order. Throws when the count is not the shape's.
  static ImageBatchU8 from(const std::vector<std::uint8_t>& levels, const Shape& shape, const Device& device);
  // Unwritten.
  ImageBatchU8(const Shape& shape, const Device& device);

  const Shape& shape() const { return shape_; }
  const Device& device() const { return device_; }
  // A copy on the host.
  std::vector<std::uint8_t> to_vector() const;

  kernels::Bytes view() const { return {levels(), shape_, device_}; }
  kernels::MutBytes mut() const { return {levels(), shape_, device_}; }

 private:
  std::uint8_t* levels() const { return static_cast<std::uint8_t*>(storage_->data()); }

  Storage storage_;
  Shape shape_;
  Device device_;
};

// [n,h,w,c] in [-1, 1]: each picture cut, resized (bilinear, half-pixel) to h x w and mirrored; see kernels/image_u8.h.
// `cuts`: one for each picture, or none (whole pictures). The same device and no gradient.
Tensor u8_to_float(const ImageBatchU8& x, const std::vector<Crop>& cuts, std::int64_t h, std::int64_t w,
                   DType dtype);
// The nearest levels to 127.5 (x + 1), clamped; NaN is black.
ImageBatchU8 float_to_u8(const Tensor& x);

}  // namespace sumi
