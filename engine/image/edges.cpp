#include "engine/image/edges.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "kernels/base/check.h"

namespace sumi {
namespace {

constexpr int kLow = 100, kHigh = 200;
constexpr int kReach = 2;  // of the dilation and of the Gaussian: both are 5x5
constexpr std::array<int, 5> kGauss{1, 4, 6, 4, 1};
constexpr int kGaussSum = 256;  // of its 25 weights

struct Gradient {
  int dx = 0, dy = 0, size = 0;
};

// Sobel's gradient at every pixel.
std::vector<Gradient> gradients(const Image8& gray) {
  const auto at = [&](int x, int y) {
    return int{*gray.at(std::clamp(x, 0, gray.width - 1), std::clamp(y, 0, gray.height - 1))};
  };
  std::vector<Gradient> all;
  all.reserve(gray.data.size());
  for (int y = 0; y < gray.height; ++y)
    for (int x = 0; x < gray.width; ++x) {
      const int dx = at(x + 1, y - 1) + 2 * at(x + 1, y) + at(x + 1, y + 1) - at(x - 1, y - 1) -
                     2 * at(x - 1, y) - at(x - 1, y + 1);
      const int dy = at(x - 1, y + 1) + 2 * at(x, y + 1) + at(x + 1, y + 1) - at(x - 1, y - 1) -
                     2 * at(x, y - 1) - at(x + 1, y - 1);
      all.push_back({dx, dy, std::abs(dx) + std::abs(dy)});
    }
  return all;
}

struct Step {
  int x, y;
};

// The step to the pixel nearest to the gradient's direction: within 22.5 degrees of an axis, or
// diagonal.
Step direction(const Gradient& g) {
  constexpr double tan_22 = 0.41421356237309503, tan_67 = 2.414213562373095;
  const double x = std::abs(g.dx), y = std::abs(g.dy);
  if (y < x * tan_22) return {1, 0};
  if (y > x * tan_67) return {0, 1};
  return {(g.dx < 0) != (g.dy < 0) ? -1 : 1, 1};
}

Image8 gray_of(const Image8& image) {
  if (image.channels == 1) return image;
  Image8 gray(image.width, image.height, 1);
  for (std::size_t i = 0; i < gray.data.size(); ++i) gray.data[i] = luma(image.data.data() + 3 * i);
  return gray;
}

// 1 where a pixel within kReach is 1.
std::vector<std::uint8_t> dilated(const std::vector<std::uint8_t>& mask, int width, int height) {
  std::vector<std::uint8_t> wide(mask.size(), 0);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      if (mask[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)] ==
          0)
        continue;
      const int left = std::max(x - kReach, 0), right = std::min(x + kReach, width - 1);
      for (int row = std::max(y - kReach, 0); row <= std::min(y + kReach, height - 1); ++row) {
        const auto begin = wide.begin() + static_cast<std::ptrdiff_t>(row) * width;
        std::fill(begin + left, begin + right + 1, std::uint8_t{1});
      }
    }
  return wide;
}

// i mirrored into [0, n) about the first and the last pixel.
int mirrored(int i, int n) {
  if (n == 1) return 0;
  const int period = 2 * (n - 1), folded = (i % period + period) % period;
  return std::min(folded, period - folded);
}

}  // namespace

std::vector<std::uint8_t> canny_edges(const Image8& gray, int low, int high) {
  if (gray.channels != 1) fail("canny_edges", "takes gray images, of one channel");
  const int w = gray.width, h = gray.height;
  const std::vector<Gradient> gradient = gradients(gray);
  const auto place = [w](int x, int y) {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(w) + static_cast<std::size_t>(x);
  };
  const auto size = [&](int x, int y) {
    return x < 0 || y < 0 || x >= w || y >= h ? 0 : gradient[place(x, y)].size;
  };
  // A plateau of two equal magnitudes has one edge: the first is a maximum, the second is not.
  const auto is_maximum = [&](int x, int y) {
    const Step s = direction(gradient[place(x, y)]);
    const int here = size(x, y), behind = size(x - s.x, y - s.y), ahead = size(x + s.x, y + s.y);
    return here > behind && (s.x == 0 || s.y == 0 ? here >= ahead : here > ahead);
  };
  std::vector<std::uint8_t> possible(gradient.size(), 0), edges(gradient.size(), 0);
  std::vector<Step> open;  // edges whose neighbors are still to be visited
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x) {
      if (size(x, y) <= low || !is_maximum(x, y)) continue;
      possible[place(x, y)] = 1;
      if (size(x, y) <= high) continue;
      edges[place(x, y)] = 1;
      open.push_back({x, y});
    }
  while (!open.empty()) {
    const Step at = open.back();
    open.pop_back();
    for (int y = std::max(at.y - 1, 0); y <= std::min(at.y + 1, h - 1); ++y)
      for (int x = std::max(at.x - 1, 0); x <= std::min(at.x + 1, w - 1); ++x) {
        if (possible[place(x, y)] == 0 || edges[place(x, y)] != 0) continue;
        edges[place(x, y)] = 1;
        open.push_back({x, y});
      }
  }
  return edges;
}

Image8 smooth_edges(const Image8& image) {
  const std::vector<std::uint8_t> near_edge =
      dilated(canny_edges(gray_of(image), kLow, kHigh), image.width, image.height);
  Image8 smooth = image;
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) {
      if (near_edge[static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) +
                    static_cast<std::size_t>(x)] == 0)
        continue;
      for (int c = 0; c < image.channels; ++c) {
        int sum = 0;
        for (int i = -kReach; i <= kReach; ++i)
          for (int j = -kReach; j <= kReach; ++j)
            sum += kGauss[static_cast<std::size_t>(i + kReach)] *
                   kGauss[static_cast<std::size_t>(j + kReach)] *
                   image.at(mirrored(x + j, image.width), mirrored(y + i, image.height))[c];
        smooth.at(x, y)[c] = static_cast<std::uint8_t>((sum + kGaussSum / 2) / kGaussSum);
      }
    }
  return smooth;
}

}  // namespace sumi
