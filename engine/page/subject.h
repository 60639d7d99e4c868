// An image as a page's layout needs it: its shape, its faces, and the distribution of its content.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/image/faces/face_box.h"
#include "engine/image/stylize/color.h"
#include "engine/page/box.h"

namespace sumi::page {

// Importance of the parts of an image: a grid of cells whose values add up to 1, as a table of
// sums.
class ImportanceMap {
 public:
  ImportanceMap() = default;
  // `values`: [rows, columns], not negative. All equal if their sum is 0.
  ImportanceMap(int columns, int rows, const std::vector<double>& values);

  // The share of the importance that lies in a box, which is in fractions of the image.
  double inside(const Box& box) const;

 private:
  double sum_to(double x, double y) const;  // from the upper left corner, in cells

  int columns_ = 0, rows_ = 0;
  std::vector<double> sums_;  // [rows + 1, columns + 1]
};

struct Subject {
  int width = 0, height = 0;  // pixels, upright
  std::vector<Box> faces;     // with hair and chin, in fractions of the image
  ImportanceMap importance;   // edges, weighted toward the middle and the faces
  double sharpness = 0;       // mean squared difference of neighboring pixels, of luma in 0..1

  double aspect() const { return static_cast<double>(width) / height; }
  // Width / height of the crops that can hold all faces: a crop is as large as the image allows.
  double least_aspect() const;
  double most_aspect() const;
};

// Subject::sharpness alone.
double sharpness_of(const stylize::RgbView& image);

// Face boxes of the detector grow by a quarter for hair, and by less at the sides and the chin.
Subject make_subject(const stylize::RgbView& image, const std::vector<faces::FaceBox>& faces);

// The crop of `aspect` that keeps the most importance, as large as the image allows, in fractions
// of it. It holds all faces: the aspect is brought between the subject's least and most, and one
// that is more than a twentieth off is an Error "[page] ...".
Box best_crop(const Subject& subject, double aspect);

// Importance that best_crop() cuts away plus 0.3 times the area: 0 for the image's own aspect.
// Infinite where a face would be cut.
double crop_loss(const Subject& subject, double aspect);

}  // namespace sumi::page
