#include "engine/video/temporal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>

#include "engine/error.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/rows.h"
#include "engine/image/stylize/sample.h"
#include "kernels/thread_pool.h"

namespace sumi::video {
namespace {

// Cubic weights keep more of the drawing from frame to frame than bilinear ones.
constexpr float kBlendCubic = -0.5F;
constexpr float kMaxAmount = 4;      // of the unsharp mask
constexpr float kAmountEase = 0.5F;  // from frame to frame, so that the sharpness does not pulse
// Levels end at black and white, where the mask is cut off. The variance that is asked for makes up
// for what was missing in the frames before.
constexpr double kGainEase = 0.3, kLeastGain = 0.8, kMostGain = 2;

std::uint16_t to_level(float value) {
  const float low = value < 0.0F ? 0.0F : value;
  return static_cast<std::uint16_t>(static_cast<int>((low > 65535.0F ? 65535.0F : low) + 0.5F));
}

// Buffers of `size` floats, one for each thread of a loop.
class RowBuffers {
 public:
  explicit RowBuffers(std::size_t size)
      : size_(size), data_(size * static_cast<std::size_t>(kernels::num_threads())) {}
  float* of(int thread) { return data_.data() + static_cast<std::size_t>(thread) * size_; }

 private:
  std::size_t size_;
  std::vector<float> data_;
};

// Which two values of a field's row, or rows of a field, each of `to` places lies between.
struct Between {
  std::vector<int> first;
  std::vector<float> part;  // of the way to the next
  Between(int from, int to) {
    const float scale = static_cast<float>(from) / static_cast<float>(to);
    for (int i = 0; i < to; ++i) {
      const float at = std::clamp((static_cast<float>(i) + 0.5F) * scale - 0.5F, 0.0F, float(from - 1));
      first.push_back(std::min(static_cast<int>(at), from - 2));
      part.push_back(at - static_cast<float>(first.back()));
    }
  }
};

// to = top + part (low - top).
inline void between_rows(const float* top, const float* low, float part, std::size_t count,
                         float* __restrict to) {
#pragma omp simd
  for (std::size_t i = 0; i < count; ++i) to[i] = top[i] + part * (low[i] - top[i]);
}

// held[height, width, 3] at (x, y), inside of it, by a cubic.
struct HeldSampler {
  const std::uint16_t* held;
  int width, height;

  void at(float x, float y, float (&sum)[3]) const {
    const int i = static_cast<int>(x), j = static_cast<int>(y);
    const std::array<float, 4> wx = stylize::cubic_weights(x - static_cast<float>(i), kBlendCubic),
                               wy = stylize::cubic_weights(y - static_cast<float>(j), kBlendCubic);
    // The four pixels of a row are 12 levels; 16 of them make whole vectors.
    float column[16];
    if (i >= 1 && j >= 1 && i + 5 <= width && j + 3 <= height) {
      const auto row = 3 * static_cast<std::ptrdiff_t>(width);
      const std::uint16_t* p = held + (j - 1) * row + 3 * (i - 1);
#pragma omp simd
      for (int k = 0; k < 16; ++k)
        column[k] = wy[0] * static_cast<float>(p[k]) + wy[1] * static_cast<float>(p[row + k]) +
                    wy[2] * static_cast<float>(p[2 * row + k]) + wy[3] * static_cast<float>(p[3 * row + k]);
    } else {
      for (int k = 0; k < 12; ++k) {
        column[k] = 0;
        for (int b = 0; b < 4; ++b) {
          const int v = std::clamp(j - 1 + b, 0, height - 1), u = std::clamp(i - 1 + k / 3, 0, width - 1);
          column[k] += wy[static_cast<std::size_t>(b)] *
                       static_cast<float>(held[3 * (static_cast<std::ptrdiff_t>(v) * width + u) + k % 3]);
        }
      }
    }
    for (int c = 0; c < 3; ++c)
      sum[c] = wx[0] * column[c] + wx[1] * column[3 + c] + wx[2] * column[6 + c] + wx[3] * column[9 + c];
  }
};

// The same sum with every instruction set: of eight parts.
double sum_of(const float* values, std::size_t count) {
  std::array<double, 8> parts{};
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8)
#pragma omp simd
    for (std::size_t k = 0; k < 8; ++k) parts[k] += static_cast<double>(values[i + k]);
  for (; i < count; ++i) parts[0] += static_cast<double>(values[i]);
  double total = 0;
  for (const double part : parts) total += part;
  return total;
}

// Sums of the products of the Laplacians of two fields of one size, over every other row and away
// from the border: of the first with itself, of the second, and of both.
struct Energies {
  double first = 0, second = 0, both = 0;
};
Energies laplacian_energies(const float* a, const float* b, int width, int height) {
  std::vector<Energies> rows(static_cast<std::size_t>(std::max(height / 2, 1)));
  RowBuffers buffers(3 * static_cast<std::size_t>(width));
  stylize::for_rows(height, [&](int begin, int end, int thread) {
    float* __restrict aa = buffers.of(thread);
    float* __restrict bb = aa + width;
    float* __restrict ab = bb + width;
    for (int y = begin | 1; y < end && y + 1 < height; y += 2) {
      const float *p = a + static_cast<std::ptrdiff_t>(y) * width,
                  *q = b + static_cast<std::ptrdiff_t>(y) * width;
#pragma omp simd
      for (int x = 1; x < width - 1; ++x) {
        const float u = p[x - 1] + p[x + 1] + p[x - width] + p[x + width] - 4.0F * p[x];
        const float v = q[x - 1] + q[x + 1] + q[x - width] + q[x + width] - 4.0F * q[x];
        aa[x] = u * u;
        bb[x] = v * v;
        ab[x] = u * v;
      }
      const std::size_t count = static_cast<std::size_t>(std::max(width - 2, 0));
      rows[static_cast<std::size_t>(y / 2)] = {sum_of(aa + 1, count), sum_of(bb + 1, count),
                                               sum_of(ab + 1, count)};
    }
  });
  Energies total;
  for (const Energies& row : rows) {
    total.first += row.first;
    total.second += row.second;
    total.both += row.both;
  }
  return total;
}

// Of `count` pixels of three values each.
template <class Level>
inline void luma_row(const Level* from, int count, float* __restrict to) {
#pragma omp simd
  for (int x = 0; x < count; ++x)
    to[x] = 0.299F * static_cast<float>(from[3 * x]) + 0.587F * static_cast<float>(from[3 * x + 1]) +
            0.114F * static_cast<float>(from[3 * x + 2]);
}

}  // namespace

