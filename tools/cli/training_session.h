// One training session on the terminal: progress, signals, and advice on the next command.
#pragma once

#include <functional>
#include <string>

#include "models/training/trainer.h"
#include "tools/cli/cli.h"

namespace sumi::cli {

// Verbosity.
struct Output {
  bool quiet = false, no_progress = false;
  void add(CLI::App& app);
};

// Runs `work`, a call of train() or resume(), under the signal handlers. Returns the exit code: 0,
// or 128 plus the signal that stopped it.
int supervise(const Output& output, const std::string& outdir,
              const std::function<TrainResult(TrainingObserver&)>& work);

}  // namespace sumi::cli
