// Frames cut from a larger picture at places between its pixels: Lanczos's window of three lobes,
// widened where the picture shrinks, one pass for each axis. Places are never rounded, so slow
// motion does not jitter.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/animate/camera.h"
#include "engine/image/photo.h"
#include "engine/image/stylize/plane.h"

namespace sumi::animate {

// The window of one axis: pixel i of the result is at begin + (i + 1/2) step - 1/2 of the source.
struct AxisWindow {
  double begin = 0, step = 1;
};

class Axis {
 public:
  Axis(int source, int target, const AxisWindow& window);
  int target() const { return static_cast<int>(first_.size()); }
  int taps() const { return taps_; }
  // Source pixel of the first tap of pixel i; further ones follow. Those outside of the source are
  // already folded onto its border.
  const int* sources(int i) const {
    return sources_.data() + static_cast<std::size_t>(i) * static_cast<std::size_t>(taps_);
  }
  const float* weights(int i) const {
    return weights_.data() + static_cast<std::size_t>(i) * static_cast<std::size_t>(taps_);
  }

 private:
  int taps_ = 0;
  std::vector<int> first_, sources_;
  std::vector<float> weights_;
};

class Projection {
 public:
  // Of pictures of `width` x `height`, seen by the view at the layer's nearness (0 the farthest, 1
  // the nearest), as frames of frame_width x frame_height.
  Projection(int width, int height, const View& view, double nearness, int frame_width, int frame_height);

  // [frame height, frame width, 3], 0 to 65535 and a little beyond it.
  std::vector<float> operator()(const std::vector<std::uint16_t>& rgb) const;
  stylize::Plane operator()(const stylize::Plane& plane) const;

 private:
  template <int Channels, class Level>
  void run(const Level* from, float* to) const;

  int width_;
  Axis across_, down_;
};

// The axes' windows of that projection.
AxisWindow window_across(int width, int height, const View& view, double nearness, int frame_width);
AxisWindow window_down(int width, int height, const View& view, double nearness, int frame_height);

}  // namespace sumi::animate
