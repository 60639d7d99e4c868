#include "models/image_pool.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/ops.h"

namespace sumi {

Tensor ImagePool::query(const Tensor& pictures) {
  if (size_ == 0) return pictures;
  const Shape s = pictures.shape();
  std::vector<Tensor> result;
  for (std::int64_t i = 0; i < s.n; ++i) {
    const Tensor picture = s.n == 1 ? pictures : slice(pictures, {i, 0, 0, 0}, {1, s.h, s.w, s.c});
    if (kept_.size() < static_cast<std::size_t>(size_)) {
      kept_.push_back(picture);
      result.push_back(picture);
      continue;
    }
    const std::vector<double> draw =
        random_.uniform(Shape::vector(2), DType::f32, Device{}).to_vector<double>();
    if (draw[0] < 0.5) {
      result.push_back(picture);
      continue;
    }
    const auto at = std::min(static_cast<std::size_t>(draw[1] * size_), kept_.size() - 1);
    result.push_back(kept_[at]);
    kept_[at] = picture;
  }
  return s.n == 1 ? result[0] : concat(result, 0);
}

void ImagePool::save(CheckpointWriter& writer, const std::string& prefix) const {
  for (std::size_t i = 0; i < kept_.size(); ++i) writer.add(fmt::format("{}.{}", prefix, i), kept_[i]);
}

void ImagePool::load(const CheckpointFile& file, const std::string& prefix, int channels, DType dtype,
                     const Device& device) {
  kept_.clear();
  for (int i = 0; i < size_; ++i) {
    const std::string name = fmt::format("{}.{}", prefix, i);
    if (!file.has(name)) break;
    const Shape shape = file.shape(name);
    if (shape.n != 1 || shape.c != channels || shape.count() == 0)
      fail("checkpoint " + file.path().string(),
           fmt::format("is damaged: {} is {}, no picture; use an older checkpoint", name, shape.str()));
    kept_.push_back(Tensor::empty(shape, dtype, device));
    file.load(name, kept_.back());
  }
}

}  // namespace sumi
