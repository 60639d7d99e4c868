// Sums of whole pixels (runs of c channels) and of whole rows: the inner loops of padding, pooling
// and resizing.
#pragma once

#include <type_traits>

#include "kernels/cpu/parallel.h"

namespace sumi::kernels::cpu {

// acc[c] += weight * x[c]
template <class T>
inline void add_pixel(float* acc, const T* x, i64 c, float weight) {
  for (i64 i = 0; i < c; ++i) acc[i] += weight * static_cast<float>(x[i]);
}

// y[c] (+)= acc[c]
template <class T>
inline void put_pixel(T* y, const float* acc, i64 c, bool add) {
  if (add) {
    for (i64 i = 0; i < c; ++i) y[i] = T(static_cast<float>(y[i]) + acc[i]);
  } else {
    for (i64 i = 0; i < c; ++i) y[i] = T(acc[i]);
  }
}

// Each pixel of y (+)= the sum that gather(n, h, w, acc) adds to a zeroed run of c floats.
template <class T, class Gather>
void gather_pixels(MutView y, bool add, i64 cost, const Gather& gather) {
  const Shape s = y.shape;
  T* to = y.as<T>();
  for_range(s.n * s.h * s.w, s.c * cost, [&, to, s](i64 begin, i64 end) {
    std::vector<float> acc(static_cast<std::size_t>(s.c));
    for (i64 i = begin; i < end; ++i) {
      std::fill(acc.begin(), acc.end(), 0.0F);
      gather(i / s.w / s.h, i / s.w % s.h, i % s.w, acc.data());
      put_pixel(to + i * s.c, acc.data(), s.c, add);
    }
  });
}

// Runs of equal length, each with its weight.
template <class S>
struct Weighted {
  const S* x;
  float weight;
};

// y (+)= the sum of K runs of `count` elements.
template <int K, bool add, class S, class T>
inline void sum_of(const Weighted<S>* terms, i64 count, T* __restrict y) {
  const S* x[K];
  float weight[K];
  for (int k = 0; k < K; ++k) {
    x[k] = terms[k].x;
    weight[k] = terms[k].weight;
  }
  for (i64 i = 0; i < count; ++i) {
    float sum = weight[0] * static_cast<float>(x[0][i]);
    for (int k = 1; k < K; ++k) sum += weight[k] * static_cast<float>(x[k][i]);
    if constexpr (add) sum += static_cast<float>(y[i]);
    y[i] = T(sum);
  }
}
template <bool add, class S, class T>
inline void sum_up_to_4(const Weighted<S>* terms, i64 size, i64 count, T* y) {
  switch (size) {
    case 1:
      return sum_of<1, add>(terms, count, y);
    case 2:
      return sum_of<2, add>(terms, count, y);
    case 3:
      return sum_of<3, add>(terms, count, y);
    default:
      return sum_of<4, add>(terms, count, y);
  }
}
// The same for any number of terms. y holds the partial sum, so it is f32 if there are many.
template <class S, class T>
inline void sum_terms(const Weighted<S>* terms, i64 size, i64 count, bool add, T* y) {
  if (size == 0 && !add) std::fill(y, y + count, T(0.0F));
  for (i64 first = 0; first < size; first += 4) {
    if (add || first > 0) {
      sum_up_to_4<true>(terms + first, size - first, count, y);
    } else {
      sum_up_to_4<false>(terms, size, count, y);
    }
  }
}

// The input indices of each result along one axis, with their weights.
struct Readers {
  struct Reader {
    i64 index;
    float weight;
  };
  std::vector<i64> start = {0};
  std::vector<Reader> reader;

  explicit Readers(const std::vector<std::vector<Reader>>& lists) {
    for (const auto& list : lists) {
      reader.insert(reader.end(), list.begin(), list.end());
      start.push_back(static_cast<i64>(reader.size()));
    }
  }
  i64 size(i64 at) const {
    return start[static_cast<std::size_t>(at) + 1] - start[static_cast<std::size_t>(at)];
  }
  const Reader* of(i64 at) const { return reader.data() + start[static_cast<std::size_t>(at)]; }
  // For each result, the number of results starting there that are plain copies of adjacent inputs;
  // at least 1.
  std::vector<i64> runs() const {
    const auto copies = [&](i64 at) { return size(at) == 1 && of(at)->weight == 1.0F; };
    std::vector<i64> all(start.size() - 1, 1);
    for (auto i = static_cast<i64>(all.size()) - 2; i >= 0; --i)
      if (copies(i) && copies(i + 1) && of(i + 1)->index == of(i)->index + 1)
        all[static_cast<std::size_t>(i)] = all[static_cast<std::size_t>(i) + 1] + 1;
    return all;
  }
};

// y[n,h,w] (+)= the sum over rows.of(h) and cols.of(w) of weighted pixels of x, first along h, one
// row at a time, then along w.
template <class T>
void gather_rows(View x, MutView y, bool add, const Readers& rows, const Readers& cols) {
  const Shape s = x.shape, t = y.shape;
  const i64 row = s.w * s.c;
  const std::vector<i64> run_of = cols.runs();
  const i64* const runs = run_of.data();
  for_range(t.n * t.h, (row + t.w * t.c) * 2, [=, &rows, &cols](i64 begin, i64 end) {
    // otherwise sums are computed in f32 and rounded once
    constexpr bool exact = std::is_same_v<T, float>;
    std::vector<float> line(static_cast<std::size_t>(row));
    std::vector<float> sums(exact ? 0 : static_cast<std::size_t>(t.w * t.c));
    std::vector<Weighted<T>> tall;
    std::vector<Weighted<float>> wide;
    for (i64 i = begin; i < end; ++i) {
      const T* const image = x.as<T>() + i / t.h * s.h * row;
      const i64 h = i % t.h;
      T* const to = y.as<T>() + i * t.w * t.c;
      const float* from = line.data();
      tall.clear();
      for (i64 r = 0; r < rows.size(h); ++r)
        tall.push_back({image + rows.of(h)[r].index * row, rows.of(h)[r].weight});
      bool as_it_is = false;
      if constexpr (exact) {
        as_it_is = tall.size() == 1 && tall[0].weight == 1.0F;
        if (as_it_is) from = tall[0].x;
      }
      if (!as_it_is) sum_terms(tall.data(), static_cast<i64>(tall.size()), row, false, line.data());
      const auto along_w = [&](auto* out, bool onto) {
        for (i64 w = 0; w < t.w;) {
          const i64 run = runs[w], size = cols.size(w);
          const Readers::Reader* const of = cols.of(w);
          if (size > 0 && size <= 4) {
            Weighted<float> few[4];
            for (i64 c = 0; c < size; ++c) few[c] = {from + of[c].index * s.c, of[c].weight};
            sum_terms(few, size, run * s.c, onto, out + w * s.c);
          } else {
            wide.clear();
            for (i64 c = 0; c < size; ++c) wide.push_back({from + of[c].index * s.c, of[c].weight});
            sum_terms(wide.data(), size, run * s.c, onto, out + w * s.c);
          }
          w += run;
        }
      };
      if constexpr (exact) {
        along_w(to, add);
      } else {
        along_w(sums.data(), false);
        put_pixel(to, sums.data(), t.w * t.c, add);
      }
    }
  });
}

}  // namespace sumi::kernels::cpu
