#include "engine/image/faces/subject.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/image/faces/face_finder.h"
#include "engine/image/faces/faces.h"
#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/front.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/resize.h"

namespace sumi::faces {
namespace {

using stylize::Lab;
using stylize::Plane;

constexpr int kSide = 300;  // short side that is searched, pixels
constexpr int kRounds = 5;
constexpr double kLeastArea = 0.02, kMostArea = 0.7, kMostBorder = 0.45;

Lab small_lab(const stylize::RgbView& photo) {
  const int shorter = std::min(photo.width, photo.height);
  const Lab whole = stylize::reduced_lab(photo, std::max(1, shorter / (2 * kSide)));
  const double scale = std::min(1.0, static_cast<double>(kSide) / std::min(whole.width(), whole.height()));
  return resize_area(whole, std::max(1, static_cast<int>(std::lround(whole.width() * scale))),
                     std::max(1, static_cast<int>(std::lround(whole.height() * scale))));
}

std::vector<std::uint8_t> to_bytes(const Lab& lab) {
  const stylize::Rgb rgb = to_rgb(lab);
  std::vector<std::uint8_t> bytes(3 * rgb.red.pixels());
  for (std::size_t i = 0; i < rgb.red.pixels(); ++i) {
    bytes[3 * i] = static_cast<std::uint8_t>(std::lround(255 * rgb.red.data()[i]));
    bytes[3 * i + 1] = static_cast<std::uint8_t>(std::lround(255 * rgb.green.data()[i]));
    bytes[3 * i + 2] = static_cast<std::uint8_t>(std::lround(255 * rgb.blue.data()[i]));
  }
  return bytes;
}

// Distance of each pixel's color from the nearest colors of the photo's border.
Plane border_distance(const Lab& lab) {
  const int width = lab.width(), height = lab.height();
  const Lab soft = blur(lab, 2);
  std::vector<std::pair<int, int>> border;
  const int step = std::max((width + height) / 60, 1);
  for (int x = 0; x < width; x += step) border.insert(border.end(), {{x, 0}, {x, height - 1}});
  for (int y = 0; y < height; y += step) border.insert(border.end(), {{0, y}, {width - 1, y}});
  Plane result(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      float near = 1e9F;
      for (const auto& [u, v] : border) {
        const float dL = 0.5F * (soft.L.row(y)[x] - soft.L.row(v)[u]),
                    da = soft.a.row(y)[x] - soft.a.row(v)[u], db = soft.b.row(y)[x] - soft.b.row(v)[u];
        near = std::min(near, dL * dL + da * da + db * db);
      }
      result.row(y)[x] = std::sqrt(near);
    }
  return result;
}

// That distance, larger in the middle.
Plane saliency(const Plane& distance) {
  Plane result = distance.copy();
  for (int y = 0; y < result.height(); ++y)
    for (int x = 0; x < result.width(); ++x) {
      const double u = 2.0 * x / result.width() - 1, v = 2.0 * y / result.height() - 1;
      result.row(y)[x] *= static_cast<float>(std::exp(-0.8 * (u * u + v * v)));
    }
  return blur(result, 3);
}

using Labels = std::vector<std::uint8_t>;

// From faces: they are the subject, and so may be what is below them, three faces wide.
Labels labels_of_faces(int width, int height, double scale, const std::vector<FaceBox>& boxes) {
  Labels labels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), surely_behind);
  for (const FaceBox& box : boxes) {
    const double w = box.width * scale, h = box.height * scale, middle = (box.x + 0.5 * box.width) * scale;
    const double top = box.y * scale;
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        std::uint8_t& label = labels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                                     static_cast<std::size_t>(x)];
        const double u = std::abs(x - middle) / w, v = (y - top) / h;
        if (u * u / 0.14 + (v - 0.55) * (v - 0.55) / 0.2 < 1)
          label = surely_subject;
        else if (label != surely_subject && ((u < 0.9 && v > -0.5) || (u < 1.9 && v > 1.1)))
          label =
              std::max<std::uint8_t>(label, u < 0.7 || (v > 1.4 && u < 1.2) ? maybe_subject : maybe_behind);
      }
  }
  return labels;
}

