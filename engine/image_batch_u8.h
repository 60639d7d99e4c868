// 8-bit images in device memory, and their conversion to tensors and back: a batch is transferred
// as bytes, a quarter of its size in floats, and is cropped, resized and mirrored on the device.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/tensor.h"
#include "kernels/image_u8.h"

namespace sumi {

using kernels::Crop;

// Images of equal size, [n,h,w,c], one byte per element; a shared handle, like Tensor. Not a
// tensor, because no op computes with bytes.
class ImageBatchU8 {
 public:
  // Copies `levels`, in NHWC order. Throws Error if the count is not the shape's.
  static ImageBatchU8 from(const std::vector<std::uint8_t>& levels, const Shape& shape, const Device& device);
  // Uninitialized.
  ImageBatchU8(const Shape& shape, const Device& device);

  const Shape& shape() const { return shape_; }
  const Device& device() const { return device_; }
  // A copy on the host.
  std::vector<std::uint8_t> to_vector() const;

  kernels::Bytes view() const { return {levels(), shape_, device_}; }
  kernels::MutBytes mutable_view() const { return {levels(), shape_, device_}; }

 private:
  std::uint8_t* levels() const { return static_cast<std::uint8_t*>(storage_->data()); }

  Storage storage_;
  Shape shape_;
  Device device_;
};

// [n,h,w,c] in [-1, 1]: each image cropped, resized (bilinear, half-pixel) to h x w and mirrored;
// see kernels/image_u8.h. `cuts`: one per image, or none (whole images). On the same device,
// without gradient.
Tensor u8_to_float(const ImageBatchU8& x, const std::vector<Crop>& cuts, std::int64_t h, std::int64_t w,
                   DType dtype);
// The levels nearest to 127.5 (x + 1), clamped; NaN becomes black.
ImageBatchU8 float_to_u8(const Tensor& x);

}  // namespace sumi
