// Random numbers as a function of position; all the arithmetic is in kernels/base/philox.h.
#include "kernels/random.h"

#include "kernels/base/philox.h"
#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {
namespace {

// put(i, words, lane) for every element i, which belongs to position start + i; each block of four
// words is made once per thread's range.
template <class Put>
void for_blocks(const RandomKey& key, i64 count, const Put& put) {
  const std::uint64_t start = key.position + (key.base ? *key.base : 0);
  for_range(count, 8, [&](i64 begin, i64 end) {
    for (i64 i = begin; i < end;) {
      const std::uint64_t at = start + static_cast<std::uint64_t>(i);
      const auto lane = static_cast<int>(at % 4);
      const int lanes = static_cast<int>(std::min<i64>(4 - lane, end - i));
      put(i, philox::words(key.seed, key.stream, at / 4), lane, lanes);
      i += lanes;
    }
  });
}

}  // namespace

void uniform(const Exec&, const RandomKey& key, double lo, double hi, MutView y) {
  const philox::UniformRange range = philox::uniform_range(lo, hi);
  dispatch_f32_bf16("uniform", y.dtype, [&]<class T>() {
    T* to = y.as<T>();
    for_blocks(key, y.count(), [=](i64 i, philox::Words w, int lane, int lanes) {
      for (int j = 0; j < lanes; ++j) to[i + j] = T(philox::uniform_of(w.v[lane + j], range));
    });
  });
}

void normal(const Exec&, const RandomKey& key, double mean, double std, MutView y) {
  const auto m = static_cast<float>(mean), s = static_cast<float>(std);
  dispatch_f32_bf16("normal", y.dtype, [&]<class T>() {
    T* to = y.as<T>();
    for_blocks(key, y.count(), [=](i64 i, philox::Words w, int lane, int lanes) {
      const philox::Floats z = philox::normals_of(w);
      for (int j = 0; j < lanes; ++j) to[i + j] = T(philox::shifted_normal(z.v[lane + j], m, s));
    });
  });
}

void bernoulli(const Exec&, const RandomKey& key, double p, double scale, MutView y) {
  const std::int32_t threshold = philox::bernoulli_threshold(p);
  dispatch_f32_bf16("bernoulli", y.dtype, [&]<class T>() {
    T* to = y.as<T>();
    const T one(static_cast<float>(scale)), zero(0.0F);
    for_blocks(key, y.count(), [=](i64 i, philox::Words w, int lane, int lanes) {
      for (int j = 0; j < lanes; ++j) to[i + j] = philox::bernoulli_of(w.v[lane + j], threshold) ? one : zero;
    });
  });
}

}  // namespace sumi::kernels::cpu
