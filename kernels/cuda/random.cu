// Random numbers as a function of position; the arithmetic is in kernels/base/philox.h, the same
// functions that the CPU runs.
//
// One thread computes one block of four words (for normals: four normals) and writes the one to
// four adjacent elements that belong to it: element i belongs to position start + i, and block =
// position / 4. Only the first and the last block can have fewer than four. The start is known only
// on the device (RandomKey::base).
//
// The bits are the CPU's, so only explicit fma may be contracted: this file is compiled with
// -fmad=false.
#include "kernels/random.h"

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"
#include "kernels/base/philox.h"
#include "kernels/cuda/device/elements.cuh"

namespace sumi::kernels::cuda {

// The four floats derived from a block.
struct MakeUniform {
  philox::UniformRange range;
  __device__ philox::Floats operator()(const philox::Words& w) const {
    philox::Floats y;
    for (int j = 0; j < 4; ++j) y.v[j] = philox::uniform_of(w.v[j], range);
    return y;
  }
};
struct MakeNormal {
  float mean, std;
  __device__ philox::Floats operator()(const philox::Words& w) const {
    philox::Floats y = philox::normals_of(w);
    for (int j = 0; j < 4; ++j) y.v[j] = philox::shifted_normal(y.v[j], mean, std);
    return y;
  }
};
struct MakeBernoulli {
  std::int32_t threshold;
  float scale;
  __device__ philox::Floats operator()(const philox::Words& w) const {
    philox::Floats y;
    for (int j = 0; j < 4; ++j) y.v[j] = philox::bernoulli_of(w.v[j], threshold) ? scale : 0.0F;
    return y;
  }
};

template <class T, class Make>
__global__ void random_blocks(RandomKey key, Make make, std::int64_t count, T* y) {
  const std::uint64_t start = key.position + (key.base ? *key.base : 0);
  // words of the first block before y
  const auto lead = static_cast<std::int64_t>(start % 4);
  for_each_element((lead + count + 3) / 4, [=](std::int64_t k) {
    const std::int64_t first = 4 * k - lead;  // the element of the block's first word
    // Unsigned, so that a position beyond 2^64 wraps as it does element by element.
    const std::uint64_t block = (start + static_cast<std::uint64_t>(first)) / 4;
    const philox::Floats made = make(philox::words(key.seed, key.stream, block));
    for (int j = 0; j < 4; ++j)
      if (first + j >= 0 && first + j < count) y[first + j] = T(made.v[j]);
  });
}

template <class Make>
void draw(const Exec& e, const char* name, const RandomKey& key, const Make& make, MutView y) {
  const std::int64_t most = y.count() / 4 + 2;  // blocks, wherever the first one starts
  dispatch_f32_bf16(name, y.dtype, [&]<class T>() {
    launch(e, name, random_blocks<T, Make>, {element_grid(most), kElementBlock}, key, make, y.count(),
           y.as<T>());
  });
}

void uniform(const Exec& e, const RandomKey& key, double lo, double hi, MutView y) {
  draw(e, "uniform", key, MakeUniform{philox::uniform_range(lo, hi)}, y);
}

void normal(const Exec& e, const RandomKey& key, double mean, double std, MutView y) {
  draw(e, "normal", key, MakeNormal{static_cast<float>(mean), static_cast<float>(std)}, y);
}

void bernoulli(const Exec& e, const RandomKey& key, double p, double scale, MutView y) {
  draw(e, "bernoulli", key, MakeBernoulli{philox::bernoulli_threshold(p), static_cast<float>(scale)}, y);
}

}  // namespace sumi::kernels::cuda
