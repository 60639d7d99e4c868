// 8-bit images to tensors and back: the step between a decoded file and a network.
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// Images of equal size [n,h,w,c] as contiguous bytes; the counterpart of View.
struct Bytes {
  const std::uint8_t* data = nullptr;
  Shape shape{0, 0, 0, 0};
  Device device;
};
struct MutBytes {
  std::uint8_t* data = nullptr;
  Shape shape{0, 0, 0, 0};
  Device device;
};

// The part of an image that becomes a sample: h rows starting at `top`, w columns starting at
// `left`, mirrored left to right if flip is not 0.
struct Crop {
  std::int32_t top = 0, left = 0, h = 0, w = 0, flip = 0;
};
// One Crop per image, in device memory.
struct Cuts {
  const Crop* data = nullptr;
  std::int64_t count = 0;
  Device device;
};

// y [n,h',w',c] = each image of x [n,h,w,c], cropped, resized to h' x w' and mirrored; level v
// becomes (2 v - 255) / 255, in [-1, 1]. `cuts`: n, or absent (whole images). The resizing is
// bilinear with half-pixel coordinates inside the crop (see resize.h), so a crop of h' x w' is
// copied; shrinking does not average. Pixels of a crop outside the image repeat its nearest pixel,
// so no crop reads other memory. Values of levels that are only copied have the same bits on every
// device.
using LoadImages = void(const Exec&, Bytes x, Cuts cuts, MutView y);
// y = the level nearest to 127.5 (x + 1), halves rounded up; values below -1 and NaN give 0, values
// above 1 give 255. Same shape.
using StoreImages = void(const Exec&, View x, MutBytes y);

namespace ref {
LoadImages u8_to_float;
StoreImages float_to_u8;
}  // namespace ref
namespace cpu {
LoadImages u8_to_float;
StoreImages float_to_u8;
}  // namespace cpu
namespace cuda {
LoadImages u8_to_float;
StoreImages float_to_u8;
}  // namespace cuda

inline void check_bytes(const char* kernel, const Exec& e, const Shape& shape, const Device& device) {
  if (!(device == e.device))
    fail(kernel,
         "the images " + shape.str() + " live on " + device.str() + ", the kernel runs on " + e.device.str());
}
inline void u8_to_float(const Exec& e, Bytes x, Cuts cuts, MutView y) {
  check_on_device("u8_to_float", e, {y});
  check_bytes("u8_to_float", e, x.shape, x.device);
  if (cuts.data) check_bytes("u8_to_float", e, x.shape, cuts.device);
  if (x.shape.n != y.shape.n || x.shape.c != y.shape.c || x.shape.count() == 0 || y.count() == 0)
    fail("u8_to_float", x.shape.str() + " and " + y.shape.str() + " must agree in n and c and be non-empty");
  if (cuts.data && cuts.count != x.shape.n)
    fail("u8_to_float", std::to_string(cuts.count) + " cuts for the images " + x.shape.str());
  on_device(
      "u8_to_float", e, [&] { ref::u8_to_float(e, x, cuts, y); }, [&] { cpu::u8_to_float(e, x, cuts, y); },
      [&] { cuda::u8_to_float(e, x, cuts, y); });
}
inline void float_to_u8(const Exec& e, View x, MutBytes y) {
  check_on_device("float_to_u8", e, {x});
  check_bytes("float_to_u8", e, y.shape, y.device);
  check_shape("float_to_u8", "y", y.shape, x.shape);
  on_device(
      "float_to_u8", e, [&] { ref::float_to_u8(e, x, y); }, [&] { cpu::float_to_u8(e, x, y); },
      [&] { cuda::float_to_u8(e, x, y); });
}

}  // namespace sumi::kernels
