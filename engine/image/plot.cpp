#include "engine/image/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/image/canvas.h"
#include "kernels/base/check.h"

namespace sumi {
namespace {

using io::Align;
using io::Box;
using io::Canvas;
using io::Point;

constexpr Rgb kPaper{255, 255, 255}, kInk{40, 44, 52}, kMuted{110, 116, 126}, kGrid{233, 235, 239},
    kAxis{150, 156, 166};
constexpr std::array<Rgb, 6> kPalette{
    {{31, 111, 197}, {226, 96, 28}, {32, 150, 92}, {150, 82, 180}, {200, 150, 0}, {90, 100, 110}}};
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// beyond this, differences of two values could overflow: a gap, like infinity
constexpr double kHuge = 1e100;
constexpr std::size_t kMaxPoints = 3000;

bool usable(double v) {
  return std::abs(v) < kHuge;
}

struct Range {
  double lo = 0, hi = 1;
  bool empty = true;

  void include(double v) {
    lo = empty ? v : std::min(lo, v);
    hi = empty ? v : std::max(hi, v);
    empty = false;
  }
  // So that a constant has a height too.
  void widen(double part) {
    if (empty) *this = {0, 1, true};
    const double pad = hi > lo ? (hi - lo) * part : std::max(std::abs(hi) * 0.1, 1e-3);
    lo -= pad;
    hi += pad;
  }
};

struct Curve {
  std::vector<double> xs, ys;
};

// Means of runs of adjacent points, so that long histories are plotted in constant time. A run
// without a usable value is a gap.
Curve thin(const Series& s) {
  const std::size_t run = (s.ys.size() + kMaxPoints - 1) / kMaxPoints;
  Curve curve;
  for (std::size_t i = 0; i < s.ys.size(); i += run) {
    double x = 0, y = 0, n = 0;
    for (std::size_t j = i; j < std::min(i + run, s.ys.size()); ++j)
      if (usable(s.ys[j]) && usable(s.xs[j])) {
        x += s.xs[j];
        y += s.ys[j];
        ++n;
      }
    curve.xs.push_back(n > 0 ? x / n : usable(s.xs[i]) ? s.xs[i] : kNaN);
    curve.ys.push_back(n > 0 ? y / n : kNaN);
  }
  return curve;
}

// Moving average around each point, skipping gaps; narrower toward the ends to avoid bias. Values
// outside the visible range are clamped to it, or one spike would lift the line for a whole window.
Curve smooth(const Curve& raw, double part, const Range& visible) {
  const auto n = raw.ys.size();
  const auto half = static_cast<std::size_t>(std::lround(static_cast<double>(n) * part / 2));
  if (half == 0) return raw;
  Curve out = raw;
  std::vector<double> sums(n + 1, 0), counts(n + 1, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const bool good = usable(raw.ys[i]);
    sums[i + 1] = sums[i] + (good ? std::clamp(raw.ys[i], visible.lo, visible.hi) : 0);
    counts[i + 1] = counts[i] + (good ? 1 : 0);
  }
  for (std::size_t i = 0; i < n; ++i) {
    const auto reach = std::min({half, std::max(i, half / 4), std::max(n - 1 - i, half / 4)});
    const auto a = i - std::min(i, reach), b = std::min(n, i + reach + 1);
    if (usable(raw.ys[i]) && counts[b] > counts[a]) out.ys[i] = (sums[b] - sums[a]) / (counts[b] - counts[a]);
  }
  return out;
}

// From the 1st to the 99th percentile of the raw values, including the middle of the smoothed ones.
Range y_range(const std::vector<Curve>& raw) {
  Range range;
  for (const Curve& curve : raw) {
    std::vector<double> values;
    std::copy_if(curve.ys.begin(), curve.ys.end(), std::back_inserter(values), usable);
    if (values.empty()) continue;
    std::sort(values.begin(), values.end());
    const auto cut = values.size() / 100;
    range.include(values[cut]);
    range.include(values[values.size() - 1 - cut]);
  }
  range.widen(0.06);
  return range;
}

// 1, 2 or 5 times a power of ten, with about `wanted` ticks in the range.
double tick_step(const Range& range, double wanted) {
  const double rough = (range.hi - range.lo) / wanted, power = std::pow(10, std::floor(std::log10(rough)));
  for (const double m : {1.0, 2.0, 5.0})
    if (rough <= m * power) return m * power;
  return 10 * power;
}

std::string number(double v, double step) {
  if (std::abs(v) < step / 2) return "0";
  const double a = std::abs(v);
  if (a >= 1e7 || a < 1e-4) return fmt::format("{:.3g}", v);
  if (step >= 1000)
    return step >= 1e6 || std::fmod(v, 1000) == 0 ? fmt::format("{:g}k", v / 1000)
                                                  : fmt::format("{:.1f}k", v / 1000);
  const int digits = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 6);
  return fmt::format("{:.{}f}", v, digits);
}

struct Frame {
  Box box;
  Range x, y;
  Point at(double px, double py) const {
    return {box.left + (px - x.lo) / (x.hi - x.lo) * (box.right - box.left),
            box.bottom - (py - y.lo) / (y.hi - y.lo) * (box.bottom - box.top)};
  }
  std::vector<Point> points(const Curve& c) const {
    std::vector<Point> result;
    for (std::size_t i = 0; i < c.xs.size(); ++i) result.push_back(at(c.xs[i], c.ys[i]));
    return result;
  }
};

void draw_axes(Canvas& canvas, const Frame& f, bool with_x_numbers) {
  const double y_step = tick_step(f.y, std::max(2.0, (f.box.bottom - f.box.top) / 45));
  for (double v = std::ceil(f.y.lo / y_step) * y_step; v <= f.y.hi; v += y_step) {
    const double y = std::floor(f.at(f.x.lo, v).y);
    canvas.fill({f.box.left, y, f.box.right, y + 1}, kGrid);
    canvas.text(f.box.left - 8, y, number(v, y_step), 12, kMuted, Align::right);
  }
  const double x_step = tick_step(f.x, std::max(2.0, (f.box.right - f.box.left) / 100));
  for (double v = std::ceil(f.x.lo / x_step) * x_step; v <= f.x.hi; v += x_step) {
    const double x = std::floor(f.at(v, f.y.lo).x);
    canvas.fill({x, f.box.top, x + 1, f.box.bottom}, kGrid);
    canvas.fill({x, f.box.bottom, x + 1, f.box.bottom + 5}, kAxis);
    if (with_x_numbers) canvas.text(x, f.box.bottom + 15, number(v, x_step), 12, kMuted, Align::center);
  }
  canvas.fill({f.box.left, f.box.top, f.box.left + 1, f.box.bottom + 1}, kAxis);
  canvas.fill({f.box.left, f.box.bottom, f.box.right, f.box.bottom + 1}, kAxis);
}

// In the panel's headline, right-aligned: it never covers a curve.
void draw_legend(Canvas& canvas, const Frame& f, const std::vector<Series>& panel,
                 const std::vector<Rgb>& colors) {
  double x = f.box.right;
  const double y = f.box.top - 11;
  for (std::size_t i = panel.size(); i-- > 0;) {
    std::string label = panel[i].name;
    const auto last = std::find_if(panel[i].ys.rbegin(), panel[i].ys.rend(), usable);
    if (last != panel[i].ys.rend()) label += fmt::format("  {:.4g}", *last);
    canvas.text(x, y, label, 12, kInk, Align::right);
    x -= canvas.text_width(label, 12) + 8;
    canvas.polyline({{x - 16, y}, {x, y}}, 3, colors[i], 1,
                    f.box.left < x ? Box{0, 0, 1e9, 1e9} : Box{0, 0, 0, 0});
    x -= 16 + 18;
  }
}

void draw_panel(Canvas& canvas, Frame frame, const std::vector<Series>& panel, const PlotOptions& options,
                bool last) {
  std::vector<Curve> raw, fine;
  std::vector<Rgb> colors;
  for (const Series& s : panel) {
    raw.push_back(thin(s));
    colors.push_back(s.color.value_or(kPalette[colors.size() % kPalette.size()]));
  }
  frame.y = y_range(raw);
  for (const Curve& c : raw) fine.push_back(smooth(c, options.smoothing, frame.y));
  // Slightly wider, so that dots at the ends stay round.
  const Box clip{frame.box.left - 3, frame.box.top, frame.box.right + 3, frame.box.bottom};
  draw_axes(canvas, frame, last);
  bool any = false;
  for (std::size_t i = 0; i < panel.size(); ++i) {
    any = any || std::any_of(raw[i].ys.begin(), raw[i].ys.end(), usable);
    if (options.smoothing > 0) canvas.polyline(frame.points(raw[i]), 1, colors[i], 0.28, clip);
  }
  for (std::size_t i = 0; i < panel.size(); ++i)
    canvas.polyline(frame.points(fine[i]), 2, colors[i], 1, clip);
  if (!any)
    canvas.text((frame.box.left + frame.box.right) / 2, (frame.box.top + frame.box.bottom) / 2, "no data yet",
                14, kMuted, Align::center);
  draw_legend(canvas, frame, panel, colors);
}

}  // namespace

