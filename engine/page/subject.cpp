#include "engine/page/subject.h"

#include <cmath>
#include <cstddef>
#include <limits>

#include "engine/error.h"

namespace sumi::page {
namespace {

constexpr int kLongSide = 192;       // of the reduced image that edges are taken from
constexpr int kCell = 4;             // pixels of it in one cell
constexpr int kPositions = 48;       // crops that are compared
constexpr double kAreaLoss = 0.3;    // of the area that a crop cuts away
constexpr double kFaceShare = 0.35;  // of the importance, for all faces together
constexpr double kSlack = 1e-6;      // of aspects
constexpr double kRounding = 0.05;   // of the aspects of small panels, whose sides are whole pixels

// Luma in 0..1 of the image, reduced to at most kLongSide by means of the pixels covered.
struct Luma {
  int width, height;
  std::vector<float> data;
  float at(int x, int y) const {
    return data[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)];
  }
};

Luma reduced_luma(const stylize::RgbView& image) {
  const int step = std::max(1, std::max(image.width, image.height) / kLongSide);
  Luma luma{std::max(1, image.width / step), std::max(1, image.height / step), {}};
  luma.data.resize(static_cast<std::size_t>(luma.width) * static_cast<std::size_t>(luma.height));
  for (int y = 0; y < luma.height; ++y)
    for (int x = 0; x < luma.width; ++x) {
      double sum = 0;
      for (int v = y * step; v < (y + 1) * step && v < image.height; ++v)
        for (int u = x * step; u < (x + 1) * step && u < image.width; ++u) {
          const std::size_t at = 3 * (static_cast<std::size_t>(v) * static_cast<std::size_t>(image.width) +
                                      static_cast<std::size_t>(u));
          sum += 0.299 * image.rgb[at] + 0.587 * image.rgb[at + 1] + 0.114 * image.rgb[at + 2];
        }
      luma.data[static_cast<std::size_t>(y) * static_cast<std::size_t>(luma.width) +
                static_cast<std::size_t>(x)] = static_cast<float>(sum / (65535.0 * step * step));
    }
  return luma;
}

// Length of the gradient, to the power of a half, so that one hard edge does not outweigh a figure.
double edge(const Luma& luma, int x, int y) {
  const int left = std::max(x - 1, 0), right = std::min(x + 1, luma.width - 1);
  const int up = std::max(y - 1, 0), down = std::min(y + 1, luma.height - 1);
  return std::sqrt(std::hypot(luma.at(right, y) - luma.at(left, y), luma.at(x, down) - luma.at(x, up)));
}

double mean_square_difference(const Luma& luma) {
  double sum = 0;
  for (int y = 0; y + 1 < luma.height; ++y)
    for (int x = 0; x + 1 < luma.width; ++x) {
      const double right = luma.at(x + 1, y) - luma.at(x, y), down = luma.at(x, y + 1) - luma.at(x, y);
      sum += right * right + down * down;
    }
  return sum / std::max(1, luma.width * luma.height);
}

Box padded_face(const faces::FaceBox& face, int width, int height) {
  const Box box{face.x - 0.12 * face.width, face.y - 0.25 * face.height, 1.24 * face.width,
                1.37 * face.height};
  const Box seen = common({0, 0, double(width), double(height)}, box);
  return {seen.x / width, seen.y / height, seen.width / width, seen.height / height};
}

ImportanceMap make_importance(const Luma& luma, const std::vector<Box>& faces) {
  const int columns = (luma.width + kCell - 1) / kCell, rows = (luma.height + kCell - 1) / kCell;
  std::vector<double> values(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows));
  double sum = 0, face_area = 0;
  for (int y = 0; y < luma.height; ++y)
    for (int x = 0; x < luma.width; ++x) {
      const double u = (x + 0.5) / luma.width - 0.5, v = (y + 0.5) / luma.height - 0.5;
      const double value = (0.05 + edge(luma, x, y)) * std::exp(-3 * (u * u + v * v));
      values[static_cast<std::size_t>(y / kCell) * static_cast<std::size_t>(columns) +
             static_cast<std::size_t>(x / kCell)] += value;
      sum += value;
    }
  for (const Box& face : faces) face_area += face.area();
  if (face_area <= 0) return {columns, rows, values};
  const double density = kFaceShare / (1 - kFaceShare) * sum / face_area;
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columns; ++column) {
      const Box cell{double(column) / columns, double(row) / rows, 1.0 / columns, 1.0 / rows};
      for (const Box& face : faces)
        values[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
               static_cast<std::size_t>(column)] += density * common(cell, face).area();
    }
  return {columns, rows, values};
}

