// Audio, subtitles, chapters and tags of a source: copied where the new container holds them, else
// converted or left out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/video/module/av.h"
#include "engine/video/video_module.h"

namespace sumi::video {

// One stream of the source on its way.
class StreamCopy {
 public:
  StreamCopy() = default;
  StreamCopy(const StreamCopy&) = delete;
  StreamCopy& operator=(const StreamCopy&) = delete;
  virtual ~StreamCopy() = default;
  // The packet's times, in the source stream's time base, are those of the new file. Null: the end.
  virtual void put(AVPacket* packet, AVFormatContext& out) = 0;
  // Damaged packets that were left out.
  std::int64_t dropped() const { return dropped_; }

 protected:
  std::int64_t dropped_ = 0;
};

class SourceStreams {
 public:
  // Adds streams, chapters and tags to `out`, whose header is not written yet. `remarks` gets what
  // is left out or converted.
  SourceStreams(const AssembleSpec& spec, AVFormatContext& out, std::vector<std::string>& remarks);
  ~SourceStreams();
  SourceStreams(const SourceStreams&) = delete;
  SourceStreams& operator=(const SourceStreams&) = delete;

  // Writes what is due until `seconds` of the new file.
  void write_until(double seconds, AVFormatContext& out);
  // Writes the rest; `remarks` gets the number of damaged packets.
  void finish(AVFormatContext& out, std::vector<std::string>& remarks);

 private:
  void add_audio(AVStream& stream, AVFormatContext& out, std::vector<std::string>& remarks);
  void add_subtitles(AVStream& stream, AVFormatContext& out, std::vector<std::string>& remarks);
  void add_chapters(AVFormatContext& out) const;
  bool read();

  const AssembleSpec& spec_;
  std::string subject_;
  Av<AVFormatContext> file_;
  std::vector<std::unique_ptr<StreamCopy>> copies_;  // by the source's index; null: left out
  Av<AVPacket> packet_ = new_packet();
  bool has_packet_ = false, ended_ = false;
  double packet_time_ = 0;
};

// The ways of a stream. `from` is the source's.
std::unique_ptr<StreamCopy> copy_packets(AVStream& from, AVFormatContext& out, const std::string& subject);
// Throws Error for audio that cannot be decoded or encoded.
std::unique_ptr<StreamCopy> convert_audio(AVStream& from, AVFormatContext& out, const std::string& encoder,
                                          const std::string& subject);
std::unique_ptr<StreamCopy> convert_text(AVStream& from, AVFormatContext& out, const std::string& encoder,
                                         const std::string& subject);

}  // namespace sumi::video
