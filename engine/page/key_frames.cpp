#include "engine/page/key_frames.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace sumi::page {
namespace {

constexpr int kGrid = 8;
constexpr double kCut = 0.09, kCutOverUsual = 4;  // differences
constexpr double kClearlyOther = 0.2;             // difference from which two panels are quite different
constexpr int kFewest = 4, kMost = 12;
constexpr double kSharpness = 0.8, kFaces = 0.5, kChange = 1, kNewShot = 0.6, kUneven = 0.35;

// The share of the frames nearby that are less sharp.
std::vector<double> relative_sharpness(const std::vector<FrameLook>& frames) {
  const int count = static_cast<int>(frames.size()), reach = std::max(4, count / 24);
  std::vector<double> result;
  for (int i = 0; i < count; ++i) {
    const int from = std::max(0, i - reach), to = std::min(count - 1, i + reach);
    int below = 0;
    for (int k = from; k <= to; ++k)
      below += frames[static_cast<std::size_t>(k)].sharpness < frames[static_cast<std::size_t>(i)].sharpness;
    result.push_back(double(below) / std::max(1, to - from));
  }
  return result;
}

}  // namespace

FrameLook look_of(const stylize::RgbView& image, const Subject& subject, double time) {
  FrameLook look;
  look.time = time;
  look.sharpness = subject.sharpness;
  for (const Box& face : subject.faces) look.face_area += face.area();
  std::array<double, 192> sums{};
  std::array<double, 64> counts{};
  const int step = std::max(1, std::min(image.width, image.height) / 128);
  for (int y = step / 2; y < image.height; y += step)
    for (int x = step / 2; x < image.width; x += step) {
      const auto row = static_cast<std::size_t>(static_cast<long long>(y) * kGrid / image.height);
      const auto column = static_cast<std::size_t>(static_cast<long long>(x) * kGrid / image.width);
      const std::size_t cell = row * kGrid + column;
      const std::size_t at = 3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) +
                                  static_cast<std::size_t>(x));
      for (std::size_t c = 0; c < 3; ++c) sums[3 * cell + c] += image.rgb[at + c] / 65535.0;
      counts[cell] += 1;
    }
  for (std::size_t i = 0; i < sums.size(); ++i)
    look.colors[i] = static_cast<float>(sums[i] / std::max(1.0, counts[i / 3]));
  return look;
}

double difference(const FrameLook& a, const FrameLook& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.colors.size(); ++i) sum += std::abs(a.colors[i] - b.colors[i]);
  return sum / static_cast<double>(a.colors.size());
}

std::vector<int> find_shots(const std::vector<FrameLook>& frames) {
  if (frames.empty()) return {};
  std::vector<double> steps;
  for (std::size_t i = 1; i < frames.size(); ++i) steps.push_back(difference(frames[i - 1], frames[i]));
  std::vector<double> sorted = steps;
  std::sort(sorted.begin(), sorted.end());
  const double usual = sorted.empty() ? 0 : sorted[sorted.size() / 2];
  std::vector<int> shots{0};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const int before = frames[i].shot, now = frames[i + 1].shot;
    const bool known = before >= 0 && now >= 0;
    if (known ? now != before : steps[i] > kCut && steps[i] > kCutOverUsual * usual)
      shots.push_back(static_cast<int>(i) + 1);
  }
  return shots;
}

std::vector<int> choose_key_frames(const std::vector<FrameLook>& frames, int count) {
  const int total = static_cast<int>(frames.size());
  const std::vector<int> shots = find_shots(frames);
  if (count == 0) count = std::clamp(static_cast<int>(shots.size()), kFewest, kMost);
  std::vector<int> chosen;
  if (count >= total) {
    for (int i = 0; i < total; ++i) chosen.push_back(i);
    return chosen;
  }
  const std::vector<double> sharpness = relative_sharpness(frames);
  const auto index = [](int i) { return static_cast<std::size_t>(i); };
  std::vector<int> shot_of(frames.size());
  for (int i = 0, shot = -1; i < total; ++i) {
    if (shot + 1 < static_cast<int>(shots.size()) && shots[index(shot + 1)] == i) ++shot;
    shot_of[index(i)] = shot;
  }
  const auto value = [&](int i) {
    return kSharpness * sharpness[index(i)] + kFaces * std::min(1.0, 6 * frames[index(i)].face_area);
  };
  const double even = std::max(1e-9, (frames.back().time - frames.front().time) / count);
  const auto uneven = [&](double gap, double wanted) {
    const double off = std::log2(std::max(gap, 1e-3 * even) / wanted);
    return kUneven * std::min(off * off, 6.0);
  };
  // best[k][i]: of k + 1 frames, of which the last is i.
  std::vector<std::vector<double>> best(index(count), std::vector<double>(frames.size(), -1e300));
  std::vector<std::vector<int>> before(index(count), std::vector<int>(frames.size(), -1));
  for (int i = 0; i < total; ++i)
    best[0][index(i)] = value(i) - uneven(frames[index(i)].time - frames[0].time + even / 2, even);
  for (int i = 1; i < total; ++i)
    for (int j = 0; j < i; ++j) {
      const FrameLook &last = frames[index(i)], &previous = frames[index(j)];
      const double gain = value(i) + kChange * std::min(1.0, difference(previous, last) / kClearlyOther) +
                          (shot_of[index(i)] != shot_of[index(j)] ? kNewShot : 0) -
                          uneven(last.time - previous.time, even);
      for (int k = 1; k < count; ++k) {
        const double sum = best[index(k - 1)][index(j)] + gain;
        if (sum <= best[index(k)][index(i)]) continue;
        best[index(k)][index(i)] = sum;
        before[index(k)][index(i)] = j;
      }
    }
  int last = count - 1;
  double most = -std::numeric_limits<double>::infinity();
  for (int i = count - 1; i < total; ++i) {
    const double sum =
        best.back()[index(i)] - uneven(frames.back().time - frames[index(i)].time + even / 2, even);
    if (sum <= most) continue;
    most = sum;
    last = i;
  }
  for (int k = count - 1; k >= 0; --k) {
    chosen.push_back(last);
    last = before[index(k)][index(last)];
  }
  std::reverse(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace sumi::page
