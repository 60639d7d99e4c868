// Random numbers as a function of (seed, stream, position): Philox 4x32-10 (Salmon 2011). All
// devices produce the same bits, and a resumed run continues the same sequence.
#pragma once

#include "kernels/base/exec.h"

namespace sumi::kernels {

// Element i of the output uses position + i. The caller advances position by the number of
// elements.
struct RandomKey {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
  std::uint64_t position = 0;
  // If not null, points to device memory that is added to position when the kernel runs, so that a
  // captured launch produces other values each time it is replayed.
  const std::uint64_t* base = nullptr;
};

// y = uniform in [lo, hi): 24 random bits, computed in f32, then converted to y's dtype.
using Uniform = void(const Exec&, const RandomKey&, double lo, double hi, MutView y);
// y = mean + std * standard normal: Box-Muller in f32 with polynomials from kernels/base/philox.h.
using Normal = void(const Exec&, const RandomKey&, double mean, double std, MutView y);
// y = scale with probability p, else 0.
using Bernoulli = void(const Exec&, const RandomKey&, double p, double scale, MutView y);

namespace ref {
Uniform uniform;
Normal normal;
Bernoulli bernoulli;
}  // namespace ref
namespace cpu {
Uniform uniform;
Normal normal;
Bernoulli bernoulli;
}  // namespace cpu
namespace cuda {
Uniform uniform;
Normal normal;
Bernoulli bernoulli;
}  // namespace cuda

inline void uniform(const Exec& e, const RandomKey& key, double lo, double hi, MutView y) {
  check_on_device("uniform", e, {y});
  on_device(
      "uniform", e, [&] { ref::uniform(e, key, lo, hi, y); }, [&] { cpu::uniform(e, key, lo, hi, y); },
      [&] { cuda::uniform(e, key, lo, hi, y); });
}
inline void normal(const Exec& e, const RandomKey& key, double mean, double std, MutView y) {
  check_on_device("normal", e, {y});
  on_device(
      "normal", e, [&] { ref::normal(e, key, mean, std, y); }, [&] { cpu::normal(e, key, mean, std, y); },
      [&] { cuda::normal(e, key, mean, std, y); });
}
inline void bernoulli(const Exec& e, const RandomKey& key, double p, double scale, MutView y) {
  check_on_device("bernoulli", e, {y});
  on_device(
      "bernoulli", e, [&] { ref::bernoulli(e, key, p, scale, y); },
      [&] { cpu::bernoulli(e, key, p, scale, y); }, [&] { cuda::bernoulli(e, key, p, scale, y); });
}

}  // namespace sumi::kernels
