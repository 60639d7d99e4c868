#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include "engine/video/module/assemble.h"
#include "engine/video/module/encoder.h"
#include "engine/video/module/fragments.h"

namespace sumi::video {
namespace {

struct AnimationRow {
  const char *container, *encoder;
  AVPixelFormat format, with_alpha;
  AVRational time_base;  // the finest that the format has
};
constexpr AnimationRow kAnimations[] = {
    {"gif", "gif", AV_PIX_FMT_PAL8, AV_PIX_FMT_PAL8, {1, 100}},
    {"webp", "libwebp_anim", AV_PIX_FMT_BGRA, AV_PIX_FMT_BGRA, {1, 1000}},
    {"apng", "apng", AV_PIX_FMT_RGB24, AV_PIX_FMT_RGBA, {1, 1000}},
};

const AnimationRow& animation_row(const AssembleSpec& spec) {
  for (const AnimationRow& row : kAnimations)
    if (spec.container == row.container) return row;
  fail("write " + spec.shown, fmt::format("there is no animation of the format {}", spec.container));
}

// Frames of the shots as colors of one palette each.
class PaletteFrames {
 public:
  explicit PaletteFrames(const AssembleSpec& spec) : spec_(spec), ahead_(spec), frames_(spec) {}

  AVRational time_base() const { return frames_.time_base(); }

  bool next(AVFrame& result) {
    for (;;) {
      if (use_ && use_->pull(&result)) return true;
      if (at_ == frames_.count()) {
        if (!use_ || flushed_) return false;
        use_->push(nullptr);
        flushed_ = true;
        continue;
      }
      if (at_ == shot_end_) {
        if (use_ && !flushed_) {
          use_->push(nullptr);
          flushed_ = true;
          continue;
        }
        begin_shot();
      }
      if (!frames_.next(*frame_)) fail("write " + spec_.shown, "its fragments end too early");
      use_->push(frame_.get());
      av_frame_unref(frame_.get());
      ++at_;
    }
  }

 private:
  std::string subject() const { return "write " + spec_.shown; }

  void begin_shot() {
    const auto next = std::upper_bound(spec_.shots.begin(), spec_.shots.end(), at_);
    shot_end_ = next == spec_.shots.end() ? frames_.count() : std::min(*next, frames_.count());
    std::optional<FilterChain> make;
    const Av<AVFrame> palette = new_frame();
    std::string source;
    for (std::int64_t i = at_; i < shot_end_; ++i) {
      if (!ahead_.next(*frame_)) fail(subject(), "its fragments end too early");
      if (!make) {
        source = buffer_arguments(*frame_, time_base());
        make.emplace(
            subject(), source,
            fmt::format("palettegen=reserve_transparent={}:stats_mode=full", spec_.encoded.alpha ? 1 : 0),
            "buffersink");
      }
      make->push(frame_.get());
      av_frame_unref(frame_.get());
    }
    make->push(nullptr);
    if (!make->pull(palette.get())) fail(subject(), "no palette could be made");
    // Ordered dithering stands still where the picture does; error diffusion crawls.
    use_.emplace(subject(), source, "paletteuse=dither=bayer:bayer_scale=4:diff_mode=none", "buffersink",
                 buffer_arguments(*palette, time_base()));
    use_->push_extra(palette.get());
    use_->push_extra(nullptr);
    flushed_ = false;
  }

  const AssembleSpec& spec_;
  FragmentFrames ahead_, frames_;
  std::optional<FilterChain> use_;
  Av<AVFrame> frame_ = new_frame();
  std::int64_t at_ = 0, shot_end_ = 0;
  bool flushed_ = false;
};

// Frames of the fragments in another pixel format.
class ConvertedFrames {
 public:
  ConvertedFrames(const AssembleSpec& spec, AVPixelFormat format)
      : subject_("write " + spec.shown), format_(format), frames_(spec) {}

  AVRational time_base() const { return frames_.time_base(); }

  bool next(AVFrame& result) {
    if (!frames_.next(*frame_)) return false;
    if (!chain_)
      chain_.emplace(subject_, buffer_arguments(*frame_, time_base()),
                     fmt::format("format={}", av_get_pix_fmt_name(format_)), "buffersink");
    chain_->push(frame_.get());
    av_frame_unref(frame_.get());
    return chain_->pull(&result);
  }

