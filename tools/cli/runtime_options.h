// Where and how a trained network runs: the options that generate and convert share.
#pragma once

#include <cstdint>
#include <string>

#include "tools/cli/cli.h"

namespace sumi::cli {

struct RuntimeOptions {
  std::string device, precision;  // "": what the model was trained on, and in
  std::string kernels = "auto", plan;
  std::int64_t threads = 0;
  bool exact = false;

  void add(CLI::App& app);
  // UsageError for what cannot be; then sets this thread's engine up.
  void check() const;
  void apply() const;

 private:
  const CLI::App* app_ = nullptr;
};

}  // namespace sumi::cli
