// Moving pictures: what a clip is, its frames, and how one is read. FFmpeg and OpenCV stay behind
// this interface, in a module that is loaded at the first call (engine/video/video_module.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/error.h"

namespace sumi::video {

// The module is missing, does not load, belongs to another build, or was left out (SUMI_VIDEO=OFF).
struct VideoUnavailable : Error {
  using Error::Error;
};

// num / den; den > 0. 0/1: unknown.
struct Rational {
  int num = 0, den = 1;
  double value() const { return static_cast<double>(num) / den; }
};

// Codes of ITU-T H.273; 2 is "unspecified".
struct ColorTags {
  int matrix = 2, primaries = 2, transfer = 2;
  bool full_range = false;
};

struct Frame {
  int width = 0, height = 0;
  // [height, width, 3], 0 to 65535, over white; transfer as the clip's
  std::vector<std::uint16_t> rgb;
  std::vector<std::uint16_t> alpha;    // [height, width]; empty: opaque
  std::int64_t pts = 0, duration = 0;  // in the clip's time_base; pts ascend
};

struct ClipInfo {
  int width = 0, height = 0;  // of every frame: upright, of square pixels, shrunk to max_size
  Rational time_base{1, 1000}, frame_rate;
  double seconds = 0;       // 0: unknown
  std::int64_t frames = 0;  // an estimate; 0: unknown
  int depth = 8;            // bits per channel: 8, or 16 where the clip has more than 8
  bool alpha = false;
  ColorTags color;                   // nothing unspecified
  std::vector<std::string> remarks;  // what was changed when reading, in words
};

struct ReadOptions {
  double start = 0, end = 0;  // seconds; end 0: to the end. Time 0 of the frames is `start`.
  Rational fps;               // 0: every frame at its own time; else frames at this constant rate
  int max_size = 0;           // of the long side in pixels; 0: unlimited
  std::int64_t max_pixels = 100'000'000;
};

// Frames in order of time. Throws Error "[clip PATH] ..." where nothing more can be read.
class ClipReader {
 public:
  ClipReader() = default;
  ClipReader(const ClipReader&) = delete;
  ClipReader& operator=(const ClipReader&) = delete;
  virtual ~ClipReader() = default;

  virtual const ClipInfo& info() const = 0;
  // Returns false behind the last frame.
  virtual bool next(Frame& frame) = 0;
  // Damaged packets and frames that were left out until now.
  virtual std::int64_t dropped() const = 0;
};

// Opens a file: a clip, an animated GIF, PNG or WebP. A folder: its images in order of their names
// (numbers by value), at options.fps or 25 a second; they must have one size. Playlists and
// addresses of networks are not followed. Throws Error "[clip PATH] ..." and VideoUnavailable.
std::unique_ptr<ClipReader> open_clip(const std::filesystem::path& path, const ReadOptions& options = {});

// A text of a clip's subtitles.
struct Subtitle {
  double start = 0, end = 0;  // seconds of the clip
  std::string text;           // UTF-8 as the file has it, lines separated by \n, no markup of ASS
};

// The texts of the clip's first stream of subtitles that are text, in order of time; empty without
// one. At most 100,000 of them and 4 MiB. Errors as open_clip's.
std::vector<Subtitle> read_subtitles(const std::filesystem::path& path);

// Returns true if the name ends like a clip that is not also a format of still images: .mp4, .mkv,
// .mov, .webm, ...
bool has_clip_extension(const std::filesystem::path& path);
// Returns true for a GIF, PNG or WebP file of more than one frame, by its extension and its blocks.
bool is_animation(const std::filesystem::path& path);

}  // namespace sumi::video
