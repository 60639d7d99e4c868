// Where decoded frames come from: FFmpeg's decoders, or libwebp for animated WebP, which FFmpeg 5.1
// does not read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/video/clip.h"
#include "engine/video/module/av.h"

namespace sumi::video {

struct SourceInfo {
  AVRational time_base{1, 1000}, frame_rate{0, 1}, aspect{0, 1};
  std::int64_t origin = 0;  // pts that counts as second 0, before --start
  std::int64_t frames = 0;  // 0: unknown
  double seconds = 0;       // 0: unknown
  bool interlaced = false;
  const std::int32_t* matrix = nullptr;  // of the display, nine numbers; null: none
};

class FrameSource {
 public:
  FrameSource() = default;
  FrameSource(const FrameSource&) = delete;
  FrameSource& operator=(const FrameSource&) = delete;
  virtual ~FrameSource() = default;

  const SourceInfo& info() const { return info_; }
  // Moves to a key frame at or before `pts`, where that is possible.
  virtual void seek(std::int64_t) {}
  // best_effort_timestamp and pkt_duration are in info().time_base. False at the end.
  virtual bool receive(AVFrame* frame) = 0;
  // Packets that could not be decoded.
  std::int64_t dropped() const { return dropped_; }

 protected:
  SourceInfo info_;
  std::int64_t dropped_ = 0;
};

std::unique_ptr<FrameSource> open_file_source(const std::string& path, std::int64_t max_pixels);

// By the first bytes: a WebP with the flag of an animation.
bool is_animated_webp(const std::string& path);
// Of at most 1 GiB.
std::unique_ptr<FrameSource> open_webp_source(const std::string& path, std::int64_t max_pixels);

}  // namespace sumi::video
