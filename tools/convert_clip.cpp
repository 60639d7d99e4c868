#include "tools/convert_clip.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <future>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "engine/error.h"
#include "engine/image/image.h"
#include "engine/image/image_formats.h"
#include "engine/image/labeled_sheet.h"
#include "engine/image/photo.h"
#include "engine/video/clip_writer.h"
#include "engine/video/containers.h"
#include "engine/video/temporal.h"
#include "tools/cli/item_progress.h"
#include "tools/cli/signals.h"
#include "tools/clip_filter.h"
#include "tools/clip_jobs.h"

namespace sumi::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFragment = 48;  // frames; a killed program loses at most so many
// Smear of dots and strokes that stay on the page, of the short side.
constexpr double kPageSmear = 1.0 / 512;
constexpr double kReportSeconds = 10;  // from line to line where there is no live one

Photo to_photo(const video::Frame& frame, int depth) {
  Photo photo;
  photo.width = frame.width;
  photo.height = frame.height;
  photo.depth = depth;
  photo.rgb = frame.rgb;
  photo.alpha = frame.alpha;
  return photo;
}

// A frame and its motion, read while the one before it is drawn.
struct Ahead {
  video::Frame frame;
  video::Motion motion;
};

class ClipConversion {
 public:
  ClipConversion(const ConvertArguments& args, ClipFilter& filter, Progress::Style style, const ClipJob& job)
      : args_(args),
        filter_(filter),
        style_(style),
        job_(job),
        reader_(video::open_clip(job.in, read_options())),
        blending_(args.clip.share ? stylize::ClipBlend{*args.clip.share, false} : filter.blend()),
        estimator_(blending_.share > 0),
        screen_(style, static_cast<std::size_t>(std::max<std::int64_t>(reader_->info().frames, 1))) {}

  // False where a signal stopped it.
  bool run();

 private:
  video::ReadOptions read_options() const {
    video::ReadOptions options = args_.clip.range;
    options.max_size = static_cast<int>(args_.max_size);
    return options;
  }
  video::ClipSpec spec(const Photo& drawing) const;
  std::optional<Ahead> next();
  void skip_to(std::int64_t frames);
  Photo draw(const Ahead& ahead);
  std::string state() const;
  void take_state(const std::string& bytes);
  void report(std::int64_t done);

  const ConvertArguments& args_;
  ClipFilter& filter_;
  Progress::Style style_;
  ClipJob job_;
  std::unique_ptr<video::ClipReader> reader_;
  stylize::ClipBlend blending_;
  video::MotionEstimator estimator_;
  std::optional<video::TemporalBlend> blend_;
  std::string blend_state_;
  CountProgress screen_;
  using Clock = std::chrono::steady_clock;
  Clock::time_point begun_ = Clock::now(), reported_ = begun_;
  std::int64_t skipped_ = 0;
};

video::ClipSpec ClipConversion::spec(const Photo& drawing) const {
  const video::ClipInfo& info = reader_->info();
  video::ClipSpec spec;
  spec.width = drawing.width;
  spec.height = drawing.height;
  spec.time_base = info.time_base;
  spec.frame_rate = info.frame_rate;
  spec.depth = info.depth;
  spec.alpha = info.alpha;
  spec.color = info.color;
  spec.format = job_.format();
  spec.codec = args_.clip.codec;
  spec.crf = static_cast<int>(args_.clip.crf);
  spec.quality = static_cast<int>(args_.quality);
  std::error_code error;
  if (fs::is_regular_file(job_.in, error) && !args_.strip) spec.source = job_.in;
  spec.start = args_.clip.range.start;
  spec.end = args_.clip.range.end;
  spec.audio = !args_.clip.no_audio;
  return spec;
}

std::optional<Ahead> ClipConversion::next() {
  Ahead ahead;
  if (!reader_->next(ahead.frame)) return {};
  ahead.motion = estimator_.next(ahead.frame);
  return ahead;
}

// Frames that a killed program has drawn already.
void ClipConversion::skip_to(std::int64_t frames) {
  video::Frame frame;
  for (std::int64_t i = 0; i < frames; ++i) {
    if (!reader_->next(frame))
      fail("clip " + job_.in.string(),
           "has fewer frames than before; delete the folder of fragments beside the output");
    estimator_.skip(frame);
  }
  skipped_ = frames;
  if (style_ != Progress::Style::quiet && frames > 0)
    screen_.complain(fmt::format("{}: continues after frame {}", job_.out.string(), frames));
  for (std::int64_t i = 0; i < frames; ++i) screen_.done("");
}

Photo ClipConversion::draw(const Ahead& ahead) {
  const Photo photo = to_photo(ahead.frame, reader_->info().depth);
  Photo drawing = filter_.apply(photo, ahead.motion.cut);
  if (!blend_) {
    const double smear = blending_.on_page ? kPageSmear * std::min(drawing.width, drawing.height) : 0;
    blend_.emplace(drawing.width, drawing.height, blending_.share, smear);
    blend_->set_state(blend_state_);
  }
  blend_->apply(ahead.motion, drawing.rgb.data());
  if (!args_.compare.empty()) drawing = beside(resize_photo(photo, drawing.width, drawing.height), drawing);
  return drawing;
}

