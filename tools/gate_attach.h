// sumi gate --attach: a classifier becomes the gate of a checkpoint.
#pragma once

#include <string>
#include <vector>

#include "tools/cli/cli.h"

namespace sumi::cli {

// The command line of sumi gate.
struct GateArguments {
  CLI::App* app = nullptr;
  std::string model, attach, classes = "photo,drawing,other", calibrate, output, cache;
  std::vector<std::string> inputs;
  bool json = false, quiet = false;
};

// Makes the gate of `args.attach`, calibrates it if `args.calibrate` is given, and writes
// `args.output`. Returns the exit code. Throws UsageError for arguments that do not fit, and the
// errors of gate_of_classifier() and attach_gate().
int run_attach(const GateArguments& args);

}  // namespace sumi::cli
