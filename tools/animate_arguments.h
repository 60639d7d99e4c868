// The command line of sumi animate.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/animate/camera.h"
#include "engine/video/clip.h"
#include "tools/convert_options.h"

namespace sumi::cli {

// --flow MASK:ANGLE:SPEED.
struct FlowArgument {
  std::filesystem::path mask;
  double degrees = 0, speed = 0;  // speed: parts of the width in a second
};

struct AnimateArguments {
  CLI::App* app = nullptr;
  std::vector<std::string> inputs;
  std::string output, format = "mp4", codec = "auto";
  std::string seconds = "4", fps = "12", boil_rate = "8", boil_amount = "1", seed = "0";
  std::string motion = "zoom", motion_amount = "1", parallax = "1", layers = "none", depth;
  std::string hands = "auto";
  std::vector<std::string> flows;
  std::int64_t boil = 4, size = 960, crf = -1, quality = 90;
  bool one_way = false;
  ConvertArguments drawing;  // style or model, gate, machine, verbosity

  // In their final form, by check().
  animate::CameraOptions camera;
  video::Rational rate;
  double duration = 0, moments_rate = 0, amount = 0;
  int frames = 0;
  std::uint64_t random_seed = 0;
  int most_hands = 1;  // that draw lines in turn
  bool drawn = false;  // --style none: the images are drawings
  std::vector<std::filesystem::path> masks;
  std::vector<FlowArgument> regions;

  void add_options(CLI::App& command);
  // Brings the values into their final form. Throws UsageError for what is missing or out of range.
  void check();
  // The clip of an input.
  std::filesystem::path target(const std::filesystem::path& input) const;
};

}  // namespace sumi::cli
