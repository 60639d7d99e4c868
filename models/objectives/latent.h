// Distribution of a generator's noise.
#pragma once

#include <string>

#include "engine/ops.h"
#include "engine/random.h"

namespace sumi {

// Samples of noise [n,1,1,nz]:
//   normal    N(0, 1)
//   uniform   U(-1, 1), as in Radford 2015
//   gmm:K     a mixture of K normals with standard deviation 0.5 and equal weights; their centers
//             are N(0, 1), drawn once from the seed
class Latent {
 public:
  // Throws Error for an invalid `kind`.
  Latent(const std::string& kind, int nz, std::uint64_t seed, DType dtype, const Device& device);
  Tensor draw(std::int64_t n, RandomStream& stream) const;

 private:
  bool uniform_ = false;
  int components_ = 0;  // 0: not a mixture
  int nz_;
  DType dtype_;
  Device device_;
  Tensor centers_;  // [K,1,1,nz]
};

// One-hot rows [n,1,1,kinds], uniformly distributed over the kinds.
Tensor random_one_hot(std::int64_t n, std::int64_t kinds, RandomStream& stream, DType dtype,
                      const Device& device);

// Throws Error unless `kind` is one of these.
void check_latent(const std::string& kind);

}  // namespace sumi
