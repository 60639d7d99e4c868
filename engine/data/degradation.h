// Synthetic degradations of images: training pairs for networks that restore images, with the
// original as the target.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/image/image.h"

namespace sumi {

// The degradation that the network learns to undo.
enum class RestorationTask : std::uint8_t {
  none,
  // holes: one to four rectangles and thick strokes, a tenth to nearly half of the image in total
  inpaint,
  // an old photograph: faded to a warm tone, blurred, with noise, scratches and specks, each at
  // random
  restore,
  superres,  // shrunk by `factor` and enlarged again, as sumi convert enlarges
  denoise,   // Gaussian noise with a standard deviation of `noise` levels of 255
  colorize,  // gray: the luma in all channels
};

struct Degradation {
  RestorationTask task = RestorationTask::none;
  int factor = 2;     // for superres
  double noise = 25;  // for denoise
};

// Parses "none", "inpaint", ...; throws Error naming the tasks.
RestorationTask task_named(const std::string& name);

// The value of holes in network inputs, outside the range [-1, 1] of images, so that no pixel is
// mistaken for a hole.
constexpr float kMaskValue = -2;

template <class Level>
struct Degraded {
  BasicImage<Level> image;
  std::vector<bool> hole;  // [height, width]; empty: none
};

// A function of its arguments alone: equal (seed, stream, position) give equal degradations, which
// are the same for images of 8 and of 16 bits except for rounding. position must be below 2^32.
template <class Level>
Degraded<Level> degrade(const BasicImage<Level>& source, const Degradation& degradation, std::uint64_t seed,
                        std::uint64_t stream, std::uint64_t position);

}  // namespace sumi
