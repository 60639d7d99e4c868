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
  template <class Get>
  double laplacian_energy(const Get& get, std::size_t row_values) const;

  int width_, height_;
  float share_, smear_;
  float amount_ = 0;  // of the unsharp mask
  double gain_ = 1;   // of the variance that it is to give
  bool begun_ = false;
  std::vector<std::uint16_t> held_;  // the blend
};

}  // namespace sumi::video
