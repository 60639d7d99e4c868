// Distances between two sets of images, from the descriptors of a feature network.
#pragma once

#include <cstdint>
#include <vector>

namespace sumi {

// Rows of `size` values, one for each image.
struct Descriptors {
  std::size_t size = 0;
  std::vector<double> values;
  std::size_t count() const { return size == 0 ? 0 : values.size() / size; }
};

// Frechet distance |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)) of the Gaussians with the
// rows' means and covariances (divided by count - 1), Dowson and Landau 1982. It is called FID
// (Heusel 2017) only with the descriptors of one particular Inception network. 17 s for 2000 rows
// of 2048. Throws Error for fewer than two rows or unequal sizes.
double frechet_distance(const Descriptors& a, const Descriptors& b);

// Unbiased estimate of the squared maximum mean discrepancy with the kernel (x.y / size + 1)^3
// (KID, Binkowski 2018), over all pairs. Its expected value is 0 for sets from the same
// distribution; it may be negative. Errors as above.
double kernel_distance(const Descriptors& a, const Descriptors& b);

// The same estimate on disjoint blocks of the shuffled rows, whose spread shows how sure it is
// (block estimator, Zaremba 2013; KID averages over random subsets).
struct BlockedDistance {
  double value = 0;           // mean over the blocks
  double standard_error = 0;  // of that mean; 0 for one block
  std::size_t blocks = 0;
};
// Uses fewer than `most_blocks` where a block would have fewer than 50 rows of a set. Errors as
// above.
BlockedDistance blocked_kernel_distance(const Descriptors& a, const Descriptors& b, std::size_t most_blocks,
                                        std::uint64_t seed);

}  // namespace sumi
