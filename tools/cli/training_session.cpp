#include "tools/cli/training_session.h"

#include <fmt/format.h>

#include "engine/error.h"
#include "tools/cli/progress.h"
#include "tools/cli/signals.h"

namespace sumi::cli {

void Output::add(CLI::App& app) {
  add_quiet(app, quiet);
  app.add_flag("--no-progress,--no_progress", no_progress, "plain lines even on a terminal")
      ->group("Output verbosity");
}

int supervise(const Output& output, const std::string& outdir,
              const std::function<TrainResult(TrainingObserver&)>& work) {
  catch_signals("stopping when the work in hand is done");  // afterwards as Progress says
  const bool quiet = output.quiet;
  TrainResult result;
  try {
    Progress progress(Progress::style_for(quiet, output.no_progress));
    result = work(progress);
  } catch (const Interrupted&) {
    // Interrupted before anything could be saved.
    fmt::print(stderr, "sumi: interrupted before the first step\n");
    return 128 + caught_signal();
  }
  if (result.interrupted) {
    fmt::print("saved {}\ncontinue with: sumi train --resume {}\n", result.checkpoint.string(),
               shell_quote(outdir));
    return 128 + caught_signal();
  }
  if (!quiet)
    fmt::print("saved {}\n{} {} {}\n", result.checkpoint.string(),
               result.translates   ? "convert with: sumi convert -m"
               : result.classifies ? "measure with: sumi distance --feature-network"
                                   : "generate with: sumi generate -m",
               shell_quote(outdir),
               result.translates   ? "-i IMAGE -o OUT.png"
               : result.classifies ? "-a REAL -b DRAWN"
                                   : "-o sheet.png");
  return 0;
}

}  // namespace sumi::cli
