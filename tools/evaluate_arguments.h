// Arguments of sumi evaluate.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/cli/cli.h"
#include "tools/cli/runtime_options.h"

namespace sumi::cli {

struct EvaluateArguments {
  CLI::App* app = nullptr;
  // A clip.
  std::string clip, source, against, start = "0";
  std::int64_t frames = 0;
  // A model or images.
  std::string model, net_key, images, data, held_out, direction, features = "builtin", pools, cache;
  std::string sheet, human_sheet, seed = "0";
  std::vector<std::string> votes;
  std::int64_t count = 1000, size = 0, pairs = 40;
  RuntimeOptions machine;
  bool raw = false, json = false;
};

// The three kinds of evaluation; each returns the exit code.
int evaluate_clip(const EvaluateArguments& args);
int evaluate_images(const EvaluateArguments& args);
int evaluate_votes(const EvaluateArguments& args);

}  // namespace sumi::cli