// The filter's state behind its length, then the blend's.
std::string ClipConversion::state() const {
  const std::string filter = filter_.state();
  return fmt::format("{} ", filter.size()) + filter + (blend_ ? blend_->state() : "");
}

void ClipConversion::take_state(const std::string& bytes) {
  const std::size_t space = bytes.find(' ');
  const auto length = static_cast<std::size_t>(parse_whole(args_.app, "fragments", bytes.substr(0, space)));
  if (space == std::string::npos || length > bytes.size() - space - 1)
    fail("clip " + job_.in.string(),
         "the state of its fragments is damaged; delete the folder of fragments beside the output");
  filter_.set_state(bytes.substr(space + 1, length));
  blend_state_ = bytes.substr(space + 1 + length);
}

void ClipConversion::report(std::int64_t done) {
  const auto seconds = [](Clock::duration d) { return std::chrono::duration<double>(d).count(); };
  const double rate = static_cast<double>(done - skipped_) / std::max(seconds(Clock::now() - begun_), 1e-6);
  const bool due = style_ == Progress::Style::plain && seconds(Clock::now() - reported_) >= kReportSeconds;
  if (due) reported_ = Clock::now();
  const std::int64_t left = std::max<std::int64_t>(reader_->info().frames - done, 0);
  screen_.done(
      due ? fmt::format("frames, {:.1f} a second, {:.0f} s left", rate, static_cast<double>(left) / rate)
          : "");
  screen_.working(fmt::format("{:.1f} frames a second", rate));
}

bool ClipConversion::run() {
  for (const std::string& remark : reader_->info().remarks)
    screen_.complain(fmt::format("warning: [clip {}] {}", job_.in.string(), remark));
  // The first frame says how large drawings are. A run that goes on draws it once more, before the
  // state is taken up.
  std::unique_ptr<video::ClipReader> probe = video::open_clip(job_.in, read_options());
  video::Frame first;
  probe->next(first);
  Photo drawing = filter_.apply(to_photo(first, probe->info().depth), true);
  if (!args_.compare.empty())
    drawing =
        beside(resize_photo(to_photo(first, probe->info().depth), drawing.width, drawing.height), drawing);
  probe.reset();
  video::ClipWriter writer(job_.out, spec(drawing), clip_key(args_, job_));
  if (writer.frames() > 0) take_state(writer.state());
  skip_to(writer.frames());
  std::optional<Ahead> now = next();
  while (now && !stop_requested) {
    std::future<std::optional<Ahead>> following = std::async(std::launch::async, [this] { return next(); });
    drawing = draw(*now);
    video::Frame result{drawing.width,  drawing.height,     std::move(drawing.rgb), std::move(drawing.alpha),
                        now->frame.pts, now->frame.duration};
    writer.write(result, now->motion.cut);
    now = following.get();
    if (writer.frames() % kFragment == 0) writer.checkpoint(state());
    report(writer.frames());
  }
  if (stop_requested) {
    screen_.complain(fmt::format("{}: stopped; the same call continues at frame {}", job_.out.string(),
                                 writer.frames() / kFragment * kFragment + 1));
    return false;
  }
  for (const std::string& remark : writer.finish())
    screen_.complain(fmt::format("warning: [clip {}] {}", job_.in.string(), remark));
  if (reader_->dropped() > 0)
    screen_.complain(fmt::format("warning: [clip {}] {} damaged packets or frames were left out",
                                 job_.in.string(), reader_->dropped()));
  if (!args_.screen.quiet)
    screen_.finish(fmt::format("{}: {} frames of {}x{}, {:.1f} s", job_.out.string(), writer.frames(),
                               drawing.width, drawing.height,
                               std::chrono::duration<double>(Clock::now() - begun_).count()));
  return true;
}

Image8 preview_image(const Photo& photo) {
  Image8 image(photo.width, photo.height, 3);
  for (std::size_t i = 0; i < image.data.size(); ++i)
    image.data[i] = static_cast<std::uint8_t>((photo.rgb[i] + 128) / 257);
  return image;
}

// Frames from all over the clip, drawn each by itself.
void write_preview(const ConvertArguments& args, ClipFilter& filter, const ClipJob& job,
                   const fs::path& sheet) {
  video::ReadOptions options = args.clip.range;
  options.max_size = args.max_size > 0 ? static_cast<int>(args.max_size) : 640;
  const double seconds = video::open_clip(job.in, options)->info().seconds;
  std::vector<LabeledImage> cells;
  for (std::int64_t i = 0; i < args.clip.preview; ++i) {
    video::ReadOptions at = options;
    at.start += seconds * (static_cast<double>(i) + 0.5) / static_cast<double>(args.clip.preview);
    const auto reader = video::open_clip(job.in, at);
    video::Frame frame;
    if (!reader->next(frame)) continue;
    cells.push_back(
        {fmt::format("{:.1f} s", at.start), preview_image(filter.apply(to_photo(frame, 8), true))});
    if (seconds <= 0) break;
  }
  if (sheet.has_parent_path()) fs::create_directories(sheet.parent_path());
  save_image(sheet, make_labeled_sheet(cells));
  if (!args.screen.quiet) fmt::print("{}: {} frames\n", sheet.string(), cells.size());
}

