// The path of the camera over a still, and the schedule of its moments.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sumi::animate {

enum class Motion : std::uint8_t { none, zoom, pan, orbit, shake };
// In the order of the enumeration.
const std::vector<std::string>& motion_names();

// Section of the picture that a frame shows: its center as a part of width and height, and its
// size as a part 1 / zoom of the picture's.
struct View {
  double x = 0.5, y = 0.5, zoom = 1;
  // Displacement of the nearest layer against the farthest one, in parts of the picture's shorter
  // side, and its enlargement.
  double shift_x = 0, shift_y = 0, enlargement = 1;
};

struct CameraOptions {
  Motion motion = Motion::zoom;
  double amount = 1;    // of the motion: 0 none, 1 the usual one
  double parallax = 0;  // most displacement of the nearest layer against the farthest one, as View's
  bool loop = true;     // the path ends where it begins; otherwise it goes one way, eased at both ends
  std::uint64_t seed = 0;
};

constexpr double kMostParallax = 0.015;

// The view at time t in [0, 1). A loop is a smooth closed path: all derivatives agree at t = 0 and
// t = 1. Views stay within the picture, also those of the layers.
View view_at(const CameraOptions& options, double t);
// The largest zoom of the path.
double largest_zoom(const CameraOptions& options);

// Number of the moment that each frame shows. `rate`: moments a second. In a loop the last moment
// differs from the first, and all are shown for about as long.
std::vector<int> moments_of_frames(int frames, double seconds, int moments, double rate);

}  // namespace sumi::animate
