// Clips for tests, made and probed by Debian's ffmpeg program.
#pragma once

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "engine/video/clip.h"
#include "engine/video/clip_writer.h"
#include "tests/support.h"

namespace clips {

namespace fs = std::filesystem;
using sumi::video::ClipReader;
using sumi::video::ClipSpec;
using sumi::video::ClipWriter;
using sumi::video::Frame;

// Output of a command of the shell; "failed" where it fails.
inline std::string output_of(const std::string& command) {
  FILE* pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
  if (!pipe) return "failed";
  std::string text;
  for (int c; (c = std::fgetc(pipe)) != EOF;) text.push_back(static_cast<char>(c));
  return ::pclose(pipe) == 0 ? text : "failed";
}

// Runs ffmpeg in `folder`. False, and a message, where the machine has no ffmpeg or the build no
// clips.
inline bool make(const fs::path& folder, const std::string& arguments) {
  static const bool present = output_of("ffmpeg -version") != "failed";
  if (!present) {
    MESSAGE("skipped: there is no ffmpeg (third_party/install.sh test)");
    return false;
  }
  try {
    sumi::video::open_clip("/");
  } catch (const sumi::video::VideoUnavailable&) {
    MESSAGE("skipped: built without SUMI_VIDEO");
    return false;
  } catch (const sumi::Error&) {
  }
  REQUIRE(output_of("cd '" + folder.string() + "' && ffmpeg -nostdin -v error -y " + arguments) != "failed");
  return true;
}

// Values of ffprobe, one a line: probe(file, "v:0", "stream=width,height").
inline std::string probe(const fs::path& file, const std::string& streams, const std::string& entries) {
  return output_of("ffprobe -v error " + (streams.empty() ? "" : "-select_streams " + streams) +
                   " -show_entries " + entries + " -of default=noprint_wrappers=1:nokey=0 '" + file.string() +
                   "'");
}

inline std::vector<Frame> read_all(const fs::path& file, const sumi::video::ReadOptions& options = {}) {
  const auto reader = sumi::video::open_clip(file, options);
  std::vector<Frame> frames;
  Frame frame;
  while (reader->next(frame)) frames.push_back(std::move(frame));
  return frames;
}

// The clip as it is, written to `to`.
inline std::vector<std::string> rewrite(const fs::path& from, const fs::path& to, ClipSpec spec = {},
                                        const sumi::video::ReadOptions& options = {}) {
  const auto reader = sumi::video::open_clip(from, options);
  const sumi::video::ClipInfo& info = reader->info();
  spec.width = info.width;
  spec.height = info.height;
  spec.time_base = info.time_base;
  spec.frame_rate = info.frame_rate;
  spec.depth = info.depth;
  spec.alpha = info.alpha;
  spec.color = info.color;
  spec.source = from;
  spec.start = options.start;
  spec.end = options.end;
  spec.threads = 1;
  ClipWriter writer(to, spec);
  Frame frame;
  while (reader->next(frame)) writer.write(frame);
  return writer.finish();
}

// Mean 8-bit level of a channel in a rectangle.
inline double level(const Frame& frame, int channel, int x0, int y0, int x1, int y1) {
  double sum = 0;
  for (int y = y0; y < y1; ++y)
    for (int x = x0; x < x1; ++x)
      sum += frame.rgb[3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(frame.width) +
                            static_cast<std::size_t>(x)) +
                       static_cast<std::size_t>(channel)];
  return sum / 257 / ((x1 - x0) * (y1 - y0));
}

// Seconds at which the frames of a file are shown, by ffprobe.
inline std::vector<double> shown_at(const fs::path& file) {
  const std::string text = output_of(
      "ffprobe -v error -select_streams v:0 -show_entries frame=best_effort_timestamp_time -of csv=p=0 '" +
      file.string() + "'");
  std::vector<double> times;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (end != at) times.push_back(std::atof(text.c_str() + at));  // side data adds empty lines
    if (end == std::string::npos) break;
    at = end + 1;
  }
  return times;
}

}  // namespace clips
