#include "engine/video/module/encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <optional>
#include <vector>

#include "engine/video/module/geometry.h"

namespace sumi::video {
namespace {

struct CodecRow {
  const char *name, *encoder;
  AVPixelFormat shallow, deep;  // of 8 bits, and of more
  const char* options;          // key=value:...
  AVPixelFormat with_alpha = AV_PIX_FMT_NONE;
};
constexpr std::array<CodecRow, 6> kCodecs{{
    {"h264", "libx264", AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV420P10, "preset=fast"},
    {"hevc", "libx265", AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV420P10, "preset=medium:x265-params=log-level=none"},
    {"vp9", "libvpx-vp9", AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV420P10, "b=0:deadline=good:cpu-used=4:row-mt=1",
     AV_PIX_FMT_YUVA420P},
    {"av1", "libaom-av1", AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV420P10, "b=0:cpu-used=6:row-mt=1"},
    {"ffv1", "ffv1", AV_PIX_FMT_YUV444P, AV_PIX_FMT_YUV444P10, "level=3:g=1"},
    {"lossless", "ffv1", AV_PIX_FMT_BGRA, AV_PIX_FMT_BGRA, "level=3:g=1"},
}};

const CodecRow& codec_row(const std::string& subject, const std::string& name) {
  for (const CodecRow& row : kCodecs)
    if (name == row.name) return row;
  fail(subject, fmt::format("there is no codec {}", name));
}

bool is_rgb_format(AVPixelFormat format) {
  return (av_pix_fmt_desc_get(format)->flags & AV_PIX_FMT_FLAG_RGB) != 0;
}

// A 16-bit level as the input's.
template <class Level>
Level to_level(std::int64_t level) {
  return static_cast<Level>(sizeof(Level) == 1 ? (level + 128) / 257 : level);
}

// With alpha, the colors that give the frame's over white. `alpha`: null where the frame is opaque.
template <class Level>
void fill_row(const std::uint16_t* from, const std::uint16_t* alpha, int width, bool with_alpha, Level* to) {
  if (!with_alpha) {
    std::transform(from, from + 3 * width, to, to_level<Level>);
    return;
  }
  for (int x = 0; x < width; ++x, from += 3, to += 4) {
    const std::int64_t a = alpha ? alpha[x] : 65535;
    for (int c = 0; c < 3; ++c)
      to[c] = to_level<Level>(
          a == 0 ? 65535
                 : std::clamp<std::int64_t>(65535 - (65535 - std::int64_t{from[c]}) * 65535 / a, 0, 65535));
    to[3] = to_level<Level>(a);
  }
}

class Fragment final : public FragmentEncoder {
 public:
  Fragment(const std::string& path, const std::string& shown, const EncodeSpec& spec);
  void write(const Frame& frame) override;
  void finish() override;

 private:
  void open_codec(const CodecRow& row);
  void make_chain();
  void fill(const Frame& frame);
  void drain();

