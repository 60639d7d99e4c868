// A history of generated images, which keeps a discriminator from forgetting earlier generators
// (Shrivastava 2017, as in CycleGAN).
#pragma once

#include <string>
#include <vector>

#include "engine/ops.h"
#include "engine/random.h"
#include "engine/serialize/checkpoint.h"

namespace sumi {

class ImagePool {
 public:
  // Up to `size` images; with 0, query() returns its argument.
  ImagePool(int size, std::uint64_t seed, std::uint64_t stream) : size_(size), random_(seed, stream) {}

  // For each of the images [n,h,w,c]: while the pool fills, the image is stored and returned; then
  // with probability 1/2 it replaces a stored image, which is returned instead. The images of one
  // query have one size; in a captured step (engine/runtime/graph.h) those of all queries do.
  Tensor query(const Tensor& pictures);

  // Saves the images as tensors "PREFIX.0" ... Loading throws Error unless each has n = 1 and
  // `channels`.
  void save(CheckpointWriter& writer, const std::string& prefix) const;
  void load(const CheckpointFile& file, const std::string& prefix, int channels, DType dtype,
            const Device& device);
  std::size_t count() const { return kept_.size(); }

  std::uint64_t position() const { return random_.position(); }
  void set_position(std::uint64_t position) { random_.set_position(position); }

 private:
  // Chooses the operation for an image of this shape; `old` becomes the shape of the returned
  // image.
  ReplayBufferOp decide(const Shape& shape, Shape& old);
  // Grows each place to at least this many elements, keeping its contents.
  void make_room(std::int64_t elements, DType dtype, const Device& device);
  Tensor place(std::size_t i) const;

  int size_;
  RandomStream random_;
  Tensor history_;           // [size,1,1,elements of the largest image]: pool_exchange's
  std::vector<Shape> kept_;  // the image's shape in each filled place
};

}  // namespace sumi
