// Key frames: which images of a sequence become panels.
#pragma once

#include <array>
#include <vector>

#include "engine/image/stylize/color.h"
#include "engine/page/subject.h"

namespace sumi::page {

// One frame, reduced to what the choice depends on.
struct FrameLook {
  double time = 0;                  // seconds, ascending
  double sharpness = 0;             // Subject::sharpness
  double face_area = 0;             // share of the image that faces cover
  int shot = -1;                    // its number, ascending; -1: find_shots() looks at the colors
  std::array<float, 192> colors{};  // [8, 8, 3] means of the cells, sRGB in 0..1
};

FrameLook look_of(const stylize::RgbView& image, const Subject& subject, double time);

// Mean difference of the colors, 0 to 1.
double difference(const FrameLook& a, const FrameLook& b);

// The first frame of each shot; 0 is always among them. Where the frames do not say it, a cut is a
// difference from one frame to the next that is large and stands out from the sequence's other
// ones.
std::vector<int> find_shots(const std::vector<FrameLook>& frames);

// `count` frames in ascending order (all, if there are fewer): sharp ones with faces, that differ
// from one another, lie in different shots and are spread in time. The best sum of these values is
// found by dynamic programming. count 0: as many as there are shots, but 4 to 12.
std::vector<int> choose_key_frames(const std::vector<FrameLook>& frames, int count);

}  // namespace sumi::page