Image8 draw_curves(const std::string& title, const std::vector<std::vector<Series>>& panels,
                   const PlotOptions& options) {
  Range x;
  for (const auto& panel : panels)
    for (const Series& s : panel) {
      if (s.xs.size() != s.ys.size())
        fail("plot " + s.name,
             fmt::format("has {} x values and {} y values; they go in pairs", s.xs.size(), s.ys.size()));
      for (const double v : s.xs)
        if (usable(v)) x.include(v);
    }
  if (x.empty || !(x.hi > x.lo)) x.widen(0);
  Canvas canvas(std::max(options.width, 200), std::max(options.height, 150), kPaper);
  const double width = std::max(options.width, 200), height = std::max(options.height, 150);
  canvas.text(width / 2, 22, title, 17, kInk, Align::center);
  const double left = 66, right = width - 24, top = 44, bottom = height - 48, gap = 38;
  const auto count = std::max<std::size_t>(panels.size(), 1);
  const double room = (bottom - top) / static_cast<double>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double from = top + room * static_cast<double>(i);
    const Frame frame{{left, from + 22, right, from + room - (i + 1 < count ? gap - 22 : 0)}, x, {}};
    draw_panel(canvas, frame, panels.empty() ? std::vector<Series>{} : panels[i], options, i + 1 == count);
  }
  canvas.text((left + right) / 2, height - 14, options.x_label, 12, kMuted, Align::center);
  return canvas.image();
}

void plot_curves(const std::filesystem::path& path, const std::string& title,
                 const std::vector<std::vector<Series>>& panels, const PlotOptions& options) {
  save_image(path, draw_curves(title, panels, options));
}

}  // namespace sumi
