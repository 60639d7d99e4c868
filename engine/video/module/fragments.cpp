#include "engine/video/module/fragments.h"

#include <algorithm>
#include <new>
#include <utility>

namespace sumi::video {
namespace {

Av<AVFormatContext> open_fragment_file(const std::string& path) {
  Av<AVFormatContext> file = open_input(path);
  if (file->nb_streams != 1)
    fail("clip " + path, "is not a fragment of a clip; delete its folder and call sumi again");
  return file;
}

}  // namespace

FragmentPackets::FragmentPackets(const AssembleSpec& spec)
    : files_(spec.fragments), subject_("write " + spec.shown) {
  scan();
  open_next();
  // NUT may have chosen a finer time base.
  end_pts_ = av_rescale_q(spec.end_pts, to_av(spec.encoded.time_base), time_base());
}

void FragmentPackets::scan() {
  const Av<AVPacket> packet = new_packet();
  for (const std::string& path : files_) {
    const Av<AVFormatContext> file = open_fragment_file(path);
    while (av_read_frame(file.get(), packet.get()) >= 0) {
      times_.push_back(packet->pts);
      av_packet_unref(packet.get());
    }
  }
  const std::vector<std::int64_t> as_decoded = times_;
  std::sort(times_.begin(), times_.end());
  for (std::size_t i = 0; i < times_.size(); ++i) delay_ = std::max(delay_, times_[i] - as_decoded[i]);
  if (times_.empty()) fail(subject_, "there are no frames to write");
}

bool FragmentPackets::open_next() {
  if (file_at_ >= files_.size()) return false;
  file_ = open_fragment_file(files_[file_at_++]);
  return true;
}

bool FragmentPackets::next(AVPacket& packet) {
  while (av_read_frame(file_.get(), &packet) < 0)
    if (!open_next()) return false;
  const auto at = std::lower_bound(times_.begin(), times_.end(), packet.pts);
  packet.duration = (at + 1 < times_.end() ? *(at + 1) : std::max(end_pts_, packet.pts + 1)) - packet.pts;
  packet.dts = times_[packet_at_++] - delay_;
  packet.pos = -1;
  return true;
}

FragmentFrames::FragmentFrames(const AssembleSpec& spec) : subject_("write " + spec.shown), packets_(spec) {
  const AVCodec* codec = avcodec_find_decoder(packets_.parameters().codec_id);
  if (!codec) fail(subject_, "its fragments cannot be decoded; install Debian's libavcodec59");
  decoder_.reset(avcodec_alloc_context3(codec));
  if (!decoder_) throw std::bad_alloc();
  check_av(subject_, "its fragments cannot be decoded",
           avcodec_parameters_to_context(decoder_.get(), &packets_.parameters()));
  check_av(subject_, "its fragments cannot be decoded", avcodec_open2(decoder_.get(), codec, nullptr));
}

bool FragmentFrames::next(AVFrame& frame) {
  for (;;) {
    const int code = avcodec_receive_frame(decoder_.get(), &frame);
    if (code == 0) {
      frame.pts = frame.best_effort_timestamp;
      return true;
    }
    if (code == AVERROR_EOF) return false;
    if (code != AVERROR(EAGAIN)) check_av(subject_, "its fragments cannot be decoded", code);
    const bool more = packets_.next(*packet_);
    check_av(subject_, "its fragments cannot be decoded",
             avcodec_send_packet(decoder_.get(), more ? packet_.get() : nullptr));
    av_packet_unref(packet_.get());
  }
}

}  // namespace sumi::video
