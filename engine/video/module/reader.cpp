// Clips: decoded frames, corrected and converted.
#include "engine/video/module/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <deque>
#include <filesystem>
#include <optional>
#include <utility>

#include "engine/video/module/frame_source.h"
#include "engine/video/module/geometry.h"

namespace sumi::video {
namespace {

// Colors over white, and alpha as a plane of its own.
template <class Level>
void store_rgba(const Level* from, int width, std::uint16_t* rgb, std::uint16_t* alpha) {
  constexpr std::uint64_t widen = sizeof(Level) == 1 ? 257 : 1;
  for (int x = 0; x < width; ++x, from += 4, rgb += 3) {
    const std::uint64_t a = from[3] * widen;
    for (int c = 0; c < 3; ++c)
      rgb[c] = static_cast<std::uint16_t>((from[c] * widen * a + 65535 * (65535 - a) + 32767) / 65535);
    alpha[x] = static_cast<std::uint16_t>(a);
  }
}

class Reader final : public ClipReader {
 public:
  Reader(const std::string& path, const ReadOptions& options);

  const ClipInfo& info() const override { return info_; }
  std::int64_t dropped() const override { return source_->dropped() + late_; }
  bool next(Frame& frame) override;

 private:
  void describe();
  void describe_pixels();
  bool next_converted(Frame& frame);
  bool decode();
  bool is_wanted();
  void make_chain();
  void store(Frame& frame);
  std::int64_t ticks(double seconds) const {
    return static_cast<std::int64_t>(std::llround(seconds / av_q2d(source_->info().time_base)));
  }

