// The module that reads and writes clips, sumi_video.so: FFmpeg's libraries and OpenCV's optical
// flow, which take longer to load than a small picture takes to convert. Private to engine/video.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/video/clip.h"

namespace sumi::video {

// One stream of pictures, encoded. "lossless" is an intermediate of 8 bits, with alpha.
struct EncodeSpec {
  int width = 0, height = 0;
  Rational time_base, frame_rate;
  int depth = 8;
  bool alpha = false;
  ColorTags color;
  std::string codec;  // a row of engine/video/containers.h
  int crf = 0;
  int threads = 0;  // 0: the codec's choice
};

// Writes a fragment: one file in NUT, which keeps any time base. It begins with a key frame and
// refers to no other.
class FragmentEncoder {
 public:
  FragmentEncoder() = default;
  FragmentEncoder(const FragmentEncoder&) = delete;
  FragmentEncoder& operator=(const FragmentEncoder&) = delete;
  virtual ~FragmentEncoder() = default;
  virtual void write(const Frame& frame) = 0;
  virtual void finish() = 0;
};

// Fragments and the source's other streams, as one file.
struct AssembleSpec {
  std::vector<std::string> fragments;
  std::int64_t end_pts = 0;        // of the last frame, with its duration, in encoded.time_base
  std::int64_t last_duration = 1;  // of the last frame
  // numbers of the frames that begin a shot, ascending, the first 0
  std::vector<std::int64_t> shots;
  std::string target, shown;  // the file to write, and its name in errors
  std::string container;      // FFmpeg's name: "mp4"
  EncodeSpec encoded;         // of the fragments
  // whose audio, subtitles, chapters and tags are copied; "": none
  std::string source;
  double start = 0, end = 0;  // seconds of the source, as in ReadOptions
  bool audio = true;
  int quality = 90;  // of WebP
};

// From the quickest to the most exact: OpenCV's preset "fast" with fewer iterations; patches at
// half the size instead of a quarter, three times the work; OpenCV's preset "medium", eight times.
enum class FlowQuality : std::uint8_t { fast, fine, medium };

// Dense optical flow between two gray pictures of one size: DIS (Kroeger et al. 2016).
class DenseFlow {
 public:
  DenseFlow() = default;
  DenseFlow(const DenseFlow&) = delete;
  DenseFlow& operator=(const DenseFlow&) = delete;
  virtual ~DenseFlow() = default;
  // flow[height, width, 2]: (x, y) in `to` of each pixel of `from` is its own place plus this, in
  // pixels.
  virtual void compute(const std::uint8_t* from, const std::uint8_t* to, int width, int height,
                       float* flow) = 0;
};

struct VideoModule {
  // SUMI_VIDEO_STAMP: the version, the compiler and a checksum of this header and clip.h
  const char* stamp;
  std::unique_ptr<ClipReader> (*open)(const std::string& path, const ReadOptions& options);
  std::unique_ptr<FragmentEncoder> (*encode)(const std::string& path, const std::string& shown,
                                             const EncodeSpec& spec);
  // Returns what was left out or converted, in words.
  std::vector<std::string> (*assemble)(const AssembleSpec& spec);
  std::unique_ptr<DenseFlow> (*flow)(FlowQuality quality);
  std::vector<Subtitle> (*subtitles)(const std::string& path);
};

// The module's only symbol.
extern "C" const VideoModule* sumi_video();

// Loads the module at the first call, from the file that SUMI_VIDEO names, else from beside the
// program, from the library folder of the program's installation, or from the RUNPATH. Throws
// VideoUnavailable.
const VideoModule& video_module();

}  // namespace sumi::video
