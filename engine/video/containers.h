// The files that clips are written to, and the codecs that each holds. A new container is one row
// here.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sumi::video {

struct Container {
  std::string extension;  // ".mp4"
  std::string name;       // FFmpeg's name of the muxer
  std::vector<std::string>
      // the first is the usual one; "lossless" alone: encoded when all frames are known
      codecs;
  bool streams = true;  // holds audio, subtitles and chapters
  bool alpha = false;   // with one of its codecs
};

// By the extension of any case, or null. A name that is a pattern of numbers ("frames/%06d.png") is
// a folder of frames: null.
const Container* container_of(const std::filesystem::path& path);
// ".mp4, .m4v, ..." for messages.
std::string container_names();

// Constant rate factor: quality by number, lower is better.
struct CrfRange {
  int usual = 0, most = 0;
};
// Of "h264", "hevc", "vp9" or "av1"; {0, 0} for codecs without one.
CrfRange crf_range(const std::string& codec);
// "h264, hevc, vp9, av1 or ffv1".
std::string codec_names();

// Returns true for "frames/%06d.png": one number with % and d, and an image's extension that can be
// written.
bool is_frame_pattern(const std::filesystem::path& path);
// The file of frame `number`, from 1 on.
std::filesystem::path frame_file(const std::filesystem::path& pattern, long long number);

}  // namespace sumi::video
