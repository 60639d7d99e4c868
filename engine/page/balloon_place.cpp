// Places of balloons: every width of the text at every point of a grid, the cheapest one taken,
// text by text in reading order.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>

#include "engine/page/balloon.h"

namespace sumi::page {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();
constexpr std::array<double, 5> kScales{1, 0.92, 0.84, 0.77, 0.7};
constexpr std::array<int, 9> kLineCounts{1, 2, 3, 4, 5, 6, 8, 11, 15};
constexpr int kSteps = 14;        // of the grid, along each side
constexpr double kMiddle = 0.62;  // of a face, which a text must not cover in any case
constexpr double kGap = 0.45;     // between texts; this and the following in sizes of the letters
constexpr double kInset = 0.5;    // from the panel's border
constexpr double kLeastTail = 0.9;
constexpr double kLongestTail = 0.42;           // of the panel's short side
constexpr double kGuessedTail = 0.15;           // the same where the speaker is a guess
constexpr double kWide = 1.7, kUpright = 0.75;  // width / height of a balloon that looks right

struct Setting {
  double wrap = 0;
  TextBlock block;
  Box box;  // of the balloon, around a block at the origin
};

double distance(Point a, Point b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

// Returns true if the segment meets the box.
bool crosses(Point from, Point to, const Box& box) {
  double first = 0, last = 1;
  const auto clip = [&](double start, double step, double low, double high) {
    if (step == 0) return start >= low && start <= high;
    double enter = (low - start) / step, leave = (high - start) / step;
    if (enter > leave) std::swap(enter, leave);
    first = std::max(first, enter);
    last = std::min(last, leave);
    return first <= last;
  };
  return clip(from.x, to.x - from.x, box.x, box.right()) && clip(from.y, to.y - from.y, box.y, box.bottom());
}

Point mouth_of(const Box& face) {
  return {face.center().x, face.y + 0.74 * face.height};
}

// Returns true for lines that run from top to bottom.
bool is_vertical(const TextBlock& block) {
  double width = 0, height = 0;
  for (const Box& line : block.lines) {
    width += line.width;
    height += line.height;
  }
  return height > 1.5 * width;
}

class Placement {
 public:
  Placement(const PanelScene& scene, const MeasureText& measure, double size, bool off_whole_faces)
      : scene_(scene), measure_(measure), size_(size), inner_(grown(scene.panel, -kInset * size)) {
    for (const Box& face : scene.faces) {
      const Box middle{face.x + (1 - kMiddle) / 2 * face.width, face.y + (1 - kMiddle) / 2 * face.height,
                       kMiddle * face.width, kMiddle * face.height};
      forbidden_.push_back(off_whole_faces ? face : middle);
    }
  }

  std::optional<std::vector<PlacedLettering>> place(const std::vector<Lettering>& letterings) {
    for (std::size_t k = 0; k < letterings.size(); ++k)
      if (!place_one(letterings[k], k, letterings.size())) return std::nullopt;
    for (std::size_t k = 0; k < letterings.size(); ++k) add_tail(letterings[k], placed_[k]);
    return placed_;
  }

 private:
  // Line lengths for different numbers of lines, each the shortest that keeps their number, so that
  // the lines are about equally long.
  std::vector<Setting> settings(const Lettering& lettering) const {
    std::vector<Setting> found;
    const TextBlock line = measure_(lettering.text, size_, kUnlimited);
    const double length = std::max(line.width, line.height);
    std::size_t lines_before = 0;
    for (const int count : kLineCounts) {
      double wrap = count == 1 ? kUnlimited : length / count * 1.05 + size_;
      TextBlock block = count == 1 ? line : measure_(lettering.text, size_, wrap);
      if (block.lines.size() == lines_before) continue;
      lines_before = block.lines.size();
      if (count > 1) {
        double low = wrap / 2, high = wrap;
        for (int step = 0; step < 6; ++step) {
          const double middle = (low + high) / 2;
          TextBlock tried = measure_(lettering.text, size_, middle);
          const bool same = tried.lines.size() <= block.lines.size() && tried.width <= block.width + 0.5 &&
                            tried.height <= block.height + 0.5;
          (same ? high : low) = middle;
          if (same) {
            block = std::move(tried);
            wrap = middle;
          }
        }
      }
      const Box box = balloon_box(lettering.kind, block, size_);
      if (box.width <= inner_.width && box.height <= inner_.height)
        found.push_back({wrap, std::move(block), box});
    }
    return found;
  }

  bool follows(const Box& box, const Box& before) const {
    if (box.y >= before.center().y) return true;
    const bool ahead = scene_.right_to_left ? box.right() <= before.x : box.x >= before.right();
    return ahead && box.y >= before.y - 0.15 * before.height;
  }

  bool allowed(const Box& box) const {
    for (const Box& face : forbidden_)
      if (overlap(box, face)) return false;
    for (const PlacedLettering& before : placed_)
      if (overlap(box, grown(before.outline, kGap * size_)) || !follows(box, before.outline)) return false;
    return true;
  }

  // The nearest face's mouth, or none.
  std::optional<Point> speaker(const Lettering& lettering, const Box& box) const {
    if (lettering.speaker)
      return Point{scene_.panel.x + lettering.speaker->x * scene_.panel.width,
                   scene_.panel.y + lettering.speaker->y * scene_.panel.height};
    std::optional<Point> nearest;
    for (const Box& face : scene_.faces) {
      const Point mouth = mouth_of(face);
      if (!nearest || distance(box.center(), mouth) < distance(box.center(), *nearest)) nearest = mouth;
    }
    return nearest;
  }

  // How far a box is from its place, 0 to about 1.
  double off_place(Place place, const Box& box) const {
    const double u = inner_.width > box.width ? (box.x - inner_.x) / (inner_.width - box.width) : 0.5;
    const double v = inner_.height > box.height ? (box.y - inner_.y) / (inner_.height - box.height) : 0.5;
    const bool left = place == Place::left || place == Place::top_left || place == Place::bottom_left;
    const bool right = place == Place::right || place == Place::top_right || place == Place::bottom_right;
    const bool top = place == Place::top || place == Place::top_left || place == Place::top_right;
    const bool bottom = place == Place::bottom || place == Place::bottom_left || place == Place::bottom_right;
    return (left ? u : right ? 1 - u : 0) + (top ? v : bottom ? 1 - v : 0);
  }

  double cost(const Lettering& lettering, const Setting& setting, const Box& box, double order) const {
    const double start = scene_.right_to_left ? inner_.right() - box.right() : box.x - inner_.x;
    const double across = start / std::max(1.0, inner_.width), down = (box.y - inner_.y) / inner_.height;
    double sum = 2.2 * scene_.importance(box) + 4 * off_place(lettering.place, box);
    const bool caption = lettering.kind == LetteringKind::caption;
    const double bottom = (box.bottom() - inner_.y) / inner_.height;
    // The first text belongs to the top, the last one of several to the bottom.
    sum += 0.5 * std::abs((order > 0 ? order * bottom + (1 - order) * down : down) -
                          (caption ? order : 0.6 * order));
    sum += (caption ? 0.2 : 0.12) * std::abs(across - (order > 0.5 ? 0.5 : 0));
    if (caption) return sum + 0.25 * setting.block.height / inner_.height;
    const double shape = is_vertical(setting.block) ? kUpright : kWide;
    sum += 0.12 * std::abs(std::log(setting.box.width / setting.box.height / shape));
    if (lettering.kind == LetteringKind::burst) return sum;
    if (const std::optional<Point> mouth = speaker(lettering, box)) {
      sum += 0.5 * distance(box.center(), *mouth) / std::hypot(inner_.width, inner_.height);
      for (const PlacedLettering& before : placed_)
        if (crosses(box.center(), *mouth, before.outline)) sum += 1;
      for (const Box& face : scene_.faces)
        if (distance(mouth_of(face), *mouth) > 1 && crosses(box.center(), *mouth, face)) sum += 0.6;
    }
    return sum;
  }

  // Captions stand on the inside of the border, balloons anywhere.
  std::vector<Point> positions(const Lettering& lettering, const Box& box) const {
    std::vector<Point> found;
    const double room_x = inner_.width - box.width, room_y = inner_.height - box.height;
    for (int i = 0; i <= kSteps; ++i)
      for (int j = 0; j <= kSteps; ++j) {
        const bool at_side = i == 0 || i == kSteps || j == 0 || j == kSteps;
        const bool at_corner = (i == 0 || i == kSteps) && (j == 0 || j == kSteps);
        if (lettering.kind == LetteringKind::caption && !(at_corner || (at_side && !placed_.empty())))
          continue;
        found.push_back({inner_.x + room_x * i / kSteps, inner_.y + room_y * j / kSteps});
      }
    return found;
  }

  bool place_one(const Lettering& lettering, std::size_t index, std::size_t count) {
    const double order = count > 1 ? static_cast<double>(index) / static_cast<double>(count - 1) : 0;
    PlacedLettering best;
    double least = kUnlimited;
    for (const Setting& setting : settings(lettering))
      for (const Point& corner : positions(lettering, setting.box)) {
        const Box box{corner.x, corner.y, setting.box.width, setting.box.height};
        if (!allowed(box)) continue;
        const double sum = cost(lettering, setting, box, order);
        if (sum >= least) continue;
        least = sum;
        best.kind = lettering.kind;
        best.text = lettering.text;
        best.size = size_;
        best.wrap = setting.wrap;
        best.block = {corner.x - setting.box.x, corner.y - setting.box.y, setting.block.width,
                      setting.block.height};
        best.outline = box;
      }
    if (least == kUnlimited) return false;
    placed_.push_back(std::move(best));
    return true;
  }

  // The middle of the part of the panel that matters most.
  Point heart() const {
    Point best = scene_.panel.center();
    double most = -1;
    const double width = 0.3 * scene_.panel.width, height = 0.3 * scene_.panel.height;
    for (int i = 0; i <= 10; ++i)
      for (int j = 0; j <= 10; ++j) {
        const Box part{scene_.panel.x + i / 10.0 * (scene_.panel.width - width),
                       scene_.panel.y + j / 10.0 * (scene_.panel.height - height), width, height};
        const double inside = scene_.importance(part);
        if (inside <= most) continue;
        most = inside;
        best = part.center();
      }
    return best;
  }

  void add_tail(const Lettering& lettering, PlacedLettering& placed) const {
    if (placed.kind == LetteringKind::caption || placed.kind == LetteringKind::burst) return;
    const std::optional<Point> known = speaker(lettering, placed.outline);
    const Point target = known.value_or(heart());
    const Point center = placed.outline.center();
    const double length = distance(center, target);
    // Where the tail leaves the balloon's box.
    const double out = std::min(placed.outline.width / 2 / std::max(1e-9, std::abs(target.x - center.x)),
                                placed.outline.height / 2 / std::max(1e-9, std::abs(target.y - center.y)));
    const double edge = out * length;
    if (edge >= length) return;  // the balloon covers the speaker
    // Up to the rim of the face, and not all through the panel.
    double reach = length;
    for (const Box& face : scene_.faces)
      if (distance(mouth_of(face), target) < 1) reach -= 0.42 * std::min(face.width, face.height);
    reach = std::min(reach, edge + (known ? kLongestTail : kGuessedTail) *
                                       std::min(scene_.panel.width, scene_.panel.height));
    reach = std::clamp(reach, std::min(length, edge + kLeastTail * size_), length);
    placed.tail = {center.x + (target.x - center.x) * reach / length,
                   center.y + (target.y - center.y) * reach / length};
    placed.has_tail = true;
  }

  const PanelScene& scene_;
  const MeasureText& measure_;
  const double size_;
  const Box inner_;
  std::vector<Box> forbidden_;
  std::vector<PlacedLettering> placed_;
};

}  // namespace

std::vector<PlacedLettering> place_letterings(const PanelScene& scene,
                                              const std::vector<Lettering>& letterings,
                                              const MeasureText& measure, const LetteringStyle& style) {
  if (letterings.empty()) return {};
  for (const bool off_whole_faces : {true, false})
    for (const double scale : kScales) {
      if (scale < style.least_scale) continue;
      Placement placement(scene, measure, scale * style.size, off_whole_faces);
      if (auto placed = placement.place(letterings)) return *std::move(placed);
    }
  throw TextDoesNotFit(
      "the text does not fit beside the faces; shorten it, lower --font-size or "
      "--per-page, or choose a larger --page");
}

}  // namespace sumi::page