  std::string shown_, subject_;
  EncodeSpec spec_;
  int width_, height_;  // even where the codec needs it
  bool alpha_beside_ = false;
  bool deep_ = false;  // the encoder's pixels have more than 8 bits
  Av<AVFormatContext> file_;
  Av<AVCodecContext> encoder_;
  AVStream* stream_ = nullptr;
  Av<AVFrame> input_ = new_frame(), converted_ = new_frame();
  Av<AVPacket> packet_ = new_packet();
  std::optional<FilterChain> chain_;
};

Fragment::Fragment(const std::string& path, const std::string& shown, const EncodeSpec& spec)
    : shown_(shown), subject_("write " + shown), spec_(spec), width_(spec.width), height_(spec.height) {
  const CodecRow& row = codec_row(subject_, spec.codec);
  if (row.shallow == AV_PIX_FMT_YUV420P) {  // color at half the size
    width_ = std::max(width_ & ~1, 2);
    height_ = std::max(height_ & ~1, 2);
  }
  // VP9's transparency is data beside the packets, which Matroska keeps.
  alpha_beside_ = spec.alpha && row.with_alpha == AV_PIX_FMT_YUVA420P;
  file_ = open_output(path, shown, alpha_beside_ ? "matroska" : "nut");
  file_->avoid_negative_ts = 0;  // every fragment keeps the clip's times
  open_codec(row);
  make_chain();
  stream_ = avformat_new_stream(file_.get(), nullptr);
  if (!stream_) throw std::bad_alloc();
  check_av(subject_, "cannot be encoded", avcodec_parameters_from_context(stream_->codecpar, encoder_.get()));
  stream_->time_base = encoder_->time_base;
  if (alpha_beside_) av_dict_set(&stream_->metadata, "alpha_mode", "1", 0);
  check_av(subject_, "cannot be written", avformat_write_header(file_.get(), nullptr));
}

void Fragment::open_codec(const CodecRow& row) {
  const AVCodec* codec = avcodec_find_encoder_by_name(row.encoder);
  if (!codec)
    fail(subject_,
         fmt::format("this FFmpeg has no {}; take another --codec, or install Debian's libavcodec59",
                     row.encoder));
  encoder_.reset(avcodec_alloc_context3(codec));
  if (!encoder_) throw std::bad_alloc();
  encoder_->width = width_;
  encoder_->height = height_;
  encoder_->time_base = to_av(spec_.time_base);
  if (spec_.frame_rate.num > 0) encoder_->framerate = to_av(spec_.frame_rate);
  encoder_->sample_aspect_ratio = {1, 1};
  encoder_->pix_fmt = alpha_beside_ ? row.with_alpha : spec_.depth > 8 ? row.deep : row.shallow;
  encoder_->thread_count = spec_.threads;
  encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (!is_rgb_format(encoder_->pix_fmt)) {
    encoder_->colorspace = static_cast<AVColorSpace>(spec_.color.matrix);
    encoder_->color_primaries = static_cast<AVColorPrimaries>(spec_.color.primaries);
    encoder_->color_trc = static_cast<AVColorTransferCharacteristic>(spec_.color.transfer);
    encoder_->color_range = spec_.color.full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    encoder_->chroma_sample_location = AVCHROMA_LOC_LEFT;
  }
  AVDictionary* options = nullptr;
  av_dict_parse_string(&options, row.options, "=", ":", 0);
  if (std::strcmp(row.encoder, "ffv1") != 0) av_dict_set_int(&options, "crf", spec_.crf, 0);
  // The two pictures are encoded apart: a frame that is not shown would shift one of them.
  if (alpha_beside_) av_dict_set_int(&options, "auto-alt-ref", 0, 0);
  const int code = avcodec_open2(encoder_.get(), codec, &options);
  av_dict_free(&options);
  check_av(subject_, fmt::format("{} cannot encode frames of {}x{}", row.encoder, width_, height_), code);
}

// Pixels of 8 bits are rounded here: from 16 bits libswscale would dither them, and the pattern
// changes with every small motion, which is flicker.
void Fragment::make_chain() {
  deep_ = av_pix_fmt_desc_get(encoder_->pix_fmt)->comp[0].depth > 8;
  input_->format = spec_.alpha ? (deep_ ? AV_PIX_FMT_RGBA64 : AV_PIX_FMT_RGBA)
                               : (deep_ ? AV_PIX_FMT_RGB48 : AV_PIX_FMT_RGB24);
  input_->width = spec_.width;
  input_->height = spec_.height;
  check_av(subject_, "out of memory", av_frame_get_buffer(input_.get(), 0));
  std::string filters =
      fmt::format("crop={}:{}:0:0:exact=1,scale=flags=bicubic+accurate_rnd+full_chroma_int", width_, height_);
  if (!is_rgb_format(encoder_->pix_fmt))
    filters += fmt::format(":out_color_matrix={}:out_range={}", matrix_name(spec_.color.matrix),
                           spec_.color.full_range ? "pc" : "tv");
  filters += fmt::format(",format={}", av_get_pix_fmt_name(encoder_->pix_fmt));
  chain_.emplace(subject_, buffer_arguments(*input_, encoder_->time_base), filters, "buffersink");
}

void Fragment::fill(const Frame& frame) {
  check_av(subject_, "out of memory", av_frame_make_writable(input_.get()));
  const auto width = static_cast<std::size_t>(frame.width);
  for (int y = 0; y < frame.height; ++y) {
    std::uint8_t* to = input_->data[0] + static_cast<std::ptrdiff_t>(y) * input_->linesize[0];
    const std::size_t at = static_cast<std::size_t>(y) * width;
    const std::uint16_t* from = frame.rgb.data() + 3 * at;
    const std::uint16_t* alpha = frame.alpha.empty() ? nullptr : frame.alpha.data() + at;
    if (deep_)
      fill_row(from, alpha, frame.width, spec_.alpha, reinterpret_cast<std::uint16_t*>(to));
    else
      fill_row(from, alpha, frame.width, spec_.alpha, to);
  }
  input_->pts = frame.pts;
  input_->pkt_duration = frame.duration;
}

void Fragment::drain() {
  while (receive_packet(*encoder_, *packet_, subject_)) {
    av_packet_rescale_ts(packet_.get(), encoder_->time_base, stream_->time_base);
    packet_->stream_index = 0;
    check_av(subject_, "cannot be written", av_interleaved_write_frame(file_.get(), packet_.get()));
  }
}

void Fragment::write(const Frame& frame) {
  if (frame.width != spec_.width || frame.height != spec_.height)
    fail(subject_, fmt::format("a frame is {}x{}, but the clip {}x{}; all frames must have one size",
                               frame.width, frame.height, spec_.width, spec_.height));
  fill(frame);
  chain_->push(input_.get());
  while (chain_->pull(converted_.get())) {
    converted_->pict_type = AV_PICTURE_TYPE_NONE;
    check_av(subject_, "a frame cannot be encoded", avcodec_send_frame(encoder_.get(), converted_.get()));
    av_frame_unref(converted_.get());
    drain();
  }
}

void Fragment::finish() {
  check_av(subject_, "cannot be encoded", avcodec_send_frame(encoder_.get(), nullptr));
  drain();
  close_output(file_, shown_);
}

}  // namespace

bool receive_packet(AVCodecContext& encoder, AVPacket& packet, const std::string& subject) {
  const int code = avcodec_receive_packet(&encoder, &packet);
  if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return false;
  check_av(subject, "a frame cannot be encoded", code);
  return true;
}

Av<AVFormatContext> open_output(const std::string& path, const std::string& shown, const char* format) {
  av_log_set_level(AV_LOG_QUIET);
  AVFormatContext* file = nullptr;
  const std::string subject = "write " + shown;
  check_av(subject, "cannot be written",
           avformat_alloc_output_context2(&file, nullptr, format, path.c_str()));
  Av<AVFormatContext> opened(file);
  check_av(subject, "cannot be written", avio_open(&file->pb, ("file:" + path).c_str(), AVIO_FLAG_WRITE));
  return opened;
}

void close_output(Av<AVFormatContext>& file, const std::string& shown) {
  const std::string subject = "write " + shown;
  check_av(subject, "cannot be written", av_write_trailer(file.get()));
  avio_flush(file->pb);
  const int failed = file->pb->error;
  const int closed = avio_closep(&file->pb);
  file.reset();
  check_av(subject, "cannot be written", failed);
  check_av(subject, "cannot be written", closed);
}

std::unique_ptr<FragmentEncoder> open_fragment(const std::string& path, const std::string& shown,
                                               const EncodeSpec& spec) {
  return std::make_unique<Fragment>(path, shown, spec);
}

}  // namespace sumi::video
