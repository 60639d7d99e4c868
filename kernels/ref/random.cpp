// Random numbers, one position at a time.
#include "kernels/random.h"

#include "kernels/base/philox.h"
#include "kernels/ref/loops.h"

namespace sumi::kernels::ref {
namespace {

// y[i] = f(position + i)
template <class F>
void draw(const RandomKey& key, MutView y, F&& f) {
  const std::uint64_t start = key.position + (key.base ? *key.base : 0);
  dispatch(y.dtype, [&]<class T>() {
    T* ys = y.as<T>();
    for (std::int64_t i = 0; i < y.count(); ++i)
      ys[i] = static_cast<T>(f(start + static_cast<std::uint64_t>(i)));
  });
}

}  // namespace

void uniform(const Exec&, const RandomKey& key, double lo, double hi, MutView y) {
  const philox::UniformRange range = philox::uniform_range(lo, hi);
  draw(key, y, [&](std::uint64_t at) {
    return philox::uniform_of(philox::word_at(key.seed, key.stream, at), range);
  });
}

void normal(const Exec&, const RandomKey& key, double mean, double std, MutView y) {
  const auto mean_f = static_cast<float>(mean), std_f = static_cast<float>(std);
  draw(key, y, [&](std::uint64_t at) {
    return philox::shifted_normal(philox::normal_at(key.seed, key.stream, at), mean_f, std_f);
  });
}

void bernoulli(const Exec&, const RandomKey& key, double p, double scale, MutView y) {
  const std::int32_t threshold = philox::bernoulli_threshold(p);
  draw(key, y, [&](std::uint64_t at) {
    return philox::bernoulli_of(philox::word_at(key.seed, key.stream, at), threshold) ? scale : 0.0;
  });
}

}  // namespace sumi::kernels::ref
