#include "models/judges/sliced_wasserstein.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/error.h"
#include "engine/image/stylize/blur.h"
#include "engine/ops.h"
#include "engine/runtime/device.h"
#include "models/judges/shuffle.h"

namespace sumi {
namespace {

constexpr int kPatchSide = 7;  // of a neighborhood
constexpr std::size_t kDirections = 256;
constexpr std::array<float, 5> kTaps{1.0F / 16, 4.0F / 16, 6.0F / 16, 4.0F / 16, 1.0F / 16};

std::size_t index_of(const PyramidLevel& level, int x, int y) {
  return (static_cast<std::size_t>(y) * static_cast<std::size_t>(level.width) + static_cast<std::size_t>(x)) *
         static_cast<std::size_t>(level.channels);
}

PyramidLevel empty_level(int width, int height, int channels) {
  PyramidLevel level{width, height, channels, {}};
  level.values.resize(index_of(level, 0, height), 0.0F);
  return level;
}

// The filter in rows and columns; a pass of five taps each.
PyramidLevel blurred(const PyramidLevel& from) {
  const auto pass = [](const PyramidLevel& in, int dx, int dy) {
    PyramidLevel out = empty_level(in.width, in.height, in.channels);
    for (int y = 0; y < in.height; ++y)
      for (int x = 0; x < in.width; ++x)
        for (int k = -2; k <= 2; ++k) {
          const float* source = in.values.data() + index_of(in, stylize::reflect(x + k * dx, in.width),
                                                            stylize::reflect(y + k * dy, in.height));
          float* target = out.values.data() + index_of(out, x, y);
          for (int c = 0; c < in.channels; ++c)
            target[c] += kTaps[static_cast<std::size_t>(k + 2)] * source[c];
        }
    return out;
  };
  return pass(pass(from, 1, 0), 0, 1);
}

// Every second pixel of the blurred level.
PyramidLevel half_level(const PyramidLevel& from) {
  const PyramidLevel smooth = blurred(from);
  PyramidLevel small = empty_level((from.width + 1) / 2, (from.height + 1) / 2, from.channels);
  for (int y = 0; y < small.height; ++y)
    for (int x = 0; x < small.width; ++x)
      std::copy_n(smooth.values.data() + index_of(smooth, 2 * x, 2 * y), small.channels,
                  small.values.data() + index_of(small, x, y));
  return small;
}

// Subtracts the level upsampled from `small`: zeros between its pixels, blurred, times 4.
void subtract_doubled(PyramidLevel& level, const PyramidLevel& small) {
  PyramidLevel spread = empty_level(level.width, level.height, level.channels);
  for (int y = 0; y < small.height; ++y)
    for (int x = 0; x < small.width; ++x)
      std::copy_n(small.values.data() + index_of(small, x, y), small.channels,
                  spread.values.data() + index_of(spread, 2 * x, 2 * y));
  const PyramidLevel smooth = blurred(spread);
  for (std::size_t i = 0; i < level.values.size(); ++i) level.values[i] -= 4 * smooth.values[i];
}

// Subtracts each channel's mean over all rows and divides by its deviation.
void normalize(Neighborhoods& rows, int channels) {
  const auto c = static_cast<std::size_t>(channels);
  std::vector<double> sum(c, 0.0), squares(c, 0.0);
  for (std::size_t i = 0; i < rows.values.size(); ++i) sum[i % c] += rows.values[i];
  const double n = static_cast<double>(rows.values.size()) / channels;
  for (double& s : sum) s /= n;
  for (std::size_t i = 0; i < rows.values.size(); ++i) {
    const double d = rows.values[i] - sum[i % c];
    squares[i % c] += d * d;
  }
  for (std::size_t i = 0; i < rows.values.size(); ++i) {
    const double deviation = std::sqrt(squares[i % c] / n);
    rows.values[i] = static_cast<float>((rows.values[i] - sum[i % c]) / std::max(deviation, 1e-8));
  }
}

void add_neighborhood(Neighborhoods& to, const PyramidLevel& level, int left, int top) {
  for (int y = top; y < top + kPatchSide; ++y) {
    const float* row = level.values.data() + index_of(level, left, y);
    to.values.insert(to.values.end(), row, row + kPatchSide * level.channels);
  }
}

// Sorted projections: row d holds those on direction d.
std::vector<float> projections(const Neighborhoods& rows, std::size_t count,
                               const std::vector<float>& directions) {
  const NoGrad no_grad;
  const auto size = static_cast<std::int64_t>(rows.size), n = static_cast<std::int64_t>(count);
  const auto number = static_cast<std::int64_t>(directions.size() / rows.size);
  const std::vector<float> used(rows.values.begin(),
                                rows.values.begin() + static_cast<std::ptrdiff_t>(count * rows.size));
  const Device cpu = parse_device("cpu");
  std::vector<float> all = matmul(Tensor::from(directions, Shape::matrix(number, size), DType::f32, cpu),
                                  Tensor::from(used, Shape::matrix(n, size), DType::f32, cpu), false, true)
                               .to_vector<float>();
  for (auto at = all.begin(); at != all.end(); at += n) std::sort(at, at + n);
  return all;
}

}  // namespace

std::vector<PyramidLevel> laplacian_pyramid(const Image8& image, int smallest) {
  PyramidLevel first = empty_level(image.width, image.height, image.channels);
  std::copy(image.data.begin(), image.data.end(), first.values.begin());
  std::vector<PyramidLevel> levels{std::move(first)};
  while ((levels.back().width + 1) / 2 >= smallest && (levels.back().height + 1) / 2 >= smallest) {
    PyramidLevel small = half_level(levels.back());
    subtract_doubled(levels.back(), small);
    levels.push_back(std::move(small));
  }
  return levels;
}

std::vector<Neighborhoods> neighborhoods(const ImageSet& set, std::size_t most, std::uint64_t seed) {
  if (set.side < kPatchSide || set.count == 0)
    fail("sliced Wasserstein", "needs images of 7 or more pixels; use a larger --size");
  const std::size_t per_image = std::max<std::size_t>(1, most / set.count);
  std::vector<Neighborhoods> all;
  for (std::size_t i = 0; i < set.count; ++i) {
    const std::vector<PyramidLevel> levels = laplacian_pyramid(set.at(i));
    if (all.empty()) all.resize(levels.size());
    SplitMix random(seed + i);
    for (std::size_t k = 0; k < levels.size(); ++k) {
      all[k].size = static_cast<std::size_t>(kPatchSide * kPatchSide * levels[k].channels);
      for (std::size_t p = 0; p < per_image; ++p) {
        const auto left = random.below(static_cast<std::size_t>(levels[k].width - kPatchSide + 1));
        const auto top = random.below(static_cast<std::size_t>(levels[k].height - kPatchSide + 1));
        add_neighborhood(all[k], levels[k], static_cast<int>(left), static_cast<int>(top));
      }
    }
  }
  for (Neighborhoods& rows : all) normalize(rows, set.channels);
  return all;
}

std::vector<float> random_directions(std::size_t count, std::size_t size, std::uint64_t seed) {
  SplitMix random(seed);
  const auto uniform = [&random] { return (static_cast<double>(random.next() >> 11) + 0.5) * 0x1p-53; };
  std::vector<float> all;
  for (std::size_t d = 0; d < count; ++d) {
    std::vector<double> row;  // by Box and Muller
    double square = 0;
    while (row.size() < size) {
      row.push_back(std::sqrt(-2 * std::log(uniform())) * std::cos(2 * 3.14159265358979323846 * uniform()));
      square += row.back() * row.back();
    }
    for (const double v : row) all.push_back(static_cast<float>(v / std::sqrt(square)));
  }
  return all;
}

double sliced_distance(const Neighborhoods& a, const Neighborhoods& b, const std::vector<float>& directions) {
  const std::size_t count = std::min(a.count(), b.count());
  if (a.size != b.size || count == 0 || directions.empty() || directions.size() % a.size != 0)
    fail("sliced Wasserstein", "the two sets have neighborhoods of different sizes, or none");
  const std::vector<float> x = projections(a, count, directions), y = projections(b, count, directions);
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += std::abs(x[i] - y[i]);
  return sum / static_cast<double>(x.size());
}

SlicedWasserstein sliced_wasserstein(const std::vector<Neighborhoods>& a, const std::vector<Neighborhoods>& b,
                                     std::uint64_t seed) {
  if (a.size() != b.size() || a.empty())
    fail("sliced Wasserstein", "the two sets have images of different sizes");
  SlicedWasserstein result;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const std::vector<float> directions = random_directions(kDirections, a[k].size, seed + k);
    result.levels.push_back(1000 * sliced_distance(a[k], b[k], directions));
    result.mean += result.levels.back() / static_cast<double>(a.size());
  }
  return result;
}

}  // namespace sumi
