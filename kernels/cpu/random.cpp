// Random numbers as a function of position. The arithmetic is that of kernels/base/philox.h, here
// for many blocks of four words side by side.
#include "kernels/random.h"

#include "kernels/base/philox.h"
#include "kernels/cpu/parallel.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

namespace sumi::kernels::cpu {
namespace {

constexpr i64 blocks = 32;  // side by side
using Words = std::uint32_t[4][blocks];
using Numbers = float[4][blocks];

// Positions have 64 bits, so the last block is followed by the first.
constexpr std::uint64_t block_mask = ~std::uint64_t{0} >> 2;

void portable_words(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, Words& w) {
  for (i64 j = 0; j < blocks; ++j) {
    const philox::Words one =
        philox::words(seed, stream, (first + static_cast<std::uint64_t>(j)) & block_mask);
    for (int i = 0; i < 4; ++i) w[i][j] = one.v[i];
  }
}

#if defined(__x86_64__) && defined(__GNUC__)
// A word in the lower half of each 64-bit lane, where one instruction computes four 64-bit products
// and ignores the upper halves. Auto-vectorized code spends more on moving halves than on products.
struct Quads {
  __m256i a, b, c, d;
};
__attribute__((target("avx2"))) inline void scramble_once(Quads& x, __m256i key0, __m256i key1) {
  const __m256i p0 = _mm256_mul_epu32(x.a, _mm256_set1_epi64x(philox::factor0));
  const __m256i p1 = _mm256_mul_epu32(x.c, _mm256_set1_epi64x(philox::factor1));
  x.a = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p1, 32), key0), x.b);
  x.c = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p0, 32), key1), x.d);
  x.b = p1;
  x.d = p0;
}
// The lower halves of x, then of y.
__attribute__((target("avx2"))) inline void store_words(__m256i x, __m256i y, std::uint32_t* to) {
  const __m256i mixed =
      _mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(x), _mm256_castsi256_ps(y), 0x88));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_permute4x64_epi64(mixed, 0xD8));
}
__attribute__((target("avx2"))) void avx2_words(std::uint64_t seed, std::uint64_t stream, std::uint64_t first,
                                                Words& w) {
  const auto wide = [](std::uint64_t x) { return static_cast<long long>(x); };
  for (i64 j = 0; j < blocks; j += 8) {
    Quads x[2];
    for (int half = 0; half < 2; ++half) {
      const std::uint64_t at = first + static_cast<std::uint64_t>(j + 4 * half);
      x[half].a =
          _mm256_and_si256(_mm256_add_epi64(_mm256_set1_epi64x(wide(at)), _mm256_setr_epi64x(0, 1, 2, 3)),
                           _mm256_set1_epi64x(wide(block_mask)));
      x[half].b = _mm256_srli_epi64(x[half].a, 32);
      x[half].c = _mm256_set1_epi64x(wide(stream));
      x[half].d = _mm256_set1_epi64x(wide(stream >> 32));
    }
    auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < philox::rounds; ++round) {
      const __m256i k0 = _mm256_set1_epi64x(key0), k1 = _mm256_set1_epi64x(key1);
      scramble_once(x[0], k0, k1);
      scramble_once(x[1], k0, k1);
      philox::next_keys(key0, key1);
    }
    store_words(x[0].a, x[1].a, w[0] + j);
    store_words(x[0].b, x[1].b, w[1] + j);
    store_words(x[0].c, x[1].c, w[2] + j);
    store_words(x[0].d, x[1].d, w[3] + j);
  }
}
#endif

// philox::words of the blocks starting at `first`.
void make_words(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, Words& w) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (has_avx2()) return avx2_words(seed, stream, first, w);
#endif
  portable_words(seed, stream, first, w);
}

// y[i] = the value at position start + i, for every i; make(words, numbers) computes those of many
// blocks.
template <class T, class Make>
void for_blocks(const RandomKey& key, MutView y, const Make& make) {
  const std::uint64_t start = key.position + (key.base ? *key.base : 0);
  T* const to = y.as<T>();
  for_range(y.count(), 8, [=](i64 begin, i64 end) {
    Words words;
    Numbers planes;
    float line[4 * blocks];
    for (i64 i = begin; i < end;) {
      const std::uint64_t at = start + static_cast<std::uint64_t>(i);
      make_words(key.seed, key.stream, at / 4, words);
      make(words, planes);
      for (i64 j = 0; j < blocks; ++j)
        for (i64 lane = 0; lane < 4; ++lane) line[4 * j + lane] = planes[lane][j];
      const auto skipped = static_cast<i64>(at % 4);
      const i64 count = std::min(4 * blocks - skipped, end - i);
      for (i64 j = 0; j < count; ++j) to[i + j] = T(line[skipped + j]);
      i += count;
    }
  });
}

}  // namespace

void uniform(const Exec&, const RandomKey& key, double lo, double hi, MutView y) {
  const philox::UniformRange range = philox::uniform_range(lo, hi);
  dispatch_f32_bf16("uniform", y.dtype, [&]<class T>() {
    for_blocks<T>(key, y, [=](const Words& words, Numbers& numbers) {
      for (int lane = 0; lane < 4; ++lane)
        for (i64 j = 0; j < blocks; ++j) numbers[lane][j] = philox::uniform_of(words[lane][j], range);
    });
  });
}

void normal(const Exec&, const RandomKey& key, double mean, double std, MutView y) {
  const auto m = static_cast<float>(mean), s = static_cast<float>(std);
  dispatch_f32_bf16("normal", y.dtype, [&]<class T>() {
    for_blocks<T>(key, y, [=](const Words& words, Numbers& numbers) {
      for (int lane = 0; lane < 4; lane += 2)
        for (i64 j = 0; j < blocks; ++j) {
          float first = 0, second = 0;
          philox::box_muller(words[lane][j], words[lane + 1][j], first, second);
          numbers[lane][j] = philox::shifted_normal(first, m, s);
          numbers[lane + 1][j] = philox::shifted_normal(second, m, s);
        }
    });
  });
}

void bernoulli(const Exec&, const RandomKey& key, double p, double scale, MutView y) {
  const std::int32_t threshold = philox::bernoulli_threshold(p);
  const auto one = static_cast<float>(scale);
  dispatch_f32_bf16("bernoulli", y.dtype, [&]<class T>() {
    for_blocks<T>(key, y, [=](const Words& words, Numbers& numbers) {
      for (int lane = 0; lane < 4; ++lane)
        for (i64 j = 0; j < blocks; ++j)
          numbers[lane][j] = philox::bernoulli_of(words[lane][j], threshold) ? one : 0.0F;
    });
  });
}

}  // namespace sumi::kernels::cpu
