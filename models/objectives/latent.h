// Where a generator's noise comes from.
#pragma once

#include <string>

#include "engine/ops.h"
#include "engine/random.h"

namespace sumi {

// Samples of noise [n,1,1,nz]:
//   normal    N(0, 1)
//   uniform   U(-1, 1), as in Radford 2015
//   gmm:K     a mixture of K normals of spread 0.5 with equal shares, whose centers are N(0, 1), drawn once for the seed
class Latent {
 public:
  // Error for what `kind` cannot be.
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

// Rows of `kinds` numbers [n,1,1,kinds], of which one is 1 and the others 0: each as likely.
Tensor random_one_hot(std::int64_t n, std::int64_t kinds, RandomStream& stream, DType dtype,
                      const Device& device);

// Throws Error unless `kind` is one of these.
void check_latent(const std::string& kind);

}  // namespace sumi
