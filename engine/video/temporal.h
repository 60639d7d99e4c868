// Drawings that do not flicker. Every drawing is blended with the one before it, brought along the
// motion of the clip; what is hidden or changed is left as drawn. The blend is what the next frame
// sees. What is shown is the blend through an unsharp mask, whose amount gives it the sharpness of
// the drawing; the mask is not fed back, where it would grow from frame to frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/video/motion.h"

namespace sumi::video {

class TemporalBlend {
 public:
  // Drawings of width x height; `share` of the one before: 0 to less than 1. Dots and strokes that
  // stay on the page while things move below them are smeared by speed * share / (1 - share)
  // pixels: the share of each pixel is so low that this is `smear` at most. 0: no limit.
  TemporalBlend(int width, int height, double share, double smear = 0);

  // drawing[height, width, 3] of 16-bit levels, in place.
  void apply(const Motion& motion, std::uint16_t* drawing);

  // All that the next frames depend on, as bytes; set_state takes them up. Error "[temporal] ..."
  // for bytes of another size.
  std::string state() const;
  void set_state(const std::string& bytes);

 private:
  void blend(const Motion& motion, const std::uint16_t* drawing);
  void show(std::uint16_t* drawing);
  void split(const std::uint16_t* drawing);

  int width_, height_;
  float share_, smear_;
  float amount_ = 0;  // of the unsharp mask
  double gain_ = 1;   // of the variance that it is to give
  bool begun_ = false;
  std::vector<std::uint16_t> held_;  // the blend
  // What a frame needs for itself alone: the next blend; what the mask adds to the blend; lumas of
  // the drawing, of the blend and of what is added.
  std::vector<std::uint16_t> blended_;
  std::vector<float> high_, drawn_luma_, held_luma_, high_luma_;
};

}  // namespace sumi::video
