// Streams that the new container does not hold, decoded and encoded again.
extern "C" {
#include <libavfilter/buffersink.h>
#include <libavutil/channel_layout.h>
}

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <vector>

#include "engine/video/module/encoder.h"
#include "engine/video/module/streams.h"

namespace sumi::video {
namespace {

Av<AVCodecContext> open_stream_decoder(AVStream& from, const std::string& subject) {
  const AVCodec* codec = avcodec_find_decoder(from.codecpar->codec_id);
  if (!codec)
    fail(subject, fmt::format("there is no decoder of {}", avcodec_get_name(from.codecpar->codec_id)));
  Av<AVCodecContext> decoder(avcodec_alloc_context3(codec));
  if (!decoder) throw std::bad_alloc();
  check_av(subject, "a stream cannot be decoded",
           avcodec_parameters_to_context(decoder.get(), from.codecpar));
  decoder->pkt_timebase = from.time_base;
  check_av(subject, "a stream cannot be decoded", avcodec_open2(decoder.get(), codec, nullptr));
  return decoder;
}

Av<AVCodecContext> new_encoder(const std::string& name, const std::string& subject) {
  const AVCodec* codec = avcodec_find_encoder_by_name(name.c_str());
  if (!codec) fail(subject, "this FFmpeg has no encoder " + name);
  Av<AVCodecContext> encoder(avcodec_alloc_context3(codec));
  if (!encoder) throw std::bad_alloc();
  encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  return encoder;
}

AVStream* add_encoded(AVFormatContext& out, const AVCodecContext& encoder, const std::string& subject) {
  AVStream* stream = avformat_new_stream(&out, nullptr);
  if (!stream) throw std::bad_alloc();
  check_av(subject, "a stream cannot be encoded",
           avcodec_parameters_from_context(stream->codecpar, &encoder));
  stream->time_base = encoder.time_base;
  return stream;
}

class AudioConversion final : public StreamCopy {
 public:
  AudioConversion(AVStream& from, AVFormatContext& out, const std::string& name, const std::string& subject)
      : subject_(subject),
        from_(from),
        decoder_(open_stream_decoder(from, subject)),
        encoder_(new_encoder(name, subject)) {
    const int channels = std::min(std::max(from.codecpar->ch_layout.nb_channels, 1), 2);
    av_channel_layout_default(&encoder_->ch_layout, channels);
    encoder_->sample_rate = 48'000;  // which every encoder takes
    encoder_->sample_fmt =
        encoder_->codec->sample_fmts ? encoder_->codec->sample_fmts[0] : AV_SAMPLE_FMT_FLTP;
    encoder_->bit_rate = 96'000LL * channels;
    encoder_->time_base = {1, encoder_->sample_rate};
    check_av(subject, "sound cannot be encoded", avcodec_open2(encoder_.get(), encoder_->codec, nullptr));
    to_ = add_encoded(out, *encoder_, subject);
  }

  void put(AVPacket* packet, AVFormatContext& out) override {
    const int sent = avcodec_send_packet(decoder_.get(), packet);
    if (sent == AVERROR(ENOMEM)) throw std::bad_alloc();
    if (packet && sent < 0 && sent != AVERROR(EAGAIN)) ++dropped_;
    // what is damaged is left out
    while (avcodec_receive_frame(decoder_.get(), frame_.get()) == 0) {
      make_chain();
      frame_->pts = frame_->best_effort_timestamp;
      chain_->push(frame_.get());
      av_frame_unref(frame_.get());
      encode_ready(out);
    }
    if (packet || !chain_) return;
    chain_->push(nullptr);
    encode_ready(out);
    encode(nullptr, out);
  }

