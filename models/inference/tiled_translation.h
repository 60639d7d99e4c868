// Translation of photos that do not fit in memory as a whole.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/tiled/tiled_run.h"
#include "models/inference/photo_tensor.h"

namespace sumi {

// Norms over the image: statistics of the whole image, or of a version of 4 megapixels.
enum class TileStatistics : std::uint8_t {
  automatic,  // exact if the scratch files stay below 32 GiB and nine tenths of the free disk space
  exact,
  sampled,
};

struct TileOptions {
  int side = 0;  // of the square tiles in pixels; 0: the largest that fit
  TileStatistics statistics = TileStatistics::automatic;
  std::function<void(const std::string&)> say = {};  // one line before the work: what was chosen
  std::function<void(double)> progress = {};         // the finished part, 0 to 1
};

struct TileRequest {
  const Program* program = nullptr;
  NetworkInput input;
  int multiple = 1, smallest_side = 1;  // of the sides that the network takes
  int enlargement = 1;                  // sides of the result in terms of the input's
  std::uint64_t memory = 0;             // bytes for tiles; 0: unknown
  double macs_per_second = 0;           // 0: unknown
  TileOptions options;
};

// Writes the network's result for request.input to `result`, which has the photo's size times the
// enlargement. It is that of the whole image but for rounding, or with sampled statistics close to
// it; the line that is said gives the error measured on the sample. Returns false if side is 0 and
// no tiles fit in `memory`. Throws Error "[--tile] ..." if tiles of the given side do not fit,
// "[--tile-statistics] ..." if exact statistics need more disk space than there is, and the errors
// of ScratchFile.
bool translate_in_tiles(const TileRequest& request, Photo& result);

}  // namespace sumi
