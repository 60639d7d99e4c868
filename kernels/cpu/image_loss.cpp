// Image losses with their gradients in the same pass. Rows of total variation and pixels of the
// color loss are distributed over the threads.
#include "kernels/image_loss.h"

#include "kernels/cpu/planes.h"
#include "kernels/cpu/reduce.h"

namespace sumi::kernels::cpu {
namespace {

// One row of an image with the rows above and below; at an edge these are the row itself, whose
// difference is 0.
template <class T>
struct VariationRow {
  const T *x, *above, *below;
  T* dx;  // may be null
  float share_h, share_w;

  // The sum over elements [begin, end) of the row, whose adjacent pixels are `left` and `right`
  // elements away.
  double span(i64 begin, i64 end, i64 left, i64 right) const {
    double sum = 0;
    sum_columns(
        begin, end - begin, 1,
        [=, row = *this](i64 i) {
          const auto here = static_cast<float>(row.x[i]);
          const float down = static_cast<float>(row.below[i]) - here;
          const float across = static_cast<float>(row.x[i + right]) - here;
          if (row.dx) {
            const float up = here - static_cast<float>(row.above[i]);
            const float back = here - static_cast<float>(row.x[i - left]);
            row.dx[i] = T(2.0F * (row.share_h * (up - down) + row.share_w * (back - across)));
          }
          return row.share_h * down * down + row.share_w * across * across;
        },
        &sum);
    return sum;
  }
  double sum(i64 w, i64 c) const {
    if (w == 1) return span(0, c, 0, 0);
    return span(0, c, 0, c) + span(c, (w - 1) * c, c, c) + span((w - 1) * c, w * c, c, 0);
  }
};

// The sum of the distances of the pixels [begin, end); dx = their derivatives times share, if dx is
// not null.
template <class T>
double distances(const T* x, const T* target, T* dx, float delta, float share, i64 begin, i64 end) {
  Planes xs, ts;
  double sum = 0;
  for (i64 run = begin; run < end; run += plane_width * lane_rows) {
    float sums[plane_width] = {};
    for (i64 i = run; i < std::min(end, run + plane_width * lane_rows); i += plane_width) {
      const i64 count = std::min(plane_width, end - i);
      float value[plane_width];
      xs.load(x + 3 * i, count);
      ts.load(target + 3 * i, count);
      for (i64 j = 0; j < plane_width; ++j) {
        const auto d = color::yuv_distance(xs.at(j), ts.at(j), delta);
        value[j] = d.value;
        xs.put(j, {{share * d.grad.v[0], share * d.grad.v[1], share * d.grad.v[2]}});
      }
      for (i64 j = 0; j < count; ++j) sums[j] += value[j];
      if (dx) xs.store(count, dx + 3 * i);
    }
    for (const float s : sums) sum += s;
  }
  return sum;
}

}  // namespace

void total_variation(const Exec& e, View x, MutView y, MutView dx) {
  const Shape s = x.shape;
  const VariationShares share(s);
  const i64 rows = s.n * s.h, width = s.w * s.c;
  Workspace w(e);
  const auto piece = w.add<double>(rows);
  w.allocate();
  double* const sums = w.at<double>(piece);  // one per row, added in order
  dispatch_f32_bf16("total_variation", x.dtype, [&]<class T>() {
    const T* const xs = x.as<T>();
    T* const dxs = dx ? dx.as<T>() : nullptr;
    for_range(rows, width, [=](i64 begin, i64 end) {
      for (i64 r = begin; r < end; ++r) {
        const T* const row = xs + r * width;
        const i64 at = r % s.h;
        sums[r] = VariationRow<T>{row,
                                  at > 0 ? row - width : row,
                                  at + 1 < s.h ? row + width : row,
                                  dxs ? dxs + r * width : nullptr,
                                  static_cast<float>(share.h),
                                  static_cast<float>(share.w)}
                      .sum(s.w, s.c);
      }
    });
    double sum = 0;
    for (i64 r = 0; r < rows; ++r) sum += sums[r];
    *y.as<T>() = T(static_cast<float>(sum));
  });
}

void color_loss(const Exec& e, double delta, View x, View target, MutView y, MutView dx) {
  const i64 pixels = x.count() / 3;
  const Chunks chunks(1, pixels, 1);
  Workspace w(e);
  const auto piece = w.add<double>(chunks.count);
  w.allocate();
  double* const sums = w.at<double>(piece);
  dispatch_f32_bf16("color_loss", x.dtype, [&]<class T>() {
    const T *const xs = x.as<T>(), *const ts = target.as<T>();
    T* const dxs = dx ? dx.as<T>() : nullptr;
    const auto bend = static_cast<float>(delta);
    const auto share = static_cast<float>(1.0 / static_cast<double>(pixels));
    for_chunks(chunks, [=](i64, i64 chunk, i64 begin, i64 end) {
      sums[chunk] = distances(xs, ts, dxs, bend, share, begin, end);
    });
    double sum = 0;
    for (i64 i = 0; i < chunks.count; ++i) sum += sums[i];
    *y.as<T>() = T(static_cast<float>(sum / static_cast<double>(pixels)));
  });
}

}  // namespace sumi::kernels::cpu