TemporalBlend::TemporalBlend(int width, int height, double share, double smear)
    : width_(width), height_(height), share_(static_cast<float>(share)), smear_(static_cast<float>(smear)) {}

void TemporalBlend::blend(const Motion& motion, const std::uint16_t* drawing) {
  blended_.resize(held_.size());
  const int width = width_, flow_width = motion.width;
  const auto flow_row = static_cast<std::size_t>(flow_width);
  const float sx = static_cast<float>(flow_width) / static_cast<float>(width);
  const float sy = static_cast<float>(motion.height) / static_cast<float>(height_);
  const float right = static_cast<float>(width - 1), bottom = static_cast<float>(height_ - 1);
  const float share = share_, smear = smear_, largest = std::numeric_limits<float>::max();
  const Between columns(flow_width, width), rows(motion.height, height_);
  RowBuffers buffers(3 * flow_row + 3 * static_cast<std::size_t>(width));
  const HeldSampler held{held_.data(), width, height_};
  stylize::for_rows(height_, [&](int begin, int end, int thread) {
    float* flow = buffers.of(thread);
    float* trust = flow + 2 * flow_row;
    float* __restrict px = trust + flow_row;
    float* __restrict py = px + width;
    float* __restrict weight = py + width;
    for (int y = begin; y < end; ++y) {
      const auto top = static_cast<std::size_t>(rows.first[static_cast<std::size_t>(y)]) * flow_row;
      const float part = rows.part[static_cast<std::size_t>(y)];
      between_rows(motion.flow.data() + 2 * top, motion.flow.data() + 2 * (top + flow_row), part,
                   2 * flow_row, flow);
      between_rows(motion.trust.data() + top, motion.trust.data() + top + flow_row, part, flow_row, trust);
      const int* first = columns.first.data();
      const float* way = columns.part.data();
      const auto row = static_cast<float>(y);
#pragma omp simd
      for (int x = 0; x < width; ++x) {
        const int i = first[x];
        const float t = way[x];
        const float dx = (flow[2 * i] + t * (flow[2 * i + 2] - flow[2 * i])) / sx;
        const float dy = (flow[2 * i + 1] + t * (flow[2 * i + 3] - flow[2 * i + 1])) / sy;
        const float u = static_cast<float>(x) + dx, v = row + dy;
        const float speed = std::sqrt(dx * dx + dy * dy);
        const float slowed = smear > 0.0F ? smear / (smear + speed) : largest;
        const float sure = trust[i] + t * (trust[i + 1] - trust[i]);
        px[x] = u;
        py[x] = v;
        weight[x] = (u >= 0.0F) & (v >= 0.0F) & (u <= right) & (v <= bottom)
                        ? (share < slowed ? share : slowed) * sure
                        : 0.0F;
      }
      const std::uint16_t* drawn = drawing + 3 * static_cast<std::ptrdiff_t>(y) * width;
      std::uint16_t* to = blended_.data() + 3 * static_cast<std::ptrdiff_t>(y) * width;
      for (int x = 0; x < width; ++x) {
        if (!(weight[x] > 0)) {
          std::copy_n(drawn + 3 * x, 3, to + 3 * x);
          continue;
        }
        float sum[3];
        held.at(px[x], py[x], sum);
        for (int c = 0; c < 3; ++c) {
          const auto own = static_cast<float>(drawn[3 * x + c]);
          to[3 * x + c] = to_level(own + weight[x] * (stylize::clamp(sum[c], 0.0F, 65535.0F) - own));
        }
      }
    }
  });
  held_.swap(blended_);
}

