#include "tools/latent_interpolation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sumi::cli {
namespace {

// Spherical interpolation between two noise vectors, because normal noise concentrates near a
// sphere (Shoemake 1985). Lengths are interpolated linearly.
void slerp(const float* a, const float* b, double t, std::size_t n, float* out) {
  const double aa = std::inner_product(a, a + n, a, 0.0), bb = std::inner_product(b, b + n, b, 0.0);
  const double cosine = std::inner_product(a, a + n, b, 0.0) / std::sqrt(std::max(aa * bb, 1e-30));
  const double angle = std::acos(std::min(1.0, std::max(-1.0, cosine)));
  const bool straight = std::sin(angle) < 1e-6;
  const double wa = straight ? 1 - t : std::sin((1 - t) * angle) / std::sin(angle);
  const double wb = straight ? t : std::sin(t * angle) / std::sin(angle);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<float>(wa * a[i] + wb * b[i]);
}

}  // namespace

std::int64_t walk_length(std::int64_t count, std::int64_t between, WalkShape shape) {
  if (between == 0) return count;
  if (shape == WalkShape::loop) return count * (between + 1);
  return shape == WalkShape::rows ? (count - 1) * (between + 2) : (count - 1) * (between + 1) + 1;
}

std::vector<float> noise_walk(std::vector<float> seeds, std::size_t nz, std::int64_t between,
                              WalkShape shape) {
  if (between == 0) return seeds;
  const bool loop = shape == WalkShape::loop;
  const std::vector<float> first(seeds.begin(), seeds.begin() + static_cast<std::ptrdiff_t>(nz));
  if (loop) seeds.insert(seeds.end(), first.begin(), first.end());
  std::vector<float> noise;
  const std::size_t pairs = seeds.size() / nz - 1, steps = static_cast<std::size_t>(between) + 1;
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    const bool with_end = shape == WalkShape::rows || (pair + 1 == pairs && !loop);
    const std::size_t end = with_end ? steps + 1 : steps;
    for (std::size_t k = 0; k < end; ++k) {
      noise.resize(noise.size() + nz);
      const float* a = seeds.data() + pair * nz;
      slerp(a, a + nz, static_cast<double>(k) / static_cast<double>(steps), nz,
            noise.data() + noise.size() - nz);
    }
  }
  return noise;
}

}  // namespace sumi::cli
