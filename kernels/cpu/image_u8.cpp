// 8-bit images to floats and back; rows of pixels are distributed over the threads.
#include "kernels/image_u8.h"

#include <cstring>

#include "kernels/cpu/pixels.h"

namespace sumi::kernels::cpu {
namespace {

// One axis: pixel `first` with weight 1 - t and `second` with weight t, both inside the image.
struct Tap {
  i64 first, second;
  float t;
};

// The tap of output i of `out`, for `length` pixels starting at `start` of an image of `size`.
inline Tap tap(i64 i, i64 out, i64 start, i64 length, i64 size) {
  const double ratio = static_cast<double>(length) / static_cast<double>(out);
  const double at = std::max(0.0, (static_cast<double>(i) + 0.5) * ratio - 0.5);
  const i64 whole = static_cast<i64>(at), first = std::min(whole, length - 1);
  const i64 second = std::min(first + 1, length - 1);
  return {std::clamp<i64>(start + first, 0, size - 1), std::clamp<i64>(start + second, 0, size - 1),
          static_cast<float>(at - static_cast<double>(whole))};
}

// The mapping of a crop's columns to those of a sample, in elements of an image row.
struct Columns {
  std::vector<Tap> taps;
  i64 begin = 0, end = 0;  // range that is read of a row
  bool copied = true;      // the columns are copied without interpolation

  Columns(const Crop& cut, const Shape& x, const Shape& y) {
    begin = x.w * x.c;
    for (i64 w = 0; w < y.w; ++w) {
      Tap u = tap(cut.flip ? y.w - 1 - w : w, y.w, cut.left, cut.w, x.w);
      u.first *= x.c, u.second *= x.c;
      copied = copied && u.t == 0.0F && (w == 0 || u.first == taps.back().first + x.c);
      begin = std::min({begin, u.first, u.second}), end = std::max({end, u.first + x.c, u.second + x.c});
      taps.push_back(u);
    }
  }
};

// line[i] = two rows of levels in [-1, 1], the lower with weight t. For a single row these are the
// exact values rounded once.
void load_line(const std::uint8_t* above, const std::uint8_t* below, float t, i64 begin, i64 end,
               float* __restrict line) {
  if (t == 0.0F) {
    for (i64 i = begin; i < end; ++i) line[i] = (2.0F * static_cast<float>(above[i]) - 255.0F) / 255.0F;
    return;
  }
  const float upper = (1.0F - t) * (2.0F / 255.0F), lower = t * (2.0F / 255.0F);
  for (i64 i = begin; i < end; ++i)
    line[i] = upper * static_cast<float>(above[i]) + lower * static_cast<float>(below[i]) - 1.0F;
}

// y = the columns of the line; `known` channels, or 0: any number.
template <int known, class T>
void put_columns(const Columns& columns, i64 any, const float* line, T* __restrict y) {
  const i64 channels = known > 0 ? known : any;
  for (const Tap& u : columns.taps) {
    for (i64 c = 0; c < channels; ++c) y[c] = T((1.0F - u.t) * line[u.first + c] + u.t * line[u.second + c]);
    y += channels;
  }
}

// The same for three channels as four floats at a time. The fourth is the next pixel's first, which
// is overwritten; `line` has one element more than a row.
void put_triples(const Columns& columns, const float* line, float* y) {
  using Four = float __attribute__((vector_size(16)));
  const Tap* const last = &columns.taps.back();
  for (const Tap* u = columns.taps.data(); u < last; ++u, y += 3) {
    Four a, b;
    std::memcpy(&a, line + u->first, sizeof a);
    std::memcpy(&b, line + u->second, sizeof b);
    a = (1.0F - u->t) * a + u->t * b;
    std::memcpy(y, &a, sizeof a);
  }
  for (i64 c = 0; c < 3; ++c)
    y[c] = (1.0F - last->t) * line[last->first + c] + last->t * line[last->second + c];
}

}  // namespace

void u8_to_float(const Exec&, Bytes x, Cuts cuts, MutView y) {
  const Shape s = x.shape, t = y.shape;
  const Crop whole{0, 0, static_cast<std::int32_t>(s.h), static_cast<std::int32_t>(s.w), 0};
  dispatch_f32_bf16("u8_to_float", y.dtype, [&]<class T>() {
    T* const to = y.as<T>();
    for_range(t.n * t.h, 4 * t.w * t.c, [=](i64 begin, i64 end) {
      std::vector<float> line(static_cast<std::size_t>(s.w * s.c + 1));
      Columns columns(cuts.data ? cuts.data[begin / t.h] : whole, s, t);
      for (i64 row = begin; row < end; ++row) {
        const i64 n = row / t.h;
        const Crop cut = cuts.data ? cuts.data[n] : whole;
        if (cuts.data && row > begin && row % t.h == 0) columns = Columns(cut, s, t);
        const Tap v = tap(row % t.h, t.h, cut.top, cut.h, s.h);
        load_line(x.data + (n * s.h + v.first) * s.w * s.c, x.data + (n * s.h + v.second) * s.w * s.c, v.t,
                  columns.begin, columns.end, line.data());
        T* const out = to + row * t.w * t.c;
        if (columns.copied)
          put_pixel(out, line.data() + columns.begin, t.w * t.c, false);
        else if (s.c != 3)
          put_columns<0>(columns, s.c, line.data(), out);
        else if constexpr (std::is_same_v<T, float>)
          put_triples(columns, line.data(), out);
        else
          put_columns<3>(columns, 3, line.data(), out);
      }
    });
  });
}

void float_to_u8(const Exec&, View x, MutBytes y) {
  dispatch_f32_bf16("float_to_u8", x.dtype, [&]<class T>() {
    const T* from = x.as<T>();
    std::uint8_t* to = y.data;
    for_range(x.count(), 1, [=](i64 begin, i64 end) {
      for (i64 i = begin; i < end; ++i) {
        const auto value = static_cast<float>(from[i]);
        const float above = value >= -1.0F ? value : -1.0F;  // also for NaN
        const float level = ((above > 1.0F ? 1.0F : above) + 1.0F) * 127.5F;
        const auto whole = static_cast<std::int32_t>(level);
        to[i] = static_cast<std::uint8_t>(whole + (level - static_cast<float>(whole) >= 0.5F ? 1 : 0));
      }
    });
  });
}

}  // namespace sumi::kernels::cpu