 private:
  void make_chain() {
    if (chain_) return;
    std::array<char, 64> from{}, to{};
    if (frame_->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
      av_channel_layout_default(&frame_->ch_layout, frame_->ch_layout.nb_channels);
    av_channel_layout_describe(&frame_->ch_layout, from.data(), from.size());
    av_channel_layout_describe(&encoder_->ch_layout, to.data(), to.size());
    // Gaps of the source become silence, so that sound and picture stay together.
    chain_.emplace(
        subject_,
        fmt::format("abuffer=time_base={}/{}:sample_rate={}:sample_fmt={}:channel_layout={}",
                    from_.time_base.num, from_.time_base.den, frame_->sample_rate,
                    av_get_sample_fmt_name(static_cast<AVSampleFormat>(frame_->format)), from.data()),
        fmt::format("aresample=async=1000,aformat=sample_fmts={}:sample_rates={}:channel_layouts={}",
                    av_get_sample_fmt_name(encoder_->sample_fmt), encoder_->sample_rate, to.data()),
        "abuffersink");
    if (encoder_->frame_size > 0)
      av_buffersink_set_frame_size(chain_->sink(), static_cast<unsigned>(encoder_->frame_size));
  }

  void encode_ready(AVFormatContext& out) {
    while (chain_->pull(frame_.get())) {
      frame_->pts = av_rescale_q(frame_->pts, chain_->time_base(), encoder_->time_base);
      encode(frame_.get(), out);
      av_frame_unref(frame_.get());
    }
  }

  void encode(AVFrame* frame, AVFormatContext& out) {
    check_av(subject_, "sound cannot be encoded", avcodec_send_frame(encoder_.get(), frame));
    while (receive_packet(*encoder_, *packet_, subject_)) {
      av_packet_rescale_ts(packet_.get(), encoder_->time_base, to_->time_base);
      packet_->stream_index = to_->index;
      check_av(subject_, "cannot be written", av_interleaved_write_frame(&out, packet_.get()));
    }
  }

  std::string subject_;
  AVStream& from_;
  Av<AVCodecContext> decoder_, encoder_;
  AVStream* to_ = nullptr;
  Av<AVFrame> frame_ = new_frame();
  Av<AVPacket> packet_ = new_packet();
  std::optional<FilterChain> chain_;
};

class TextConversion final : public StreamCopy {
 public:
  TextConversion(AVStream& from, AVFormatContext& out, const std::string& name, const std::string& subject)
      : subject_(subject),
        from_(from),
        decoder_(open_stream_decoder(from, subject)),
        encoder_(new_encoder(name, subject)),
        buffer_(1 << 20) {
    encoder_->time_base = {1, 1000};
    // the styles of ASS, in which all text subtitles are handed on
    if (decoder_->subtitle_header_size > 0) {
      const auto size = static_cast<std::size_t>(decoder_->subtitle_header_size);
      encoder_->subtitle_header = static_cast<std::uint8_t*>(av_mallocz(size + 1));
      if (!encoder_->subtitle_header) throw std::bad_alloc();
      std::copy_n(decoder_->subtitle_header, size, encoder_->subtitle_header);
      encoder_->subtitle_header_size = decoder_->subtitle_header_size;
    }
    check_av(subject, "subtitles cannot be encoded", avcodec_open2(encoder_.get(), encoder_->codec, nullptr));
    to_ = add_encoded(out, *encoder_, subject);
  }

  void put(AVPacket* packet, AVFormatContext& out) override {
    if (!packet) return;
    AVSubtitle text{};
    int found = 0;
    if (avcodec_decode_subtitle2(decoder_.get(), &text, &found, packet) < 0 || !found) return;
    write(text, *packet, out);
    avsubtitle_free(&text);
  }

 private:
  void write(AVSubtitle& text, const AVPacket& from, AVFormatContext& out) {
    if (text.num_rects == 0) return;
    const std::int64_t shown = text.end_display_time - text.start_display_time;  // milliseconds
    text.end_display_time = static_cast<std::uint32_t>(shown);
    const std::int64_t delay = text.start_display_time;
    text.start_display_time = 0;
    const int size =
        avcodec_encode_subtitle(encoder_.get(), buffer_.data(), static_cast<int>(buffer_.size()), &text);
    if (size <= 0) return;
    const Av<AVPacket> packet = new_packet();
    check_av(subject_, "out of memory", av_new_packet(packet.get(), size));
    std::copy_n(buffer_.begin(), size, packet->data);
    packet->pts = packet->dts = av_rescale_q(from.pts, from_.time_base, AVRational{1, 1000}) + delay;
    packet->duration = shown;
    packet->flags |= AV_PKT_FLAG_KEY;
    packet->stream_index = to_->index;
    av_packet_rescale_ts(packet.get(), AVRational{1, 1000}, to_->time_base);
    check_av(subject_, "cannot be written", av_interleaved_write_frame(&out, packet.get()));
  }

  std::string subject_;
  AVStream& from_;
  Av<AVCodecContext> decoder_, encoder_;
  AVStream* to_ = nullptr;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace

std::unique_ptr<StreamCopy> convert_audio(AVStream& from, AVFormatContext& out, const std::string& encoder,
                                          const std::string& subject) {
  return std::make_unique<AudioConversion>(from, out, encoder, subject);
}

std::unique_ptr<StreamCopy> convert_text(AVStream& from, AVFormatContext& out, const std::string& encoder,
                                         const std::string& subject) {
  return std::make_unique<TextConversion>(from, out, encoder, subject);
}

}  // namespace sumi::video
