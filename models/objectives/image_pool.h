// A history of generated pictures, so that a discriminator does not forget what it has learned to spot
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
  // Up to `size` pictures; 0: query() returns what it is given.
  ImagePool(int size, std::uint64_t seed, std::uint64_t stream) : size_(size), random_(seed, stream) {}

  // For each of the pictures [n,h,w,c]: while the pool fills it is kept and returned; then, one time in two, it
  // takes the place of a kept one, which is returned instead. Pictures of one query have one size; in a captured
  // step (engine/runtime/graph.h) all queries have.
  Tensor query(const Tensor& pictures);

  // The pictures, as tensors "PREFIX.0" ... Error where a stored one does not have n = 1 and `channels`.
  void save(CheckpointWriter& writer, const std::string& prefix) const;
  void load(const CheckpointFile& file, const std::string& prefix, int channels, DType dtype,
            const Device& device);
  std::size_t count() const { return kept_.size(); }

  std::uint64_t position() const { return random_.position(); }
  void set_position(std::uint64_t position) { random_.set_position(position); }

 private:
  // What becomes of a picture of this shape; `old` is the shape of what is given back instead.
  ReplayBufferOp decide(const Shape& shape, Shape& old);
  // At least so many elements a place, keeping what is there.
  void make_room(std::int64_t elements, DType dtype, const Device& device);
  Tensor place(std::size_t i) const;

  int size_;
  RandomStream random_;
  Tensor history_;           // [size,1,1,elements of the largest picture]: pool_exchange's
  std::vector<Shape> kept_;  // the picture's shape in each filled place
};

}  // namespace sumi
