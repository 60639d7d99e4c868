// Clips out: frames in, a file of the name's format out.
//
//   ClipSpec spec;
//   spec.width = 640; spec.height = 360; spec.frame_rate = {12, 1}; spec.time_base = {1, 12};
//   ClipWriter writer("drawn.mp4", spec);
//   for (...) writer.write(frame);        // frame.pts = 0, 1, 2, ...; frame.duration = 1
//   writer.finish();
//
// Frames are encoded into fragments in the folder ".drawn.mp4.parts" beside the file. finish()
// makes the file of them under a temporary name and renames it, so nothing half-written has the
// final name. With a key, a killed program's fragments are continued: docs/architecture.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/video/clip.h"

namespace sumi::video {

struct ClipSpec {
  int width = 0, height = 0;
  Rational time_base{1, 1000}, frame_rate;
  int depth = 8;       // 16: 10 bits per channel where the codec has them
  bool alpha = false;  // used by GIF, WebP, APNG and WebM (VP9)
  ColorTags color{1, 1, 1, false};
  // The extension whose format the file gets, ".apng" for a PNG of frames; empty: its name's.
  std::string format;
  std::string codec = "auto";  // crf_range()'s names, or the container's usual one
  int crf = -1;                // -1: the codec's usual one
  int quality = 90;            // of WebP and of frames as JPEG
  int threads = 0;
  // The clip whose sound, subtitles, chapters and tags go along; empty: none. Times in seconds as
  // in ReadOptions.
  std::filesystem::path source;
  double start = 0, end = 0;
  bool audio = true;
};

// Checks codec and crf against the container of `target`. Error "[--codec] ..." or "[write TARGET]
// ...".
void check_clip(const std::filesystem::path& target, const ClipSpec& spec);

class ClipWriter {
 public:
  // `target`: a name with an extension of containers.h, or a pattern of frames ("frames/%06d.png").
  // `key`: text that names all that the frames depend on. Fragments of the same key are continued,
  // others are removed. Empty: nothing is continued and nothing stays behind. Throws Error, also
  // where another program writes the same file.
  ClipWriter(const std::filesystem::path& target, const ClipSpec& spec, const std::string& key = "");
  ~ClipWriter();
  ClipWriter(const ClipWriter&) = delete;
  ClipWriter& operator=(const ClipWriter&) = delete;

  // Frames that are there already, of a killed program. The next write() is the frame behind them.
  std::int64_t frames() const;
  // What checkpoint() was given behind the last of them; "" when there are none.
  const std::string& state() const;

  // Frames of the clip's size, pts ascending. `cut`: it begins a shot.
  void write(const Frame& frame, bool cut = false);
  // Ends a fragment: from here a killed program goes on, with `state` (any bytes). No effect
  // without a key.
  void checkpoint(const std::string& state);
  // Makes the file. Returns what was left out or converted, in words.
  std::vector<std::string> finish();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sumi::video
