// Printers' dots.
#pragma once

#include "engine/image/stylize/math.h"
#include "engine/image/stylize/plane.h"

namespace sumi::stylize {

// A screen of round dots: a field of thresholds with a flat histogram, so that a cover of c is
// inked where the field is below c.
struct DotScreen {
  float pitch = 5;                 // pixels from dot to dot
  float degrees = 45;              // of its rows
  float phase_u = 0, phase_v = 0;  // in dots
};

// The screen of the window whose upper left pixel is (left, top).
Plane dots(int width, int height, const DotScreen& screen, int left = 0, int top = 0);

// How much ink a pixel gets, 0 to 1; `soft`: half the width of the threshold.
inline float screened(float cover, float field, float soft) {
  return smoothstep(-soft, soft, cover - field) * smoothstep(0.005F, 0.03F, cover);
}

}  // namespace sumi::stylize
