#include "tools/animate_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>

#include "engine/image/stylize/lines.h"
#include "engine/video/clip_writer.h"
#include "engine/video/containers.h"
#include "tools/cli/number_rows.h"

namespace sumi::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kMostFrames = 36'000;
constexpr std::size_t kMostLayers = 3, kMostRegions = 8;

const NumberRow<AnimateArguments> kStillNumbers[] = {
    {"--seconds", &AnimateArguments::seconds, "N", 0.1, 600, "Clip", "length of the clip"},
    {"--fps", &AnimateArguments::fps, "N", 1, 60, "Clip", "frames a second"},
    {"--motion-amount", &AnimateArguments::motion_amount, "X", 0, 3, "Camera",
     "distance that the camera moves (1: normal, 0: none)"},
    {"--parallax", &AnimateArguments::parallax, "PERCENT", 0, 100 * animate::kMostParallax, "Layers",
     "largest displacement of the nearest layer, in percent of the shorter side"},
    {"--boil-rate", &AnimateArguments::boil_rate, "N", 0.1, 60, "Lines", "drawings of the lines per second"},
    {"--boil-amount", &AnimateArguments::boil_amount, "X", 0, 4, "Lines",
     "distance that lines move (1: as redrawn by hand, 0: none)"},
};

const CountRow<AnimateArguments> kStillCounts[] = {
    {"--size", &AnimateArguments::size, "PX", 16, 4096, "Clip",
     "long side of the frames; images are never enlarged"},
    {"--boil", &AnimateArguments::boil, "K", 1, 16, "Lines",
     "drawings of the lines that alternate (1: the lines stand still)"},
    {"--crf", &AnimateArguments::crf, "N", -1, 63, "Clip",
     "quality of video, lower is better (-1: the codec's default)"},
    {"--quality", &AnimateArguments::quality, "N", 1, 100, "Clip", "quality of webp"},
};

FlowArgument parse_flow(const CLI::App* app, const std::string& text) {
  const std::size_t second = text.rfind(':');
  const std::size_t first =
      second == std::string::npos || second == 0 ? std::string::npos : text.rfind(':', second - 1);
  if (first == std::string::npos || first == 0)
    throw UsageError(
        command_name(app),
        fmt::format("--flow {} is incomplete; give MASK:ANGLE:SPEED, such as water.png:180:3", text));
  FlowArgument flow;
  flow.mask = text.substr(0, first);
  flow.degrees = parse_number(app, "--flow", text.substr(first + 1, second - first - 1));
  flow.speed = parse_number(app, "--flow", text.substr(second + 1)) / 100;
  if (!(std::fabs(flow.degrees) <= 360))
    throw UsageError(
        command_name(app),
        fmt::format("--flow {}: the angle is out of range; give degrees from -360 to 360", text));
  if (!(flow.speed >= 0 && flow.speed <= 0.5))
    throw UsageError(
        command_name(app),
        fmt::format("--flow {}: the speed is out of range; give 0 to 50, in percent of the width per second",
                    text));
  return flow;
}

video::Rational rate_of(double fps) {
  const auto thousandths = static_cast<int>(std::lround(fps * 1000));
  const int common = std::gcd(thousandths, 1000);
  return {thousandths / common, 1000 / common};
}

std::vector<fs::path> split_masks(const std::string& list) {
  std::vector<fs::path> masks;
  std::istringstream words(list);
  for (std::string word; std::getline(words, word, ',');)
    if (!word.empty()) masks.emplace_back(word);
  return masks;
}

}  // namespace

void AnimateArguments::add_options(CLI::App& command) {
  app = &command;
  set_help(command, "animate -i FILE... -o CLIP|DIR [--style NAME | -m MODEL] [options]",
           "  sumi animate -i photo.jpg -o living.mp4                         drawn in ink, slow zoom, "
           "redrawn lines\n"
           "  sumi animate -i photo.jpg -o living.gif --motion none --size 480   only the lines move\n"
           "  sumi animate -i photo.jpg -o living.webm -m comic -n manga --motion pan --layers auto\n"
           "  sumi animate -i drawing.png -o living.webp --style none         a drawing moves as it is\n"
           "  sumi animate -i river.jpg -o river.mp4 --flow water.png:180:3   the water flows to the left\n",
           "Camera, layers and lines move; faces do not. The clip loops. With --motion none, pixels away "
           "from lines are bit-identical in all frames.");
  command.add_option("-i,--input", inputs, "images")->type_name("FILE")->group("Clip");
  add_text(command, "-o,--output", output, "FILE|DIR",
           fmt::format("{}; a pattern of frames (frames/%06d.png); or a folder for several images",
                       video::container_names()))
      ->group("Clip");
  add_text(command, "-f,--format", format, "TYPE",
           "format of clips in a folder: mp4, webm, gif, webp, apng, ...")
      ->default_str(format)
      ->group("Clip");
  add_text(command, "--motion", motion, fmt::format("{}", fmt::join(animate::motion_names(), "|")),
           "path of the camera: zoom in and out, pan sideways and back, orbit around, or shake as hand-held")
      ->default_str(motion)
      ->group("Camera");
  command.add_flag("--one-way", one_way, "zoom and pan go one way, and the clip does not loop")
      ->group("Camera");
  add_text(command, "--layers", layers, "none|auto|alpha|FILE,...",
           "near layers: the detected subject, the opaque part, or masks (white is near), the nearest first")
      ->default_str(layers)
      ->group("Layers");
  add_text(command, "--depth", depth, "FILE", "depth of each pixel instead of layers (white is near)")
      ->group("Layers");
  command
      .add_option("--flow", flows,
                  "the white region of MASK flows toward ANGLE (0 right, 90 up), by SPEED percent of the "
                  "width per second")
      ->type_name("MASK:ANGLE:SPEED")
      ->group("Layers");
  add_rows(command, *this, kStillNumbers);
  add_rows(command, *this, kStillCounts);
  add_text(command, "--hands", hands, "auto|N",
           "hands that redraw the lines in turn, each with a pen of its own (auto: 1, the still's own, "
           "which looks best)")
      ->group("Lines");
  add_text(command, "--codec", codec, "NAME",
           fmt::format("{} (auto: the default of the file's format)", video::codec_names()))
      ->group("Clip");
  add_text(command, "--seed", seed, "N", "seed of all random numbers")->default_str("0")->group("Lines");
  drawing.add_drawing_options(
      command,
      "draw with a trained model, or an ONNX or ncnn network of another program (without "
      "it and without --style: comic)");
  drawing.imported.add_options(command);
  add_text(
      command, "--gate", drawing.gate, "auto|off",
      "auto: images that are in the style already, by the model's gate, move as they are; off: all are drawn")
      ->default_str("auto")
      ->group("Model");
}

