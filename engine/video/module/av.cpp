#include "engine/video/module/av.h"

extern "C" {
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
}

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdarg>
#include <cstdint>
#include <cstring>
#include <new>

namespace sumi::video {
namespace {

// Local files alone, and no format that names other files: playlists, concat, image sequences.
constexpr const char* kProtocols = "file";
constexpr const char* kFormats =
    "mov,mp4,matroska,webm,avi,mpeg,mpegts,mpegvideo,h264,hevc,m4v,mjpeg,gif,apng,flv,asf,ogg,mxf,nut,"
    "yuv4mpegpipe,ivf,dv,obu";

// That FFmpeg reported in this thread.
thread_local std::int64_t log_errors = 0, log_corrupt = 0;

// FFmpeg prints nothing by itself: every failure is an Error of ours, or counted.
struct Silence {
  Silence() {
    av_log_set_level(AV_LOG_QUIET);
    av_log_set_callback([](void*, int level, const char* format, std::va_list) {
      const bool corrupt = level <= AV_LOG_WARNING && std::strstr(format, "Packet corrupt");
      if (corrupt) ++log_corrupt;
      if (corrupt || level <= AV_LOG_ERROR) ++log_errors;
    });
  }
};

std::string reason_of(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_make_error_string(text.data(), text.size(), code);
  return text.data();
}

}  // namespace

std::int64_t errors_reported() {
  return log_errors;
}
std::int64_t corrupt_packets() {
  return log_corrupt;
}

void fail_av(const std::string& subject, const std::string& what, int code) {
  // A damaged file may claim a huge size; FFmpeg then reports a lack of memory.
  const char* cure = code == AVERROR(ENOSPC)       ? "; free space and call sumi again"
                     : code == AVERROR_INVALIDDATA ? "; the file is damaged or of another format"
                     : code == AVERROR(ENOMEM)     ? "; the file is damaged, or close other programs"
                                                   : "";
  fail(subject, fmt::format("{}: {}{}", what, reason_of(code), cure));
}

Av<AVFrame> new_frame() {
  Av<AVFrame> frame(av_frame_alloc());
  if (!frame) throw std::bad_alloc();
  return frame;
}

Av<AVPacket> new_packet() {
  Av<AVPacket> packet(av_packet_alloc());
  if (!packet) throw std::bad_alloc();
  return packet;
}

Av<AVFormatContext> open_input(const std::string& path) {
  static const Silence silence;
  const std::string subject = "clip " + path;
  AVFormatContext* file = nullptr;
  AVDictionary* options = nullptr;
  av_dict_set(&options, "protocol_whitelist", kProtocols, 0);
  av_dict_set(&options, "format_whitelist", kFormats, 0);
  const int code = avformat_open_input(&file, ("file:" + path).c_str(), nullptr, &options);
  av_dict_free(&options);
  check_av(subject, "cannot be read", code);
  Av<AVFormatContext> opened(file);
  check_av(subject, "cannot be read", avformat_find_stream_info(file, nullptr));
  return opened;
}

std::int64_t origin_of(const AVFormatContext& file) {
  if (file.start_time == AV_NOPTS_VALUE) return 0;
  if (file.start_time >= 0) return file.start_time;
  // What an audio codec needs before its first sample lies before time 0.
  std::int64_t first = 0;
  for (unsigned i = 0; i < file.nb_streams; ++i) {
    const AVStream& stream = *file.streams[i];
    if (stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO && stream.start_time != AV_NOPTS_VALUE)
      first = std::min(first, av_rescale_q(stream.start_time, stream.time_base, AV_TIME_BASE_Q));
  }
  return first;
}

int video_stream(AVFormatContext& file) {
  for (unsigned i = 0; i < file.nb_streams; ++i)
    if (file.streams[i]->disposition & AV_DISPOSITION_ATTACHED_PIC) file.streams[i]->discard = AVDISCARD_ALL;
  const int best = av_find_best_stream(&file, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  return best >= 0 && !(file.streams[best]->disposition & AV_DISPOSITION_ATTACHED_PIC) ? best : -1;
}

std::string buffer_arguments(const AVFrame& frame, AVRational time_base) {
  const AVRational aspect = frame.sample_aspect_ratio.num > 0 && frame.sample_aspect_ratio.den > 0
                                ? frame.sample_aspect_ratio
                                : AVRational{1, 1};
  return fmt::format("buffer=video_size={}x{}:pix_fmt={}:time_base={}/{}:pixel_aspect={}/{}", frame.width,
                     frame.height, frame.format, time_base.num, time_base.den, aspect.num, aspect.den);
}

FilterChain::FilterChain(const std::string& subject, const std::string& source, const std::string& chain,
                         const std::string& sink, const std::string& extra)
    : subject_(subject), graph_(avfilter_graph_alloc()) {
  if (!graph_) throw std::bad_alloc();
  graph_->nb_threads = 1;
  const auto named = [](const std::string& filter, const std::string& name) {
    const std::size_t end = filter.find('=');
    return filter.substr(0, end) + "@" + name + (end == std::string::npos ? "" : filter.substr(end));
  };
  const std::string text = extra.empty() ? named(source, "in") + "," + chain + "," + named(sink, "out")
                                         : named(source, "in") + "[a];" + named(extra, "extra") +
                                               "[b];[a][b]" + chain + "," + named(sink, "out");
  AVFilterInOut *inputs = nullptr, *outputs = nullptr;
  const int code = avfilter_graph_parse2(graph_.get(), text.c_str(), &inputs, &outputs);
  avfilter_inout_free(&inputs);
  avfilter_inout_free(&outputs);
  check_av(subject_, "frames cannot be converted", code);
  check_av(subject_, "frames cannot be converted", avfilter_graph_config(graph_.get(), nullptr));
  const auto filter = [&](const std::string& spec, const std::string& name) {
    return avfilter_graph_get_filter(graph_.get(), (spec.substr(0, spec.find('=')) + "@" + name).c_str());
  };
  source_ = filter(source, "in");
  sink_ = filter(sink, "out");
  if (!extra.empty()) extra_ = filter(extra, "extra");
}

void FilterChain::push_to(AVFilterContext* source, AVFrame* frame) {
  check_av(subject_, "a frame cannot be converted",
           av_buffersrc_add_frame_flags(source, frame, AV_BUFFERSRC_FLAG_KEEP_REF));
}

void FilterChain::push(AVFrame* frame) {
  push_to(source_, frame);
}

void FilterChain::push_extra(AVFrame* frame) {
  push_to(extra_, frame);
}

bool FilterChain::pull(AVFrame* frame) {
  const int code = av_buffersink_get_frame(sink_, frame);
  if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return false;
  check_av(subject_, "a frame cannot be converted", code);
  return true;
}

AVRational FilterChain::time_base() const {
  return av_buffersink_get_time_base(sink_);
}

}  // namespace sumi::video
