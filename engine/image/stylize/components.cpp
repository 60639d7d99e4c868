#include "engine/image/stylize/components.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/rows.h"

namespace sumi::stylize {
namespace {

// Pixels [begin, end) of a row that lie in one part.
struct Run {
  int begin, end;
  int part;  // index of a run of the same part, not above its own; the first one's is itself
};

class Parts {
 public:
  Parts(const Plane& x, float threshold) {
    first_.push_back(0);
    for (int y = 0; y < x.height(); ++y) {
      find_runs(x.row(y), x.width(), threshold);
      first_.push_back(runs_.size());
      if (y > 0) join(first_[static_cast<std::size_t>(y) - 1], first_[static_cast<std::size_t>(y)]);
    }
    for (std::size_t i = 0; i < runs_.size(); ++i) runs_[i].part = root(static_cast<int>(i));
  }

  // each(y, run) in order.
  template <class Each>
  void for_runs(const Each& each) const {
    for (std::size_t y = 0; y + 1 < first_.size(); ++y)
      for (std::size_t i = first_[y]; i < first_[y + 1]; ++i) each(static_cast<int>(y), runs_[i]);
  }
  std::size_t count() const { return runs_.size(); }

 private:
  // Where the next pixel from x on is that is above the threshold, or is not: in strides of pixels
  // that are all alike.
  template <bool above>
  static int next(const float* row, int x, int width, float threshold) {
    constexpr int kStride = 16;
    for (; x + kStride <= width; x += kStride) {
      int found = 0;
      for (int i = 0; i < kStride; ++i) found |= (row[x + i] > threshold) == above ? 1 : 0;
      if (found != 0) break;
    }
    while (x < width && (row[x] > threshold) != above) ++x;
    return x;
  }

  void find_runs(const float* row, int width, float threshold) {
    for (int x = 0; x < width;) {
      const int begin = next<true>(row, x, width, threshold);
      if (begin == width) return;
      x = next<false>(row, begin, width, threshold);
      runs_.push_back({begin, x, static_cast<int>(runs_.size())});
    }
  }

  // The runs of the row that begins at `here` with those of the row above.
  void join(std::size_t above, std::size_t here) {
    std::size_t i = above;
    for (std::size_t k = here; k < runs_.size(); ++k) {
      while (i < here && runs_[i].end < runs_[k].begin) ++i;
      for (std::size_t j = i; j < here && runs_[j].begin <= runs_[k].end; ++j)
        unite(static_cast<int>(j), static_cast<int>(k));
    }
  }

  int root(int i) {
    while (at(i).part != i) {
      at(i).part = at(at(i).part).part;
      i = at(i).part;
    }
    return i;
  }
  void unite(int i, int k) {
    i = root(i);
    k = root(k);
    if (i < k)
      at(k).part = i;
    else
      at(i).part = k;
  }
  Run& at(int i) { return runs_[static_cast<std::size_t>(i)]; }

  std::vector<Run> runs_;
  std::vector<std::size_t> first_;  // of each row
};

}  // namespace

Plane drop_small(const Plane& x, double area, float threshold, const Plane* weight) {
  const int width = x.width(), height = x.height();
  const Parts parts(x, threshold);
  std::vector<double> sizes(parts.count());
  parts.for_runs([&](int y, const Run& run) {
    double size = run.end - run.begin;
    if (weight) {
      size = 0;
      for (int i = run.begin; i < run.end; ++i) size += weight->row(y)[i];
    }
    sizes[static_cast<std::size_t>(run.part)] += size;
  });
  Plane result(width, height, 0.0F);
  parts.for_runs([&](int y, const Run& run) {
    if (sizes[static_cast<std::size_t>(run.part)] < area) return;
    const int begin = std::max(run.begin - 1, 0), count = std::min(run.end + 1, width) - begin;
    for (int j = std::max(y - 1, 0); j <= std::min(y + 1, height - 1); ++j)
      std::copy_n(x.row(j) + begin, count, result.row(j) + begin);
  });
  return result;
}

}  // namespace sumi::stylize
