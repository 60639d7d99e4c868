// How steady a drawn clip is: measures of the clip beside its source.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/video/clip.h"
#include "engine/video/video_module.h"

namespace sumi::video {

// In 8-bit levels.
struct Coherence {
  // Mean absolute difference of a frame to the frame before it, brought along the source's optical
  // flow, where that is sure (Lai et al. 2018, "Learning blind video temporal consistency").
  double warping_error = 0;
  double sharpness = 0;  // median over the frames of the variance of the Laplacian
  double change = 0;     // mean absolute difference of neighboring frames
};

// Measures several clips of one source at once, frame by frame: memory is that of two frames of
// each. The flow is DIS with the preset "medium", both ways, of whole frames. Pairs of frames whose
// flow is sure in less than 0.3 of the picture are cuts, and count in neither error nor change.
class CoherenceMeter {
 public:
  // `clips`: how many are measured beside the source.
  explicit CoherenceMeter(int clips);

  // The next frame of the source and of each clip. All have one size; Error "[evaluate] ...".
  void add(const Frame& source, const std::vector<Frame>& clips);

  std::int64_t frames() const { return frames_; }
  std::int64_t cuts() const { return cuts_; }
  // Of the source, then of the clips. Throws Error "[evaluate] ..." without two neighboring frames
  // of one shot.
  std::vector<Coherence> results() const;

 private:
  // One 8-bit clip: [height, width, 3], and its gray.
  struct Track {
    std::vector<std::uint8_t> rgb, gray, former, former_gray;
    std::vector<double> sharpness;
    double error = 0, change = 0;
  };
  void take(Track& track, const Frame& frame);
  void measure_flow();
  void measure(Track& track) const;

  std::vector<Track> tracks_;
  std::unique_ptr<DenseFlow> flow_;
  int width_ = 0, height_ = 0;
  std::vector<float> places_;       // [height, width, 2]: in the frame before
  std::vector<std::uint8_t> sure_;  // [height, width]
  std::int64_t sure_count_ = 0;
  std::int64_t frames_ = 0, cuts_ = 0;
};

}  // namespace sumi::video
