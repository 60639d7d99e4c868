// What moves from frame to frame: optical flow, what it does not explain, and where one shot ends.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/video/clip.h"
#include "engine/video/video_module.h"

namespace sumi::video {

// From a frame to the one before it, at a reduced size.
struct Motion {
  bool cut = true;  // the frame begins a shot; then the vectors are empty
  int width = 0, height = 0;
  std::vector<float>
      flow;  // [height, width, 2]: the place in the frame before, relative, in pixels of this size
  // [height, width]: 1 the same thing is there, 0 it is hidden, new or changed
  std::vector<float> trust;
};

class MotionEstimator {
 public:
  // `flow`: without it only cuts are found.
  explicit MotionEstimator(bool flow) : wanted_(flow) {}

  // Of the next frame. The first one is a cut. DIS flow both ways; trust by their agreement
  // (Sundaram, Brox, Keutzer 2010) and by the difference of the pictures.
  Motion next(const Frame& frame);
  // The same for a frame whose motion is not asked for: only what later frames need.
  void skip(const Frame& frame);

 private:
  void take(const Frame& frame);
  // Changes of colors and of places together: a pan changes places alone, a fade both but slowly.
  bool is_cut(const Frame& frame);
  void estimate(Motion& motion);

  bool wanted_;
  std::unique_ptr<DenseFlow> flow_, back_flow_;
  int width_ = 0, height_ = 0;
  std::vector<std::uint8_t> gray_, former_gray_;
  std::vector<float> colors_, thumbnail_;  // of the frame before
  double usual_change_ = -1;               // of frames of the shot
};

}  // namespace sumi::video
