// Division by a number known at launch, as one multiplication and a shift: GPUs have no integer
// divide instruction, and `/` compiles to about twenty others.
#pragma once

#include <cstdint>

#include "kernels/cuda/device/keywords.cuh"

namespace sumi::kernels::cuda {

// For 0 <= n < 2^31 and 1 <= d < 2^31. With 2^s the least power that is not below d, and m =
// 2^(31+s)/d rounded up, n / d rounded down is n m / 2^(31+s) rounded down: m is 2^(31+s)/d + e for
// some 0 <= e < 1, so the second is above n/d by n e / 2^(31+s) < 2^-s <= 1/d, too little to reach
// the next whole number. (Granlund and Montgomery, "Division by invariant integers using
// multiplication", 1994.)
class Divisor {
 public:
  Divisor() = default;
  explicit Divisor(std::int64_t d) : value_(static_cast<int>(d)) {
    while ((std::int64_t{1} << (shift_ - 31)) < d) ++shift_;
    factor_ = static_cast<unsigned>(((std::uint64_t{1} << shift_) + static_cast<std::uint64_t>(d) - 1) /
                                    static_cast<std::uint64_t>(d));
  }

  __device__ int value() const { return value_; }

  struct Result {
    int quotient, rest;
  };
  __device__ Result operator()(int n) const {
    const int q =
        static_cast<int>((static_cast<std::uint64_t>(static_cast<unsigned>(n)) * factor_) >> shift_);
    return {q, n - q * value_};
  }

 private:
  int value_ = 1;
  unsigned factor_ = 1U << 31;
  int shift_ = 31;
};

}  // namespace sumi::kernels::cuda