// What [1 4 6 4 1] / 16 across and down takes from the blend, and the lumas. The border repeats.
void TemporalBlend::split(const std::uint16_t* drawing) {
  const int width = width_, height = height_, levels = 3 * width;
  const std::size_t pixels = held_.size() / 3;
  high_.resize(held_.size());
  for (std::vector<float>* luma : {&drawn_luma_, &held_luma_, &high_luma_}) luma->resize(pixels);
  RowBuffers buffers(static_cast<std::size_t>(levels) + 12);
  stylize::for_rows(height, [&](int begin, int end, int thread) {
    float* __restrict down = buffers.of(thread) + 6;
    for (int y = begin; y < end; ++y) {
      const auto row = [&](int j) {
        return held_.data() + static_cast<std::ptrdiff_t>(std::clamp(j, 0, height - 1)) * levels;
      };
      const std::uint16_t *a = row(y - 2), *b = row(y - 1), *own = row(y), *c = row(y + 1), *d = row(y + 2);
#pragma omp simd
      for (int k = 0; k < levels; ++k)
        down[k] = static_cast<float>(6 * own[k] + 4 * (b[k] + c[k]) + a[k] + d[k]);
      for (int k = 0; k < 6; ++k) {
        down[k - 6] = down[k % 3];
        down[levels + k] = down[levels - 3 + k % 3];
      }
      float* __restrict high = high_.data() + static_cast<std::ptrdiff_t>(y) * levels;
#pragma omp simd
      for (int k = 0; k < levels; ++k)
        high[k] =
            static_cast<float>(own[k]) -
            (6.0F * down[k] + 4.0F * (down[k - 3] + down[k + 3]) + down[k - 6] + down[k + 6]) * (1.0F / 256);
      const auto first = static_cast<std::ptrdiff_t>(y) * width;
      luma_row(drawing + 3 * first, width, drawn_luma_.data() + first);
      luma_row(own, width, held_luma_.data() + first);
      luma_row(high, width, high_luma_.data() + first);
    }
  });
}

// The amount a of held + a (held - smooth(held)) whose Laplacian has the drawing's variance: a
// quadratic.
void TemporalBlend::show(std::uint16_t* drawing) {
  split(drawing);
  const int width = width_, levels = 3 * width;
  const auto [bb, hh, bh] = laplacian_energies(held_luma_.data(), high_luma_.data(), width, height_);
  const double dd = laplacian_energies(drawn_luma_.data(), drawn_luma_.data(), width, height_).first;
  const double root = bh * bh + hh * (gain_ * dd - bb);
  const double wanted = hh > 0 && root > 0 ? (-bh + std::sqrt(root)) / hh : 0;
  const float limited = std::clamp(static_cast<float>(wanted), 0.0F, kMaxAmount);
  amount_ += kAmountEase * (limited - amount_);
  stylize::for_rows(height_, [&, amount = amount_](int begin, int end, int) {
    for (int y = begin; y < end; ++y) {
      const auto first = static_cast<std::ptrdiff_t>(y) * levels;
      const std::uint16_t* held = held_.data() + first;
      const float* high = high_.data() + first;
      std::uint16_t* __restrict to = drawing + first;
#pragma omp simd
      for (int k = 0; k < levels; ++k) to[k] = to_level(static_cast<float>(held[k]) + amount * high[k]);
      luma_row(to, width, held_luma_.data() + static_cast<std::ptrdiff_t>(y) * width);
    }
  });
  const double shown = laplacian_energies(held_luma_.data(), held_luma_.data(), width, height_).first;
  if (shown > 0) gain_ = std::clamp(gain_ * (1 + kGainEase * (dd / shown - 1)), kLeastGain, kMostGain);
}

void TemporalBlend::apply(const Motion& motion, std::uint16_t* drawing) {
  if (share_ <= 0) return;
  if (motion.cut || motion.flow.empty() || !begun_) {
    held_.assign(drawing, drawing + 3 * static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_));
    amount_ = 0;
    gain_ = 1;
    begun_ = true;
    return;
  }
  blend(motion, drawing);
  show(drawing);
}

std::string TemporalBlend::state() const {
  std::string bytes;
  if (!begun_) return bytes;
  bytes.append(reinterpret_cast<const char*>(&amount_), sizeof amount_);
  bytes.append(reinterpret_cast<const char*>(&gain_), sizeof gain_);
  bytes.append(reinterpret_cast<const char*>(held_.data()), held_.size() * sizeof held_[0]);
  return bytes;
}

void TemporalBlend::set_state(const std::string& bytes) {
  begun_ = !bytes.empty();
  if (!begun_) return;
  held_.resize(3 * static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_));
  constexpr std::size_t head = sizeof amount_ + sizeof gain_;
  if (bytes.size() != head + held_.size() * sizeof held_[0])
    fail("temporal", "the state is of another clip; delete the folder of fragments and call sumi again");
  std::memcpy(&amount_, bytes.data(), sizeof amount_);
  std::memcpy(&gain_, bytes.data() + sizeof amount_, sizeof gain_);
  std::memcpy(held_.data(), bytes.data() + head, held_.size() * sizeof held_[0]);
}

}  // namespace sumi::video