// From what stands out.
Labels labels_of_saliency(const Plane& distance) {
  const Plane stands_out = saliency(distance);
  double mean = 0, most = 0;
  for (std::size_t i = 0; i < stands_out.pixels(); ++i) {
    mean += stands_out.data()[i];
    most = std::max<double>(most, stands_out.data()[i]);
  }
  mean /= static_cast<double>(stands_out.pixels());
  Labels labels(stands_out.pixels());
  const int width = distance.width(), height = distance.height(),
            edge = std::max(std::min(width, height) / 50, 1);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const float value = stands_out.row(y)[x];
      const bool outermost = x < edge || x >= width - edge || y < edge;  // subjects stand on the lower border
      labels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)] =
          outermost                             ? surely_behind
          : value > mean + 0.6 * (most - mean)  ? surely_subject
          : value > mean + 0.15 * (most - mean) ? maybe_subject
                                                : maybe_behind;
    }
  return labels;
}

bool has_both(const Labels& labels) {
  const auto subject = [](std::uint8_t label) { return label == surely_subject || label == maybe_subject; };
  return std::any_of(labels.begin(), labels.end(), subject) &&
         !std::all_of(labels.begin(), labels.end(), subject);
}

// Parts of at least a fifth of the largest one's area; 1 inside.
Plane largest_parts(const Labels& labels, int width, int height) {
  std::vector<int> part(labels.size(), -1), sizes;
  std::vector<std::size_t> open;
  const auto subject = [&](std::size_t i) {
    return labels[i] == surely_subject || labels[i] == maybe_subject;
  };
  const auto w = static_cast<std::size_t>(width);
  for (std::size_t start = 0; start < labels.size(); ++start) {
    if (!subject(start) || part[start] >= 0) continue;
    const int number = static_cast<int>(sizes.size());
    sizes.push_back(0);
    open.assign(1, start);
    part[start] = number;
    while (!open.empty()) {
      const std::size_t i = open.back(), x = i % w;
      open.pop_back();
      ++sizes.back();
      const auto visit = [&](bool inside, std::size_t k) {
        if (!inside || !subject(k) || part[k] >= 0) return;
        part[k] = number;
        open.push_back(k);
      };
      visit(x > 0, i - 1);
      visit(x + 1 < w, i + 1);
      visit(i >= w, i - w);
      visit(i + w < labels.size(), i + w);
    }
  }
  const int largest = sizes.empty() ? 0 : *std::max_element(sizes.begin(), sizes.end());
  Plane mask(width, height, 0.0F);
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (part[i] >= 0 && sizes[static_cast<std::size_t>(part[i])] * 5 >= largest) mask.data()[i] = 1;
  return mask;
}

bool is_subject(const Plane& mask) {
  double area = 0, border = 0, around = 0;
  for (int y = 0; y < mask.height(); ++y)
    for (int x = 0; x < mask.width(); ++x) {
      area += mask.row(y)[x];
      if (x > 0 && y > 0 && x + 1 < mask.width() && y + 1 < mask.height()) continue;
      border += mask.row(y)[x];
      around += 1;
    }
  area /= static_cast<double>(mask.pixels());
  return area >= kLeastArea && area <= kMostArea && border <= kMostBorder * around;
}

// Returns true if the pixels around the mask look like the photo's border: then the cut runs between
// a subject and its background, and not through the subject.
bool is_apart(const Plane& mask, const Plane& distance) {
  constexpr float kSimilar = 10;  // Lab units
  constexpr double kLeastShare = 0.7;
  Plane around = mask.copy();
  const int radius = std::max(std::min(mask.width(), mask.height()) / 20, 2);
  for (int i = 0; i < radius; ++i) around = dilate(around);
  double count = 0, similar = 0;
  for (std::size_t i = 0; i < mask.pixels(); ++i) {
    if (mask.data()[i] > 0 || around.data()[i] == 0) continue;
    count += 1;
    similar += distance.data()[i] < kSimilar ? 1 : 0;
  }
  return count > 0 && similar >= kLeastShare * count;
}

}  // namespace

Plane find_subject(const stylize::RgbView& photo) {
  const Lab lab = small_lab(photo);
  const int width = lab.width(), height = lab.height();
  if (std::min(width, height) < 16) return {};
  const Plane distance = border_distance(lab);
  const std::vector<FaceBox> boxes = find_faces(photo);
  Labels labels = boxes.empty()
                      ? labels_of_saliency(distance)
                      : labels_of_faces(width, height, static_cast<double>(width) / photo.width, boxes);
  if (!has_both(labels)) return {};
  const std::vector<std::uint8_t> rgb = to_bytes(lab);
  face_finder().segment(width, height, rgb.data(), labels.data(), kRounds);
  const Plane mask = largest_parts(labels, width, height);
  if (!is_subject(mask) || !is_apart(mask, distance)) return {};
  // Steps of the pixels become a smooth outline.
  return map([](float m) { return stylize::smoothstep(0.25F, 0.75F, m); }, blur(mask, 1.5F));
}

}  // namespace sumi::faces
