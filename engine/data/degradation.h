// Pictures made worse on purpose: what a network that repairs pictures learns from, with the picture itself as its target.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/image/image.h"

namespace sumi {

// What the network shall learn to undo.
enum class RestorationTask : std::uint8_t {
  none,
  inpaint,  // holes: one to four rectangles and thick strokes, together a tenth to near half of the picture
  restore,  // an old photograph: faded towards a warm tone, blurred, with noise, scratches and specks, each by chance
  superres,  // shrunk by `factor`, and enlarged again as sumi convert enlarges
  denoise,   // Gaussian noise, of a standard deviation that is `noise` levels of 255
  colorize,  // gray: the luma, in all channels
};

struct Degradation {
  RestorationTask task = RestorationTask::none;
  int factor = 2;     // of superres
  double noise = 25;  // of denoise
};

// "none", "inpaint", ...; Error naming those there are.
RestorationTask task_named(const std::string& name);

// A hole's level, in the [-1, 1] of the networks: one that no picture has, so that nothing is taken for a hole.
constexpr float kMaskValue = -2;

template <class Level>
struct Degraded {
  BasicImage<Level> picture;
  std::vector<bool> hole;  // [height, width]; empty: none
};

// A function of its arguments alone: equal (seed, stream, position), equal damage, and the same of pictures of 8 and of 16
// bits but for rounding. position below 2^32.
template <class Level>
Degraded<Level> degrade(const BasicImage<Level>& picture, const Degradation& degradation, std::uint64_t seed,
                        std::uint64_t stream, std::uint64_t position);

}  // namespace sumi
