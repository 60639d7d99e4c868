// The command line of sumi convert.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tools/cli/cli.h"
#include "tools/cli/runtime_options.h"
#include "tools/cli/training_session.h"
#include "tools/clip_options.h"
#include "tools/comic_arguments.h"
#include "tools/convert_jobs.h"
#include "tools/convert_pipeline.h"
#include "tools/network_arguments.h"
#include "tools/style_options.h"

namespace sumi::cli {

struct ConvertArguments {
  CLI::App* app = nullptr;
  std::string gate = "auto";
  ConvertRequest request;
  std::string model, net_key, direction, gpu, compare, memory = "0", jobs;
  std::int64_t quality = 95, max_size = 0;
  std::uint64_t max_memory = 0;  // bytes; 0: available memory
  bool raw = false, strip = false, dry_run = false, json = false;
  bool tta = false, keep_color = false, match_brightness = false, judge = false;
  ConvertThreads threads;
  std::int64_t tile = 0;                      // side of tiles in pixels; 0: chosen
  std::string tile_statistics;                // auto, exact, sampled; "": auto
  bool recursive = false, overwrite = false;  // the default behavior
  StyleArguments style;
  ComicArguments comic;
  ClipArguments clip;
  NetworkArguments imported;
  RuntimeOptions machine;
  Output screen;

  void add_options(CLI::App& parent_command);
  // The options of a command that draws images before it does something else with them (comic,
  // animate): style, model, direction, machine, output. `model_help` is the text of --model.
  void add_drawing_options(CLI::App& command, const char* model_help);
  // UsageError for what is missing or cannot be; brings the values into their final form.
  void check();
  // Whether an image is read from standard input, or written to standard output.
  bool reads_stdin() const;
  bool writes_stdout() const { return request.output == kStandardStream; }
  // The name whose extension is the format of a result: `out`, unless that is standard output.
  std::filesystem::path result_name(const std::filesystem::path& out) const;
  // The first direction of the model where none was given; UsageError for one that is not among the
  // model's. A model without directions says so itself.
  void choose_direction(const std::vector<std::string>& known);

 private:
  void check_streams() const;
  void check_compare();
  void check_format();
  void check_threads();
};

}  // namespace sumi::cli
