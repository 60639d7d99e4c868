#include "engine/image/faces/faces.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/image/faces/face_finder.h"
#include "engine/image/stylize/blur.h"
#include "engine/image/stylize/color.h"
#include "engine/image/stylize/front.h"
#include "engine/image/stylize/map.h"
#include "engine/image/stylize/math.h"
#include "engine/image/stylize/resize.h"
#include "engine/image/stylize/tones.h"
#include "kernels/thread_pool.h"

namespace sumi::faces {
namespace {

using stylize::Lab;
using stylize::Plane;

constexpr int kSearchSide = 400;  // short side of the image that is searched
constexpr int kMinSize = 20;      // smallest face in it
constexpr int kMinCat = 66;       // smallest face of a cat, whose cascade errs more often
constexpr int kSkinStep = 8;      // pixels of it for one of the skin map

// The photograph at the size that is searched.
struct Search {
  Lab lab;
  double scale;  // of the photograph's pixels
  std::vector<std::uint8_t> gray;
};

Search make_search(const stylize::RgbView& photo) {
  const int side = std::min(photo.width, photo.height);
  const double scale = std::min(2.0, double(kSearchSide) / side);
  const int width = std::max(1, static_cast<int>(std::lround(photo.width * scale)));
  const int height = std::max(1, static_cast<int>(std::lround(photo.height * scale)));
  Search search;
  search.scale = scale;
  const Lab whole = stylize::reduced_lab(photo, std::max(1, side / (2 * kSearchSide)));
  search.lab =
      whole.width() > width ? resize_area(whole, width, height) : resize_linear(whole, width, height);
  search.gray.resize(search.lab.L.pixels());
  // L as a gamma of its own: the cascades compare sums, and an even scale serves them as well as
  // luma.
  for (std::size_t i = 0; i < search.gray.size(); ++i)
    search.gray[i] =
        static_cast<std::uint8_t>(std::lround(stylize::clamp(search.lab.L.data()[i], 0, 100) * 2.55F));
  return search;
}

// 1 where a pixel may be skin, in steps of kSkinStep.
Plane skin_map(const Lab& lab) {
  const int width = std::max(1, lab.width() / kSkinStep), height = std::max(1, lab.height() / kSkinStep);
  const Lab small = resize_area(lab, width, height);
  return dilate(map(
      [](float L, float a, float b) {
        const float chroma = std::sqrt(a * a + b * b), hue = stylize::atan2_degrees(b, a);
        return hue > 15.0F && hue < 85.0F && chroma > 6.0F && chroma < 58.0F && L > 18.0F ? 1.0F : 0.0F;
      },
      small.L, small.a, small.b));
}

// Parts of the image that have skin, with room around them: connected cells of the map, joined
// where they overlap.
std::vector<FaceBox> skin_parts(const Lab& lab) {
  Plane map = skin_map(lab);
  std::vector<FaceBox> parts;
  std::vector<std::pair<int, int>> open;
  for (int y = 0; y < map.height(); ++y)
    for (int x = 0; x < map.width(); ++x) {
      if (map.row(y)[x] == 0) continue;
      int left = x, right = x, top = y, bottom = y;
      open.assign(1, {x, y});
      map.row(y)[x] = 0;
      while (!open.empty()) {
        const auto [i, j] = open.back();
        open.pop_back();
        left = std::min(left, i), right = std::max(right, i), top = std::min(top, j),
        bottom = std::max(bottom, j);
        for (int v = std::max(j - 1, 0); v <= std::min(j + 1, map.height() - 1); ++v)
          for (int u = std::max(i - 1, 0); u <= std::min(i + 1, map.width() - 1); ++u)
            if (map.row(v)[u] != 0) {
              map.row(v)[u] = 0;
              open.emplace_back(u, v);
            }
      }
      const int room = kMinSize + (right - left + bottom - top + 2) * kSkinStep / 6;
      const int x0 = std::max(left * kSkinStep - room, 0), y0 = std::max(top * kSkinStep - room, 0);
      const int x1 = std::min((right + 1) * kSkinStep + room, lab.width());
      const int y1 = std::min((bottom + 1) * kSkinStep + room, lab.height());
      parts.push_back({x0, y0, x1 - x0, y1 - y0});
    }
  return parts;
}

bool overlap(const FaceBox& a, const FaceBox& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

void join(std::vector<FaceBox>& boxes) {
  for (std::size_t i = 0; i < boxes.size(); ++i)
    for (std::size_t k = i + 1; k < boxes.size(); ++k) {
      if (!overlap(boxes[i], boxes[k])) continue;
      FaceBox& a = boxes[i];
      const FaceBox b = boxes[k];
      const int right = std::max(a.x + a.width, b.x + b.width),
                bottom = std::max(a.y + a.height, b.y + b.height);
      a.x = std::min(a.x, b.x);
      a.y = std::min(a.y, b.y);
      a.width = right - a.x;
      a.height = bottom - a.y;
      boxes.erase(boxes.begin() + static_cast<std::ptrdiff_t>(k));
      k = i;  // the larger one may overlap others
    }
}

float median(std::vector<float>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Returns true if the middle of the box has the color of skin.
bool has_skin(const Lab& lab, const FaceBox& box) {
  std::vector<float> L, a, b;
  for (int y = box.y + box.height / 3; y < box.y + 3 * box.height / 4; ++y)
    for (int x = box.x + box.width / 4; x < box.x + 3 * box.width / 4; ++x) {
      L.push_back(lab.L.row(y)[x]);
      a.push_back(lab.a.row(y)[x]);
      b.push_back(lab.b.row(y)[x]);
    }
  if (L.empty()) return false;
  const float light = median(L), red = median(a), yellow = median(b);
  const float hue = stylize::atan2_degrees(yellow, red), chroma = std::hypot(red, yellow);
  return hue > 18 && hue < 82 && chroma > 7 && chroma < 55 && light > 20 && light < 92;
}

// The same face found twice.
bool near(const FaceBox& a, const FaceBox& b) {
  return std::abs(a.x + a.width / 2 - b.x - b.width / 2) < std::max(a.width, b.width) / 2 &&
         std::abs(a.y + a.height / 2 - b.y - b.height / 2) < std::max(a.height, b.height) / 2;
}

bool is_gray(const Lab& lab) {
  int colored = 0, count = 0;
  for (int y = 0; y < lab.height(); y += 4)
    for (int x = 0; x < lab.width(); x += 4, ++count)
      colored += std::hypot(lab.a.row(y)[x], lab.b.row(y)[x]) > 4;
  return colored * 50 < count;
}

}  // namespace

std::vector<FaceBox> find_faces(const stylize::RgbView& photo) {
  if (std::min(photo.width, photo.height) < kMinSize) return {};
  const stylize::PlaneMemory memory;
  const Search search = make_search(photo);
  const bool gray = is_gray(search.lab);
  std::vector<FaceBox> parts{{0, 0, search.lab.width(), search.lab.height()}};
  if (!gray) parts = skin_parts(search.lab);
  join(parts);
  std::vector<FaceBox> faces;
  for (const FaceBox& part : parts) {
    if (std::min(part.width, part.height) < kMinSize) continue;
    const auto offset = static_cast<std::ptrdiff_t>(part.y) * search.lab.width() + part.x;
    const GrayView view{part.width, part.height, search.lab.width(), search.gray.data() + offset};
    for (FaceBox box : face_finder().find(view, {kMinSize, kernels::num_threads(), gray})) {
      box.x += part.x;
      box.y += part.y;
      const auto same = [&](const FaceBox& other) { return near(box, other); };
      if ((gray || has_skin(search.lab, box)) && std::none_of(faces.begin(), faces.end(), same))
        faces.push_back(box);
    }
  }
  const auto back = [&](int v) { return static_cast<int>(std::lround(v / search.scale)); };
  for (FaceBox& face : faces) face = {back(face.x), back(face.y), back(face.width), back(face.height)};
  return faces;
}

std::vector<FaceBox> find_cat_faces(const stylize::RgbView& photo) {
  if (std::min(photo.width, photo.height) < kMinSize) return {};
  const stylize::PlaneMemory memory;
  const Search search = make_search(photo);
  const GrayView view{search.lab.width(), search.lab.height(), search.lab.width(), search.gray.data()};
  FinderOptions options;
  options.min_size = kMinCat;
  options.threads = kernels::num_threads();
  options.cats = true;
  std::vector<FaceBox> faces = face_finder().find(view, options);
  const auto back = [&](int v) { return static_cast<int>(std::lround(v / search.scale)); };
  for (FaceBox& face : faces) face = {back(face.x), back(face.y), back(face.width), back(face.height)};
  return faces;
}

stylize::Plane face_mask(const stylize::RgbView& photo, const std::vector<FaceBox>& boxes) {
  if (boxes.empty()) return {};
  const double scale = std::min(1.0, 512.0 / std::min(photo.width, photo.height));
  const int width = std::max(1, static_cast<int>(std::lround(photo.width * scale)));
  const int height = std::max(1, static_cast<int>(std::lround(photo.height * scale)));
  Plane mask(width, height, 0.0F);
  const double to_x = double(photo.width) / width, to_y = double(photo.height) / height;
  for (const FaceBox& box : boxes)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        const double u = ((x + 0.5) * to_x - box.x - box.width / 2.0) / (0.58 * box.width);
        const double v = ((y + 0.5) * to_y - box.y - 0.52 * box.height) / (0.72 * box.height);
        const float inside = 1 - stylize::smoothstep(0.7F, 1.25F, static_cast<float>(u * u + v * v));
        mask.row(y)[x] = std::max(mask.row(y)[x], inside);
      }
  return mask;
}

}  // namespace sumi::faces
