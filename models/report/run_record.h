// A run directory as data for a report. Reads files only; damaged lines are skipped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace sumi {

// The state of a run as shown in its report: "running", "done" or "stopped".
struct RunRecord {
  // A sample sheet as a file that browsers show, PNG or JPEG.
  struct Sheet {
    std::int64_t step = 0;
    int width = 0, height = 0;
    std::string type, bytes;  // "image/png"
  };
  struct Checkpoint {
    std::int64_t step = 0;  // -1 for a file of --save-every-epoch
    std::string name;
    std::uintmax_t bytes = 0;
  };

  std::string name, model, state;
  std::int64_t step = 0, steps = 0;  // steps: 0 if --epochs sets the length
  double seconds = 0;
  // The values of stats.jsonl by name; null where a line lacks one or it is not finite.
  std::vector<std::pair<std::string, std::vector<nlohmann::ordered_json>>> columns;
  std::int64_t best = -1;   // step of the best checkpoint (best.json); -1 without one
  std::string best_metric;  // "fd"
  double best_value = 0;
  nlohmann::ordered_json options, defaults;  // objects; defaults are empty for an unknown model
  std::vector<std::string> messages;         // warnings and notes of log.txt, each once
  std::vector<std::string> log;              // the last lines
  std::vector<Sheet> sheets;                 // by step
  std::vector<Checkpoint> checkpoints;       // by step
};

// `sheet_bytes`: budget for all sheets. Samples are thinned evenly and shrunk to meet it; the first
// and the last remain. Throws Error "[run PATH] ..." if the folder holds no run.
RunRecord read_run(const std::filesystem::path& run, std::size_t sheet_bytes);

}  // namespace sumi