void check_arguments(const ConvertArguments& args, const std::vector<ClipJob>& jobs) {
  const auto refuse = [&](const char* option, const char* why) {
    if (args.app->count(option) > 0)
      throw UsageError(command_name(args.app), fmt::format("{} {}", option, why));
  };
  refuse("--mask", "is for images; leave it out for a clip");
  refuse("--sheet", "is for images; --preview 6 shows frames of a clip");
  refuse("--format", "is for images; name the clip (drawn.mp4), or frames/%06d.png for frames");
  for (const ClipJob& job : jobs) {
    if (args.clip.preview > 0 && has_writable_extension(job.out) && !video::is_frame_pattern(job.out))
      continue;
    video::ClipSpec spec;
    spec.format = job.format();
    spec.codec = args.clip.codec;
    spec.crf = static_cast<int>(args.clip.crf);
    video::check_clip(job.out, spec);
  }
}

bool convert_one(ConvertArguments& args, Progress::Style style, const ClipJob& job) {
  const std::unique_ptr<ClipFilter> filter =
      clip_filter(args, [](const std::string& line) { fmt::print(stderr, "sumi: {}\n", printable(line)); });
  const bool sheet_alone =
      has_writable_extension(job.out) && !video::is_frame_pattern(job.out) && !video::container_of(job.out);
  if (args.clip.preview > 0) {
    fs::path sheet = job.out;
    if (!sheet_alone) sheet.replace_extension(".preview.png");
    write_preview(args, *filter, job, sheet);
    if (sheet_alone) return true;
  }
  return ClipConversion(args, *filter, style, job).run();
}

// Returns true for an image, as far as the name and the number of its frames say.
bool is_still(const std::string& path) {
  return has_writable_extension(path) && !video::is_animation(path);
}

// Every frame takes and returns the same blocks of megabytes. Given back to the system, they would
// come back page by page, which is a tenth of the time.
void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kKept = 1 << 28;  // bytes
  mallopt(M_MMAP_THRESHOLD, kKept);
  mallopt(M_TRIM_THRESHOLD, kKept);
#endif
}

}  // namespace

bool is_clip_call(const ConvertArguments& args) {
  const std::vector<std::string>& inputs = args.request.inputs;
  const fs::path output = args.request.output;
  if (video::is_frame_pattern(output)) return true;
  std::error_code error;
  const bool to_folder = fs::is_directory(output, error) || args.request.output.ends_with('/');
  if (std::any_of(inputs.begin(), inputs.end(), video::has_clip_extension)) return true;
  // Animations keep all their frames, unless they become images of another format.
  if (to_folder)
    return args.request.format.empty() && !inputs.empty() &&
           std::all_of(inputs.begin(), inputs.end(), video::is_animation);
  const std::string extension = io::extension_of(output);
  if (extension == ".png")
    return inputs.size() == 1 && io::extension_of(inputs[0]) == ".png" && video::is_animation(inputs[0]);
  if (!video::container_of(output)) return false;
  // .webp may be one image: a clip if the input is one.
  if (!has_writable_extension(output)) return !std::all_of(inputs.begin(), inputs.end(), is_still);
  return std::any_of(inputs.begin(), inputs.end(), [&](const std::string& input) {
    return video::is_animation(input) || io::extension_of(input) == ".gif" || fs::is_directory(input, error);
  });
}

int convert_clips(ConvertArguments& args) {
  const std::vector<ClipJob> jobs = plan_clips(args);
  check_arguments(args, jobs);
  if (args.dry_run) {
    for (const ClipJob& job : jobs) fmt::print("{} -> {}\n", job.in.string(), job.out.string());
    return 0;
  }
  args.machine.apply();
  keep_freed_memory();
  catch_signals("finishing this frame");
  const auto style = Progress::style_for(args.screen.quiet, args.screen.no_progress);
  bool all_well = true;
  for (const ClipJob& job : jobs) {
    std::error_code error;
    if (args.request.skip_existing && fs::exists(job.out, error)) continue;
    try {
      if (!convert_one(args, style, job)) return 128 + caught_signal();
    } catch (const std::bad_alloc&) {
      fmt::print(stderr, "sumi: [memory] out of memory; shrink the clip with --max-size\n");
      all_well = false;
    } catch (const Error& reason) {  // one clip must not end the others
      fmt::print(stderr, "sumi: {}\n", printable(reason.what()));
      all_well = false;
    }
  }
  return all_well ? 0 : kFailed;
}

}  // namespace sumi::cli
