#include "models/objectives/image_pool.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/runtime/captured_scalars.h"

namespace sumi {

Tensor ImagePool::place(std::size_t i) const {
  return history_.flat_slice(static_cast<std::int64_t>(i) * history_.shape().c, kept_[i]);
}

void ImagePool::make_room(std::int64_t elements, DType dtype, const Device& device) {
  if (history_ && history_.shape().c >= elements) return;
  std::vector<Tensor> pictures;
  for (std::size_t i = 0; i < kept_.size(); ++i) pictures.push_back(place(i));
  history_ = Tensor::empty({size_, 1, 1, elements}, dtype, device);
  for (std::size_t i = 0; i < kept_.size(); ++i) place(i).assign(pictures[i]);
}

ReplayBufferOp ImagePool::decide(const Shape& shape, Shape& old) {
  old = shape;
  if (kept_.size() < static_cast<std::size_t>(size_)) {
    kept_.push_back(shape);
    return {ReplayBufferOp::keep, static_cast<std::int64_t>(kept_.size()) - 1};
  }
  const auto draw = random_.uniform(Shape::vector(2), DType::f32, Device{}).to_vector<double>();
  if (draw[0] < 0.5) return {ReplayBufferOp::pass, 0};
  const auto at = std::min(static_cast<std::size_t>(draw[1] * size_), kept_.size() - 1);
  std::swap(old, kept_[at]);
  return {ReplayBufferOp::swap, static_cast<std::int64_t>(at)};
}

Tensor ImagePool::query(const Tensor& pictures) {
  if (size_ == 0) return pictures;
  const Shape all = pictures.shape(), one{1, all.h, all.w, all.c};
  make_room(one.count(), pictures.dtype(), pictures.device());
  std::vector<Tensor> results;
  for (std::int64_t i = 0; i < all.n; ++i) {
    ReplayBufferOp move;
    Shape back = one;
    const void* deferred = nullptr;
    if (CapturedScalars* values = CapturedScalars::current())
      deferred = values->add(2, [this, one](std::uint64_t* words) {
        Shape same;
        const ReplayBufferOp now = decide(one, same);
        words[0] = static_cast<std::uint64_t>(now.action);
        words[1] = static_cast<std::uint64_t>(now.place);
      });
    else
      move = decide(one, back);
    results.push_back(pool_exchange(pictures.batch_slice(i, 1), history_, move,
                                    static_cast<const ReplayBufferOp*>(deferred), back));
  }
  return all.n == 1 ? results[0] : concat(results, 0);
}

void ImagePool::save(CheckpointWriter& writer, const std::string& prefix) const {
  for (std::size_t i = 0; i < kept_.size(); ++i) writer.add(fmt::format("{}.{}", prefix, i), place(i));
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
           fmt::format("is damaged: {} is {}, not an image; use an older checkpoint", name, shape.str()));
    make_room(shape.count(), dtype, device);
    kept_.push_back(shape);
    file.load(name, place(kept_.size() - 1));
  }
}

}  // namespace sumi
