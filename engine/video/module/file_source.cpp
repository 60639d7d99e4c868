#include <fmt/format.h>

#include <cstring>
#include <new>

#include "engine/video/module/frame_source.h"

namespace sumi::video {
namespace {

// damaged packets on end: then the file is not worth more time
constexpr int kMaxFailures = 10'000;

class FileSource final : public FrameSource {
 public:
  FileSource(const std::string& path, std::int64_t max_pixels);
  void seek(std::int64_t pts) override {
    av_seek_frame(file_.get(), stream_->index, pts, AVSEEK_FLAG_BACKWARD);
  }
  bool receive(AVFrame* frame) override;

 private:
  void open_decoder(std::int64_t max_pixels);
  void describe();
  void send();

  std::string subject_;
  std::int64_t corrupt_before_ = corrupt_packets();  // before the file was opened
  Av<AVFormatContext> file_;
  AVStream* stream_ = nullptr;
  Av<AVCodecContext> decoder_;
  Av<AVPacket> packet_ = new_packet();
  int failures_ = 0;
  bool drained_ = false;
};

// VP8 and VP9 keep transparency as a second picture, which libvpx alone decodes.
const AVCodec* decoder_of(const AVStream& stream) {
  const AVCodecID codec = stream.codecpar->codec_id;
  const AVDictionaryEntry* mode = av_dict_get(stream.metadata, "alpha_mode", nullptr, 0);
  if (mode && std::strcmp(mode->value, "1") == 0 && (codec == AV_CODEC_ID_VP8 || codec == AV_CODEC_ID_VP9))
    if (const AVCodec* found =
            avcodec_find_decoder_by_name(codec == AV_CODEC_ID_VP8 ? "libvpx" : "libvpx-vp9"))
      return found;
  return avcodec_find_decoder(codec);
}

FileSource::FileSource(const std::string& path, std::int64_t max_pixels)
    : subject_("clip " + path), file_(open_input(path)) {
  const int index = video_stream(*file_);
  if (index < 0) fail(subject_, "has no moving picture; give a clip");
  stream_ = file_->streams[index];
  for (unsigned i = 0; i < file_->nb_streams; ++i)
    if (static_cast<int>(i) != index) file_->streams[i]->discard = AVDISCARD_ALL;
  if (corrupt_packets() > corrupt_before_) ++dropped_;  // among the first, which opening has read
  open_decoder(max_pixels);
  describe();
}

void FileSource::open_decoder(std::int64_t max_pixels) {
  const AVCodec* codec = decoder_of(*stream_);
  if (!codec)
    fail(subject_, fmt::format("is of the codec {}, which is not read; convert it with another program first",
                               avcodec_get_name(stream_->codecpar->codec_id)));
  decoder_.reset(avcodec_alloc_context3(codec));
  if (!decoder_) throw std::bad_alloc();
  check_av(subject_, "cannot be decoded", avcodec_parameters_to_context(decoder_.get(), stream_->codecpar));
  decoder_->pkt_timebase = stream_->time_base;
  decoder_->max_pixels = max_pixels;
  decoder_->thread_count = 2;
  check_av(subject_, "cannot be decoded", avcodec_open2(decoder_.get(), codec, nullptr));
}

void FileSource::describe() {
  info_.time_base = stream_->time_base;
  info_.origin = av_rescale_q(origin_of(*file_), AV_TIME_BASE_Q, stream_->time_base);
  info_.frame_rate = stream_->avg_frame_rate.num > 0 && stream_->avg_frame_rate.den > 0
                         ? stream_->avg_frame_rate
                         : av_guess_frame_rate(file_.get(), stream_, nullptr);
  info_.aspect = av_guess_sample_aspect_ratio(file_.get(), stream_, nullptr);
  info_.frames = stream_->nb_frames;
  info_.seconds = file_->duration > 0 ? static_cast<double>(file_->duration) / AV_TIME_BASE : 0;
  info_.interlaced = stream_->codecpar->field_order > AV_FIELD_PROGRESSIVE;
  std::size_t size = 0;
  const std::uint8_t* matrix = av_stream_get_side_data(stream_, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (matrix && size >= 36) info_.matrix = reinterpret_cast<const std::int32_t*>(matrix);
}

void FileSource::send() {
  const std::int64_t errors = errors_reported();
  const int read = av_read_frame(file_.get(), packet_.get());
  if (read >= 0 && errors_reported() > errors) ++dropped_;  // at least one packet was skipped
  if (read < 0) {                                           // the end, or nothing more that can be read
    if (read != AVERROR_EOF) ++dropped_;
    avcodec_send_packet(decoder_.get(), nullptr);
    drained_ = true;
    return;
  }
  if (packet_->stream_index == stream_->index) {
    if (packet_->flags & AV_PKT_FLAG_CORRUPT) ++dropped_;
    const int sent = avcodec_send_packet(decoder_.get(), packet_.get());
    if (sent == AVERROR(ENOMEM)) check_av(subject_, "cannot be decoded", sent);
    if (sent < 0 && sent != AVERROR(EAGAIN)) {
      ++dropped_;
      ++failures_;
    } else {
      failures_ = 0;
    }
  }
  av_packet_unref(packet_.get());
}

bool FileSource::receive(AVFrame* frame) {
  while (failures_ < kMaxFailures) {
    const int code = avcodec_receive_frame(decoder_.get(), frame);
    if (code == 0) {
      if (frame->decode_error_flags != 0) ++dropped_;
      return true;
    }
    if (code == AVERROR_EOF) return false;
    if (code == AVERROR(ENOMEM)) check_av(subject_, "cannot be decoded", code);
    if (code != AVERROR(EAGAIN)) {
      ++dropped_;
      ++failures_;
    } else if (drained_) {
      return false;
    }
    if (!drained_) send();
  }
  return false;
}

}  // namespace

std::unique_ptr<FrameSource> open_file_source(const std::string& path, std::int64_t max_pixels) {
  return std::make_unique<FileSource>(path, max_pixels);
}

}  // namespace sumi::video
