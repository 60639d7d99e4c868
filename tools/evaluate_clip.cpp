// sumi evaluate --clip: how steady a drawn clip is.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "engine/image/photo.h"
#include "engine/runtime/device.h"
#include "engine/video/clip.h"
#include "engine/video/coherence.h"
#include "tools/clip_options.h"
#include "tools/evaluate_arguments.h"

namespace sumi::cli {
namespace {

struct Track {
  std::string path;
  std::unique_ptr<video::ClipReader> reader;
  video::Frame frame;
  double unit() const { return reader->info().time_base.value(); }
  double seconds() const { return static_cast<double>(frame.pts) * unit(); }
};

Track open_track(const std::string& path, double start = 0) {
  video::ReadOptions options;
  options.start = start;
  return {path, video::open_clip(path, options), {}};
}

// The source's frame at the size of the drawn clip.
void fit(video::Frame& frame, int width, int height) {
  if (frame.width == width && frame.height == height) return;
  Photo photo;
  photo.width = std::exchange(frame.width, width);
  photo.height = std::exchange(frame.height, height);
  photo.rgb = std::move(frame.rgb);
  frame.rgb = resize_photo(photo, width, height).rgb;
}

// Advances all clips by a frame; false at the end. Throws where they do not belong together.
bool advance(Track& source, std::vector<Track>& drawn) {
  const bool more = source.reader->next(source.frame);
  for (Track& track : drawn) {
    const bool has = track.reader->next(track.frame);
    if (has != more)
      fail("clip " + (has ? source : track).path,
           "has fewer frames than the other one; give the clip that was drawn, or --frames");
    if (!more) continue;
    const double interval = static_cast<double>(source.frame.duration) * source.unit();
    if (std::abs(track.seconds() - source.seconds()) > std::max(0.5 * interval, 0.02))
      fail("clip " + track.path,
           fmt::format("shows at {:.2f} s what the source shows at {:.2f} s; both need the same frames",
                       track.seconds(), source.seconds()));
  }
  return more;
}

void print_table(const std::vector<std::string>& names, const std::vector<video::Coherence>& rows) {
  fmt::print("{:18}{:>14}{:>12}{:>10}\n", "", "warping error", "sharpness", "change");
  for (std::size_t i = 0; i < rows.size(); ++i)
    fmt::print("{:18}{:14.2f}{:12.1f}{:10.2f}\n", names[i], rows[i].warping_error, rows[i].sharpness,
               rows[i].change);
  if (rows.size() > 2)
    fmt::print("{:18}{:14.2f}{:12.2f}{:10.2f}\n", "of frame by frame",
               rows[1].warping_error / rows[2].warping_error, rows[1].sharpness / rows[2].sharpness,
               rows[1].change / rows[2].change);
  fmt::print("change of the source's: {:.2f}\n", rows[1].change / rows[0].change);
}

void print_json(const std::vector<std::string>& names, const std::vector<video::Coherence>& rows,
                const video::CoherenceMeter& meter) {
  nlohmann::ordered_json json;
  for (std::size_t i = 0; i < rows.size(); ++i)
    json[names[i]] = {{"warping_error", rows[i].warping_error},
                      {"sharpness", rows[i].sharpness},
                      {"change", rows[i].change}};
  json["frames"] = meter.frames();
  json["cuts"] = meter.cuts();
  fmt::print("{}\n", json.dump(2));
}

}  // namespace

int evaluate_clip(const EvaluateArguments& args) {
  require_text(args.app, "--clip", args.clip, "--clip takes the drawn clip");
  require_text(args.app, "--source", args.source, "--source takes the clip that was drawn");
  if (args.frames < 0 || args.frames == 1)
    throw UsageError(command_name(args.app), "--frames wants 0 (all) or a number from 2 on");
  args.machine.check();
  set_threads(static_cast<int>(args.machine.threads));
  Track source = open_track(args.source, parse_time(args.app, "--start", args.start));
  std::vector<Track> drawn;
  drawn.push_back(open_track(args.clip));
  if (!args.against.empty()) drawn.push_back(open_track(args.against));
  video::CoherenceMeter meter(static_cast<int>(drawn.size()));
  std::vector<video::Frame> frames(drawn.size());
  while ((args.frames == 0 || meter.frames() < args.frames) && advance(source, drawn)) {
    for (std::size_t i = 0; i < drawn.size(); ++i) std::swap(frames[i], drawn[i].frame);
    fit(source.frame, frames[0].width, frames[0].height);
    meter.add(source.frame, frames);
  }
  const std::vector<video::Coherence> rows = meter.results();
  const std::vector<std::string> names{"source", "drawn", "frame by frame"};
  if (args.json) return print_json(names, rows, meter), 0;
  fmt::print("{} of {}: {} frames of {}x{}, {} cuts\n", args.clip, args.source, meter.frames(),
             frames[0].width, frames[0].height, meter.cuts());
  print_table(names, rows);
  return 0;
}

}  // namespace sumi::cli
