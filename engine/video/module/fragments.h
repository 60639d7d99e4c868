// The fragments of a clip as one stream of packets or frames.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/video/module/av.h"
#include "engine/video/video_module.h"

namespace sumi::video {

// Packets in decoding order. NUT stores pts alone, and every fragment was encoded by itself, so
// decoding times are made here: those of the n-th packet are the n-th of the sorted pts, moved so
// that no frame is due before it is decoded.
class FragmentPackets {
 public:
  // Errors "[write SHOWN] ..." and "[clip FRAGMENT] ..." for fragments that are damaged.
  explicit FragmentPackets(const AssembleSpec& spec);

  const AVCodecParameters& parameters() const { return *file_->streams[0]->codecpar; }
  AVRational time_base() const { return file_->streams[0]->time_base; }
  std::int64_t count() const { return static_cast<std::int64_t>(times_.size()); }
  // pts, dts and duration are set. False behind the last.
  bool next(AVPacket& packet);

 private:
  void scan();
  bool open_next();

  std::vector<std::string> files_;
  std::string subject_;
  std::int64_t end_pts_ = 0;
  std::vector<std::int64_t> times_;  // sorted pts
  std::int64_t delay_ = 0;
  std::size_t file_at_ = 0, packet_at_ = 0;
  Av<AVFormatContext> file_;
};

// Frames in order of time; their pts are in packets' time_base.
class FragmentFrames {
 public:
  explicit FragmentFrames(const AssembleSpec& spec);
  AVRational time_base() const { return packets_.time_base(); }
  std::int64_t count() const { return packets_.count(); }
  bool next(AVFrame& frame);

 private:
  std::string subject_;
  FragmentPackets packets_;
  Av<AVCodecContext> decoder_;
  Av<AVPacket> packet_ = new_packet();
};

}  // namespace sumi::video