Box all_faces(const Subject& subject) {
  Box box = subject.faces.front();
  for (const Box& face : subject.faces) box = joined(box, face);
  return box;
}

}  // namespace

ImportanceMap::ImportanceMap(int columns, int rows, const std::vector<double>& values)
    : columns_(columns), rows_(rows) {
  double total = 0;
  for (const double value : values) total += value;
  const auto stride = static_cast<std::size_t>(columns) + 1;
  sums_.assign(stride * (static_cast<std::size_t>(rows) + 1), 0);
  const double even = 1.0 / (double(columns) * rows);
  for (std::size_t y = 0; y < static_cast<std::size_t>(rows); ++y) {
    double row = 0;
    for (std::size_t x = 0; x + 1 < stride; ++x) {
      row += total > 0 ? values[y * (stride - 1) + x] / total : even;
      sums_[(y + 1) * stride + x + 1] = sums_[y * stride + x + 1] + row;
    }
  }
}

double ImportanceMap::sum_to(double x, double y) const {
  x = std::clamp(x, 0.0, double(columns_));
  y = std::clamp(y, 0.0, double(rows_));
  const int i = std::min(static_cast<int>(x), columns_ - 1), j = std::min(static_cast<int>(y), rows_ - 1);
  const double u = x - i, v = y - j;
  const auto stride = static_cast<std::size_t>(columns_) + 1;
  const double* corner = sums_.data() + static_cast<std::size_t>(j) * stride + static_cast<std::size_t>(i);
  return (1 - v) * ((1 - u) * corner[0] + u * corner[1]) +
         v * ((1 - u) * corner[stride] + u * corner[stride + 1]);
}

double ImportanceMap::inside(const Box& box) const {
  const double left = box.x * columns_, right = box.right() * columns_;
  const double top = box.y * rows_, bottom = box.bottom() * rows_;
  return sum_to(right, bottom) - sum_to(left, bottom) - sum_to(right, top) + sum_to(left, top);
}

double Subject::least_aspect() const {
  return faces.empty() ? 0 : all_faces(*this).width * width / height;
}

double Subject::most_aspect() const {
  if (faces.empty()) return std::numeric_limits<double>::infinity();
  return double(width) / (all_faces(*this).height * height);
}

double sharpness_of(const stylize::RgbView& image) {
  return mean_square_difference(reduced_luma(image));
}

Subject make_subject(const stylize::RgbView& image, const std::vector<faces::FaceBox>& faces) {
  Subject subject;
  subject.width = image.width;
  subject.height = image.height;
  for (const faces::FaceBox& face : faces) {
    const Box box = padded_face(face, image.width, image.height);
    if (box.area() > 0) subject.faces.push_back(box);
  }
  const Luma luma = reduced_luma(image);
  subject.importance = make_importance(luma, subject.faces);
  subject.sharpness = mean_square_difference(luma);
  return subject;
}

Box best_crop(const Subject& subject, double aspect) {
  const double least = subject.least_aspect(), most_aspect = subject.most_aspect();
  if (!(aspect >= least * (1 - kRounding) && aspect <= most_aspect * (1 + kRounding)))
    fail("page", "a panel of this shape would cut a face");
  aspect = std::min(std::max(aspect, least), most_aspect);
  const double width = std::min(1.0, aspect / subject.aspect());
  const double height = std::min(1.0, subject.aspect() / aspect);
  // Only one of the two ranges is longer than 0.
  double left = 0, right = 1 - width, top = 0, bottom = 1 - height;
  if (!subject.faces.empty()) {
    const Box faces = all_faces(subject);
    left = std::clamp(faces.right() - width, 0.0, 1 - width);
    right = std::clamp(faces.x, left, 1 - width);
    top = std::clamp(faces.bottom() - height, 0.0, 1 - height);
    bottom = std::clamp(faces.y, top, 1 - height);
  }
  Box best;
  double most = -1;
  for (int k = 0; k <= kPositions; ++k) {
    const double part = double(k) / kPositions;
    const Box crop{left + part * (right - left), top + part * (bottom - top), width, height};
    const double off_middle = std::abs(crop.center().x - 0.5) + std::abs(crop.center().y - 0.5);
    const double kept = subject.importance.inside(crop) - 1e-4 * off_middle;
    if (kept > most) {
      most = kept;
      best = crop;
    }
  }
  return best;
}

double crop_loss(const Subject& subject, double aspect) {
  if (!(aspect >= subject.least_aspect() * (1 - kSlack) && aspect <= subject.most_aspect() * (1 + kSlack)))
    return std::numeric_limits<double>::infinity();
  const Box crop = best_crop(subject, aspect);
  return 1 - subject.importance.inside(crop) + kAreaLoss * (1 - crop.area());
}

}  // namespace sumi::page