  std::string subject_;
  ReadOptions options_;
  std::unique_ptr<FrameSource> source_;
  Av<AVFrame> frame_ = new_frame(), converted_ = new_frame();
  std::optional<FilterChain> chain_;
  std::array<int, 3> chain_format_{};  // width, height, pixel format
  const char* format_ = nullptr;       // of converted frames
  ClipInfo info_;
  std::int64_t origin_ = 0, end_ = 0;
  std::int64_t last_pts_ = AV_NOPTS_VALUE, last_duration_ = 1, late_ = 0;
  bool flushed_ = false, done_ = false;
  std::deque<Frame> pending_;  // of a chain that was replaced
  std::optional<Frame> ahead_;
};

Reader::Reader(const std::string& path, const ReadOptions& options)
    : subject_("clip " + path),
      options_(options),
      source_(is_animated_webp(path) ? open_webp_source(path, options.max_pixels)
                                     : open_file_source(path, options.max_pixels)) {
  const std::int64_t zero = source_->info().origin;
  origin_ = zero + ticks(options.start);
  end_ = zero + ticks(options.end);
  // Where the index is damaged, the frames before the start are decoded and left out.
  if (options.start > 0) source_->seek(origin_);
  describe();
}

// The first frame says more than the header.
void Reader::describe() {
  Frame first;
  if (!next_converted(first))
    fail(subject_, last_pts_ == AV_NOPTS_VALUE && options_.start == 0 && options_.end == 0
                       ? "holds no frame that can be decoded; the file is damaged"
                       : "has no frames between --start and --end; check the times");
  const SourceInfo& source = source_->info();
  info_.width = first.width;
  info_.height = first.height;
  info_.time_base = from_av(chain_->time_base());
  info_.frame_rate = options_.fps.num > 0 ? options_.fps : from_av(source.frame_rate);
  const double whole = source.seconds;
  const double end = options_.end > 0 && (whole == 0 || options_.end < whole) ? options_.end : whole;
  info_.seconds = std::max(0.0, end - options_.start);
  info_.frames = static_cast<std::int64_t>(std::llround(info_.seconds * info_.frame_rate.value()));
  if (options_.fps.num == 0 && options_.start == 0 && options_.end == 0 && source.frames > 0)
    info_.frames = source.frames;
  ahead_ = std::move(first);
}

void Reader::describe_pixels() {
  const auto pixels = static_cast<AVPixelFormat>(frame_->format);
  info_.color = tags_of(*frame_);
  info_.depth = bits_of(pixels) > 8 ? 16 : 8;
  info_.alpha = has_alpha(pixels);
  if (!is_hdr(info_.color)) return;
  info_.color = {AVCOL_SPC_BT709, AVCOL_PRI_BT709, AVCOL_TRC_BT709, false};
  info_.remarks.emplace_back("is HDR (PQ or HLG): brought to the range of a screen, BT.709");
}

void Reader::make_chain() {
  const std::array format{frame_->width, frame_->height, frame_->format};
  if (chain_ && format == chain_format_) return;
  const bool first = !chain_;
  if (chain_) {
    chain_->push(nullptr);
    while (chain_->pull(converted_.get())) store(pending_.emplace_back());
  }
  const SourceInfo& source = source_->info();
  ChainOptions options{options_.max_size, options_.fps, source.interlaced || frame_->interlaced_frame != 0,
                       source.matrix};
  const AVFrameSideData* side = av_frame_get_side_data(frame_.get(), AV_FRAME_DATA_DISPLAYMATRIX);
  if (!options.matrix && side && side->size >= 36)
    options.matrix = reinterpret_cast<const std::int32_t*>(side->data);
  if (frame_->sample_aspect_ratio.num == 0) frame_->sample_aspect_ratio = source.aspect;
  std::string filters = frame_filters(*frame_, options);
  if (first) describe_pixels();
  // A clip that changes in the middle: all frames get the first one's size.
  if (!first) filters += fmt::format(",scale=w={}:h={}:flags=lanczos", info_.width, info_.height);
  if (first) format_ = rgb_format(static_cast<AVPixelFormat>(frame_->format));
  filters += fmt::format(",format={}", format_);
  chain_.emplace(subject_, buffer_arguments(*frame_, source.time_base), filters, "buffersink");
  chain_format_ = format;
}

// Also gives the frame its time from the start on.
bool Reader::is_wanted() {
  if (frame_->width < 1 || frame_->height < 1) return false;
  std::int64_t pts = frame_->best_effort_timestamp;
  const std::int64_t duration = frame_->pkt_duration > 0 ? frame_->pkt_duration : last_duration_;
  if (pts == AV_NOPTS_VALUE) pts = origin_ + (last_pts_ == AV_NOPTS_VALUE ? 0 : last_pts_ + last_duration_);
  if (options_.end > 0 && pts >= end_) {
    done_ = true;
    return false;
  }
  if (options_.start > 0 && pts + duration <= origin_) return false;
  pts = std::max<std::int64_t>(pts - origin_, 0);
  // a damaged or joined file, whose time goes back
  if (last_pts_ != AV_NOPTS_VALUE && pts <= last_pts_) {
    ++late_;
    return false;
  }
  last_pts_ = pts;
  last_duration_ = std::max<std::int64_t>(duration, 1);
  frame_->pts = pts;
  return true;
}

bool Reader::decode() {
  while (!done_ && source_->receive(frame_.get())) {
    if (is_wanted()) return true;
    av_frame_unref(frame_.get());
  }
  return false;
}

void Reader::store(Frame& frame) {
  const AVFrame& from = *converted_;
  frame.width = from.width;
  frame.height = from.height;
  const auto width = static_cast<std::size_t>(from.width), height = static_cast<std::size_t>(from.height);
  frame.rgb.resize(width * height * 3);
  frame.alpha.resize(info_.alpha ? width * height : 0);
  for (std::size_t y = 0; y < height; ++y) {
    const std::uint8_t* row = from.data[0] + static_cast<std::ptrdiff_t>(y) * from.linesize[0];
    std::uint16_t* rgb = frame.rgb.data() + 3 * y * width;
    if (!info_.alpha)
      std::memcpy(rgb, row, width * 6);
    else if (from.format == AV_PIX_FMT_RGBA)
      store_rgba(row, from.width, rgb, frame.alpha.data() + y * width);
    else
      store_rgba(reinterpret_cast<const std::uint16_t*>(row), from.width, rgb,
                 frame.alpha.data() + y * width);
  }
  frame.pts = from.pts;
  frame.duration =
      options_.fps.num > 0 ? 1 : av_rescale_q(last_duration_, source_->info().time_base, chain_->time_base());
  av_frame_unref(converted_.get());
}

bool Reader::next_converted(Frame& frame) {
  for (;;) {
    if (!pending_.empty()) {
      frame = std::move(pending_.front());
      pending_.pop_front();
      return true;
    }
    if (chain_ && chain_->pull(converted_.get())) {
      store(frame);
      return true;
    }
    if (flushed_) return false;
    if (decode()) {
      make_chain();
      chain_->push(frame_.get());
      av_frame_unref(frame_.get());
      continue;
    }
    flushed_ = true;
    if (chain_) chain_->push(nullptr);
  }
}

bool Reader::next(Frame& frame) {
  if (!ahead_) return false;
  frame = std::move(*ahead_);
  Frame following;
  if (next_converted(following)) {
    frame.duration = following.pts - frame.pts;
    ahead_ = std::move(following);
  } else {
    ahead_.reset();
  }
  return true;
}

}  // namespace

std::unique_ptr<ClipReader> open_reader(const std::string& path, const ReadOptions& options) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) fail("clip " + path, "there is no such file");
  return std::make_unique<Reader>(path, options);
}

}  // namespace sumi::video
