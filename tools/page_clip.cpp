#include "tools/page_clip.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "engine/error.h"
#include "engine/video/clip.h"
#include "engine/video/motion.h"

namespace sumi::cli {
namespace {

constexpr int kSmall = 720;               // long side of the copies: the short one is about what faces need
constexpr std::size_t kMostFrames = 600;  // candidates
constexpr double kFirstSpan = 0.1;        // seconds of one candidate
constexpr double kRunUp = 0.5;            // seconds that are decoded before a frame that is looked for

stylize::RgbView view_of(const video::Frame& frame) {
  return {frame.width, frame.height, frame.rgb.data()};
}

class Candidates {
 public:
  Candidates(const PageArguments& args) : args_(args), faces_(args.drawing.style.faces != "off") {}

  void add(video::Frame& frame, double time, bool cut) {
    if (cut || time >= end_) {
      close();
      shot_ += cut ? 1 : 0;
      end_ = time + span_;
    }
    const double sharpness = page::sharpness_of(view_of(frame));
    if (!best_.rgb.empty() && sharpness <= sharpness_) return;
    std::swap(best_, frame);
    sharpness_ = sharpness;
    time_ = time;
  }

  std::vector<ComicImage> take() {
    close();
    return std::move(kept_);
  }

 private:
  void close() {
    if (best_.rgb.empty()) return;
    ComicImage image;
    image.file = args_.inputs[0];
    image.name = fmt::format("{} at {:.2f} s", args_.inputs[0], time_);
    image.subject =
        page::make_subject(view_of(best_), faces_ ? faces_in(view_of(best_)) : std::vector<faces::FaceBox>{});
    image.look = page::look_of(view_of(best_), image.subject, time_);
    image.look.shot = shot_;
    kept_.push_back(std::move(image));
    best_ = {};
    if (kept_.size() >= kMostFrames) thin();
  }

  // Keeps the sharper one of two neighbors, and doubles the span.
  void thin() {
    std::vector<ComicImage> half;
    for (std::size_t i = 0; i < kept_.size(); i += 2) {
      const bool second = i + 1 < kept_.size() && kept_[i + 1].look.sharpness > kept_[i].look.sharpness;
      half.push_back(std::move(kept_[second ? i + 1 : i]));
    }
    kept_ = std::move(half);
    span_ *= 2;
  }

  const PageArguments& args_;
  bool faces_;
  std::vector<ComicImage> kept_;
  video::Frame best_;  // of the span, so far
  double sharpness_ = 0, time_ = 0, end_ = 0, span_ = kFirstSpan;
  int shot_ = -1;  // the first frame is a cut
};

// Reads on to the first frame at `time` or behind it, from `start`; an empty frame if there is
// none.
video::Frame frame_at(const PageArguments& args, double start, double time) {
  video::ReadOptions options = args.range;
  options.start = start;
  options.end = 0;
  const std::unique_ptr<video::ClipReader> reader = video::open_clip(args.inputs[0], options);
  const double unit = reader->info().time_base.value();
  video::Frame frame;
  while (reader->next(frame))
    if (start + (static_cast<double>(frame.pts) + 0.5) * unit >= time) return frame;
  return {};
}

}  // namespace

std::vector<ComicImage> look_at_clip(const PageArguments& args,
                                     const std::function<void(const std::string&)>& warn,
                                     const std::function<void(double)>& working) {
  video::ReadOptions options = args.range;
  options.max_size = kSmall;
  const std::unique_ptr<video::ClipReader> reader = video::open_clip(args.inputs[0], options);
  const std::string subject = "[clip " + args.inputs[0] + "] ";
  for (const std::string& remark : reader->info().remarks) warn("warning: " + subject + remark);
  const double unit = reader->info().time_base.value();
  video::MotionEstimator estimator(false);
  Candidates candidates(args);
  video::Frame frame;
  while (reader->next(frame)) {
    const double time = args.range.start + static_cast<double>(frame.pts) * unit;
    const bool cut = estimator.next(frame).cut;
    candidates.add(frame, time, cut);
    working(time);
  }
  if (reader->dropped() > 0)
    warn(fmt::format("warning: {}{} damaged packets or frames were left out", subject, reader->dropped()));
  return candidates.take();
}

Photo clip_frame(const PageArguments& args, double time) {
  const double start = std::max(args.range.start, time - kRunUp);
  video::Frame frame = frame_at(args, start, time);
  // An index that leads astray: from the beginning.
  if (frame.rgb.empty()) frame = frame_at(args, args.range.start, time);
  if (frame.rgb.empty()) fail("clip " + args.inputs[0], fmt::format("has no frame at {:.2f} s", time));
  Photo photo;
  photo.width = frame.width;
  photo.height = frame.height;
  photo.rgb = std::move(frame.rgb);
  return photo;
}

}  // namespace sumi::cli