 private:
  std::string subject_;
  AVPixelFormat format_;
  FragmentFrames frames_;
  Av<AVFrame> frame_ = new_frame();
  std::optional<FilterChain> chain_;
};

class AnimationWriter {
 public:
  AnimationWriter(const AssembleSpec& spec, const AnimationRow& row, AVRational given)
      : spec_(spec), subject_("write " + spec.shown), row_(row), given_(given) {
    const AVCodec* codec = avcodec_find_encoder_by_name(row.encoder);
    if (!codec) fail(subject_, fmt::format("this FFmpeg has no encoder {}", row.encoder));
    encoder_.reset(avcodec_alloc_context3(codec));
    if (!encoder_) throw std::bad_alloc();
    encoder_->width = spec.encoded.width;
    encoder_->height = spec.encoded.height;
    encoder_->pix_fmt = spec.encoded.alpha ? row.with_alpha : row.format;
    encoder_->time_base = row.time_base;
    AVDictionary* options = nullptr;
    if (spec.container == "webp") av_dict_set_int(&options, "quality", spec.quality, 0);
    const int code = avcodec_open2(encoder_.get(), codec, &options);
    av_dict_free(&options);
    check_av(subject_,
             fmt::format("{} cannot encode frames of {}x{}", row.encoder, encoder_->width, encoder_->height),
             code);
    open_file();
  }

  void write(AVFrame& frame) {
    const std::int64_t pts = av_rescale_q(frame.pts, given_, row_.time_base);
    if (pts <= last_) return;  // more frames a second than the format has times for
    last_ = frame.pts = pts;
    encode(&frame);
  }

  void finish() {
    encode(nullptr);
    close_output(file_, spec_.shown);
  }

 private:
  void open_file() {
    file_ = open_output(spec_.target, spec_.shown, spec_.container.c_str());
    stream_ = avformat_new_stream(file_.get(), nullptr);
    if (!stream_) throw std::bad_alloc();
    check_av(subject_, "cannot be written",
             avcodec_parameters_from_context(stream_->codecpar, encoder_.get()));
    stream_->time_base = row_.time_base;
    // All play again and again; the last frame stays as long as it is given.
    const std::string delay = fmt::format("{}", std::max<std::int64_t>(last_delay(), 1));
    AVDictionary* options = nullptr;
    if (spec_.container == "gif") av_dict_set(&options, "final_delay", delay.c_str(), 0);
    if (spec_.container == "apng") av_dict_set(&options, "final_delay", (delay + "/1000").c_str(), 0);
    av_dict_set(&options, spec_.container == "apng" ? "plays" : "loop", "0", 0);
    const int code = avformat_write_header(file_.get(), &options);
    av_dict_free(&options);
    check_av(subject_, "cannot be written", code);
  }

  std::int64_t last_delay() const {
    return av_rescale_q(spec_.last_duration, to_av(spec_.encoded.time_base), row_.time_base);
  }

  void encode(AVFrame* frame) {
    check_av(subject_, "a frame cannot be encoded", avcodec_send_frame(encoder_.get(), frame));
    while (receive_packet(*encoder_, *packet_, subject_)) {
      av_packet_rescale_ts(packet_.get(), row_.time_base, stream_->time_base);
      packet_->stream_index = 0;
      check_av(subject_, "cannot be written", av_interleaved_write_frame(file_.get(), packet_.get()));
    }
  }

  const AssembleSpec& spec_;
  std::string subject_;
  const AnimationRow& row_;
  AVRational given_;
  Av<AVCodecContext> encoder_;
  Av<AVFormatContext> file_;
  AVStream* stream_ = nullptr;
  Av<AVPacket> packet_ = new_packet();
  std::int64_t last_ = -1;
};

template <class Frames>
void write_all(const AssembleSpec& spec, const AnimationRow& row, Frames frames) {
  AnimationWriter writer(spec, row, frames.time_base());
  const Av<AVFrame> frame = new_frame();
  while (frames.next(*frame)) {
    writer.write(*frame);
    av_frame_unref(frame.get());
  }
  writer.finish();
}

}  // namespace

void assemble_animation(const AssembleSpec& spec) {
  const AnimationRow& row = animation_row(spec);
  if (row.format == AV_PIX_FMT_PAL8)
    write_all(spec, row, PaletteFrames(spec));
  else
    write_all(spec, row, ConvertedFrames(spec, spec.encoded.alpha ? row.with_alpha : row.format));
}

}  // namespace sumi::video
