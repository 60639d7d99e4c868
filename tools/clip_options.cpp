#include "tools/clip_options.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "engine/video/containers.h"

namespace sumi::cli {
namespace {

constexpr double kMostSeconds = 1e6, kMostRate = 1000;
constexpr std::int64_t kMostPreviews = 100;
constexpr double kMostShare = 0.98;

// "12", "29.97" or "30000/1001".
video::Rational parse_rate(const CLI::App* app, const std::string& text) {
  const std::size_t slash = text.find('/');
  const double over = parse_number(app, "--fps", text.substr(0, slash));
  const double under = slash == std::string::npos ? 1 : parse_number(app, "--fps", text.substr(slash + 1));
  if (!(over > 0 && under > 0 && over / under >= 0.01 && over / under <= kMostRate && over <= 1e6 &&
        under <= 1e6))
    throw UsageError(command_name(app),
                     fmt::format("--fps {} is out of range; give frames a second from 0.01 to 1000", text));
  const auto num = static_cast<std::int64_t>(std::llround(over * 1000)),
             den = static_cast<std::int64_t>(std::llround(under * 1000));
  const std::int64_t common = std::gcd(num, den);
  if (common == 0 || den == 0)
    throw UsageError(
        command_name(app),
        fmt::format("--fps {} is not a frame rate; give a number such as 12, 29.97 or 30000/1001", text));
  return {static_cast<int>(num / common), static_cast<int>(den / common)};
}

}  // namespace

double parse_time(const CLI::App* app, const std::string& option, const std::string& text) {
  double seconds = 0;
  std::size_t begin = 0;
  for (int part = 0; part < 3; ++part) {
    const std::size_t end = text.find(':', begin);
    const double value = parse_number(app, option, text.substr(begin, end - begin));
    if (!(value >= 0 && value <= kMostSeconds) || (begin > 0 && value >= 60)) break;
    seconds = seconds * 60 + value;
    if (end == std::string::npos) return seconds;
    begin = end + 1;
  }
  throw UsageError(command_name(app),
                   fmt::format("{} {} is not a time; give seconds (90.5) or minutes (1:30.5)", option, text));
}

void ClipArguments::add_options(CLI::App& command) {
  add_text(command, "--start", start, "TIME", "of a clip: begin here, in seconds or 1:30.5 (0)")
      ->group("Clips");
  add_text(command, "--end", end, "TIME", "of a clip: end here (default: its end)")->group("Clips");
  add_text(command, "--fps", fps, "N", "constant frame rate (default: every frame at its own time)")
      ->group("Clips");
  add_text(command, "--codec", codec, "NAME",
           fmt::format("{} (auto: the default of the file's format)", video::codec_names()))
      ->group("Clips");
  add_whole(command, "--crf", crf, "N",
            "quality, lower is better (default: 18 for h264, 20 for hevc, 28 for vp9 and av1)")
      ->group("Clips");
  command.add_flag("--no-audio,--no_audio", no_audio, "omit the sound")->group("Clips");
  add_whole(command, "--preview", preview, "N",
            "first write a sheet of N frames, NAME.preview.png; only the sheet if the output is an image")
      ->group("Clips");
  add_text(command, "--temporal", temporal, "X",
           "how much of the drawing before is kept along the motion, against flicker: 0 to 0.98 (default: "
           "the style's own)")
      ->group("Clips");
}

void ClipArguments::check(const CLI::App* app) {
  range.start = parse_time(app, "--start", start);
  if (!end.empty()) range.end = parse_time(app, "--end", end);
  if (!end.empty() && range.end <= range.start)
    throw UsageError(command_name(app), fmt::format("--end {} must be later than --start {}", end, start));
  if (!fps.empty()) range.fps = parse_rate(app, fps);
  if (!temporal.empty()) share = parse_number(app, "--temporal", temporal, 0, kMostShare);
  if (app->count("--crf") > 0) check_range(app, "--crf", crf, 0, 63);
  check_range(app, "--preview", preview, 0, kMostPreviews);
  if (codec != "auto" && codec != "ffv1" && video::crf_range(codec).most == 0)
    throw UsageError(command_name(app),
                     fmt::format("--codec {} is unknown; use {}", codec, video::codec_names()));
}

void ClipArguments::refuse(const CLI::App* app) const {
  for (const char* option :
       {"--start", "--end", "--fps", "--codec", "--crf", "--no-audio", "--preview", "--temporal"})
    if (app->count(option) > 0)
      throw UsageError(command_name(app),
                       fmt::format("{} is for clips, but the input is images; leave it out", option));
}

}  // namespace sumi::cli