void AnimateArguments::check() {
  const std::string name = command_name(app);
  drawn = drawing.style.name == "none";
  const bool styled = !drawing.style.name.empty() || !drawing.style.set.empty();
  if (drawn && !drawing.model.empty())
    throw UsageError(
        name, "--style none and --model exclude each other: none moves a drawing as it is; leave one out");
  if (!styled && drawing.model.empty()) drawing.model = "comic";
  if (!drawn) {
    drawing.style.check(app, drawing.model);
    drawing.comic.check(app);
    if (drawing.model.empty()) drawing.comic.refuse(app);
  }
  if (drawing.model.empty() && (!drawing.direction.empty() || drawing.raw))
    throw UsageError(
        name, fmt::format("{} is for models; give one with -m", drawing.raw ? "--no-ema" : "--direction"));
  if (drawing.gate != "auto" && drawing.gate != "off")
    throw UsageError(name, fmt::format("--gate {} is unknown; use auto or off", drawing.gate));
  drawing.imported.check(app, drawing.model, inputs);
  drawing.machine.check();
  if (inputs.empty()) throw UsageError(name, "--input is missing: -i takes images");
  require_text(app, "--output", output, "-o takes the name of a clip, such as living.mp4");
  const auto [length, frame_rate, motion_share, parallax_percent, moments, line_share] =
      numbers_of(app, *this, kStillNumbers);
  check_rows(app, *this, kStillCounts);
  duration = length;
  rate = rate_of(frame_rate);
  frames = std::max(static_cast<int>(std::lround(duration * rate.value())), 1);
  if (frames > kMostFrames)
    throw UsageError(
        name,
        fmt::format("--seconds {} and --fps {} make {} frames, at most {} are allowed; lower one of them",
                    seconds, fps, frames, kMostFrames));
  moments_rate = moments;
  amount = line_share;
  if (hands != "auto") {
    const std::int64_t count = parse_whole(app, "--hands", hands);
    if (count < 1 || count > stylize::kLineHands)
      throw UsageError(name, fmt::format("--hands {} is out of range; give auto, or a number from 1 to {}",
                                         hands, stylize::kLineHands));
    most_hands = static_cast<int>(count);
  }
  random_seed = parse_seed(app, "--seed", seed);
  const auto& motions = animate::motion_names();
  const auto found = std::find(motions.begin(), motions.end(), motion);
  if (found == motions.end())
    throw UsageError(name, fmt::format("--motion {} is unknown; use {}", motion, fmt::join(motions, ", ")));
  camera.motion = static_cast<animate::Motion>(found - motions.begin());
  camera.amount = motion_share;
  camera.loop = !one_way;
  camera.seed = random_seed;
  const bool layered = layers != "none" || !depth.empty();
  camera.parallax = layered ? parallax_percent / 100 : 0;
  if (layers != "none" && !depth.empty())
    throw UsageError(name, "--layers and --depth exclude each other; leave one out");
  if (layers != "none" && layers != "auto" && layers != "alpha") masks = split_masks(layers);
  if (masks.size() >= kMostLayers)
    throw UsageError(name, fmt::format("--layers {} has {} masks; give one or two", layers, masks.size()));
  if (flows.size() > kMostRegions)
    throw UsageError(
        name, fmt::format("--flow is given {} times; give it at most {} times", flows.size(), kMostRegions));
  for (const std::string& text : flows) regions.push_back(parse_flow(app, text));
  video::ClipSpec spec;
  spec.codec = codec;
  spec.crf = static_cast<int>(crf);
  for (const std::string& input : inputs) video::check_clip(target(input), spec);
}

fs::path AnimateArguments::target(const fs::path& input) const {
  std::error_code error;
  const bool folder = inputs.size() > 1 || output.ends_with('/') || fs::is_directory(output, error);
  if (!folder) return output;
  const fs::path path = fs::path(output) / (input.stem().string() + "." + format);
  if (!video::container_of(path))
    throw UsageError(command_name(app), fmt::format("--format {} is not a format of clips; use {}", format,
                                                    video::container_names()));
  return path;
}

}  // namespace sumi::cli
