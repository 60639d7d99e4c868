// 8-bit images on the device: to values and back, with crops and mirroring.
#include "engine/image_batch_u8.h"

#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using gradcheck::tested;
using Levels = std::vector<std::uint8_t>;

Levels levels(const Shape& s) {
  Levels v(static_cast<std::size_t>(s.count()));
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<std::uint8_t>(i * 37 + i / 11);
  return v;
}

TEST_CASE("images: bytes to numbers and back are the same bytes") {
  const Shape s{3, 8, 11, 3};
  const ImageBatchU8 pictures = ImageBatchU8::from(levels(s), s, tested);
  CHECK(pictures.shape() == s);
  CHECK(pictures.device() == tested);
  CHECK(pictures.to_vector() == levels(s));
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const Tensor x = u8_to_float(pictures, {}, s.h, s.w, dtype);
    CHECK(x.shape() == s);
    CHECK(x.dtype() == dtype);
    if (dtype == DType::f32) CHECK(float_to_u8(x).to_vector() == levels(s));
    const std::vector<float> got = x.to_vector<float>();
    const Tensor want = gradcheck::convert(
        u8_to_float(ImageBatchU8::from(levels(s), s, gradcheck::ref), {}, s.h, s.w, DType::f32), dtype,
        gradcheck::ref);
    CHECK(got == want.to_vector<float>());
  }
}

TEST_CASE("images: cut, resized and mirrored as the reference does, many batches in flight") {
  const Shape s{2, 9, 12, 3};
  std::vector<Tensor> got, want;
  for (int i = 0; i < 6; ++i) {
    const std::vector<Crop> cuts = {{i % 3, 2, 5, 6, i % 2}, {0, i, 6, 5, 1 - i % 2}};
    const auto load = [&](const Device& device, DType dtype) {
      return u8_to_float(ImageBatchU8::from(levels(s), s, device), cuts, 4 + i, 7, dtype);
    };
    got.push_back(load(tested, DType::f32));
    want.push_back(load(gradcheck::ref, DType::f64));
  }
  for (std::size_t i = 0; i < got.size(); ++i) gradcheck::compare("load", got[i], want[i], 1e-6);
  // A mirrored whole image, by hand.
  const Tensor mirrored = u8_to_float(ImageBatchU8::from({0, 51, 255}, {1, 1, 3, 1}, tested),
                                      {{0, 0, 1, 3, 1}}, 1, 3, DType::f32);
  CHECK(float_to_u8(mirrored).to_vector() == Levels{255, 51, 0});
}

TEST_CASE("images: errors") {
  const Shape s{2, 3, 3, 1};
  CHECK(gradcheck::error_of([&] { ImageBatchU8::from(Levels(5), s, tested); }) ==
        "[images] 5 bytes do not fill 2x3x3x1");
  const ImageBatchU8 pictures = ImageBatchU8::from(levels(s), s, tested);
  CHECK(gradcheck::error_of([&] {
          u8_to_float(pictures, {{0, 0, 3, 3, 0}}, 3, 3, DType::f32);
        }) == "[u8_to_float] 1 cuts for the images 2x3x3x1");
  CHECK(gradcheck::error_of([&] {
          ImageBatchU8({1, 2, -1, 3}, tested);
        }) == "[images] negative size in 1x2x-1x3");
}

}  // namespace
}  // namespace sumi
