// Constant flow in a region of a still (water, smoke, sky): a cinemagraph. Two copies of the image
// drift along the flow, half a period apart; each is faded in and out, so that neither is seen when
// it starts again, and the whole loops.
#pragma once

#include "engine/image/photo.h"
#include "engine/image/stylize/plane.h"

namespace sumi::animate {

struct FlowRegion {
  stylize::Plane mask;  // 0..1, of the picture's size
  double degrees = 0;   // 0 to the right, 90 up
  double speed = 0;     // parts of the picture's width in a second
};

// Seconds of one period in a loop of `seconds`: they divide it, and are near two.
double flow_period(double seconds);

// The picture at a time in seconds; only places where the mask is above 0 differ from it. What
// drifts in from outside of the region is left out.
Photo flowing(const Photo& picture, const FlowRegion& region, double time, double period);

}  // namespace sumi::animate
