// A history of generated pictures, so that a discriminator does not forget what it has learned to spot
// (Shrivastava 2017, as in CycleGAN).
#pragma once

#include <string>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/random.h"

namespace sumi {

class ImagePool {
 public:
  // Up to `size` pictures; 0: query() returns what it is given.
  ImagePool(int size, std::uint64_t seed, std::uint64_t stream) : size_(size), random_(seed, stream) {}

  // For each of the pictures [n,h,w,c]: while the pool fills it is kept and returned; then, one time in two, it
  // takes the place of a kept one, which is returned instead.
  Tensor query(const Tensor& pictures);

  // The pictures, as tensors "PREFIX.0" ... Error where a stored one does not have n = 1 and `channels`.
  void save(CheckpointWriter& writer, const std::string& prefix) const;
  void load(const CheckpointFile& file, const std::string& prefix, int channels, DType dtype,
            const Device& device);
  std::size_t count() const { return kept_.size(); }

  std::uint64_t position() const { return random_.position(); }
  void set_position(std::uint64_t position) { random_.set_position(position); }

 private:
  int size_;
  RandomStream random_;
  std::vector<Tensor> kept_;  // [1,h,w,c] each
};

}  // namespace sumi
