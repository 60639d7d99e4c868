// Owners of FFmpeg's objects, and its errors as sumi's.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

#include <cstdint>
#include <memory>
#include <string>

#include "engine/video/clip.h"

namespace sumi::video {

struct FreeAv {
  void operator()(AVFormatContext* context) const {
    if (context->oformat) {
      if (context->pb) avio_closep(&context->pb);
      avformat_free_context(context);
    } else {
      avformat_close_input(&context);
    }
  }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVFilterGraph* graph) const { avfilter_graph_free(&graph); }
};
template <class T>
using Av = std::unique_ptr<T, FreeAv>;

// `subject` is "clip PATH" or "write PATH".
[[noreturn]] void fail_av(const std::string& subject, const std::string& what, int code);
inline void check_av(const std::string& subject, const std::string& what, int code) {
  if (code < 0) fail_av(subject, what, code);
}

Av<AVFrame> new_frame();
Av<AVPacket> new_packet();

inline AVRational to_av(Rational r) {
  return {r.num, r.den};
}
inline Rational from_av(AVRational r) {
  return r.den > 0 ? Rational{r.num, r.den} : Rational{0, 1};
}

// Errors that FFmpeg reported in the calling thread since it started. Demuxers that skip damaged
// bytes to the next packet return no error, but report one.
std::int64_t errors_reported();
// Of these, packets that a demuxer found corrupt. It warns of them, and the parser behind it loses
// their flag.
std::int64_t corrupt_packets();

// A file for reading, of the formats that hold clips, from local files alone.
Av<AVFormatContext> open_input(const std::string& path);
// The time that counts as 0, in microseconds: that of the stream that begins first, but not of the
// negative times before a sound.
std::int64_t origin_of(const AVFormatContext& file);
// The stream of images that is the clip, or -1. Covers of albums are not.
int video_stream(AVFormatContext& file);

// A chain of filters, one input ("in") and one output.
class FilterChain {
 public:
  // `source` names a source filter ("buffer") with its arguments; `extra`, if not empty, a second
  // input ("palette").
  FilterChain(const std::string& subject, const std::string& source, const std::string& chain,
              const std::string& sink, const std::string& extra = "");
  void push(AVFrame* frame);  // null: the end. Keeps the caller's frame
  void push_extra(AVFrame* frame);
  // Returns false if there is none yet (or, after the end, no more).
  bool pull(AVFrame* frame);
  AVFilterContext* sink() { return sink_; }
  AVRational time_base() const;

 private:
  void push_to(AVFilterContext* source, AVFrame* frame);

  std::string subject_;
  Av<AVFilterGraph> graph_;
  AVFilterContext* source_ = nullptr;
  AVFilterContext* extra_ = nullptr;
  AVFilterContext* sink_ = nullptr;
};

// Arguments of the filter "buffer" for frames like this one.
std::string buffer_arguments(const AVFrame& frame, AVRational time_base);

}  // namespace sumi::video
