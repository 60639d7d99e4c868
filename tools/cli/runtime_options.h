// Device and arithmetic of a trained network: options shared by several commands.
#pragma once

#include <cstdint>
#include <string>

#include "tools/cli/cli.h"

namespace sumi::cli {

struct RuntimeOptions {
  std::string device, precision;  // "": as in training
  std::string conv_backend = "auto", plan;
  std::int64_t threads = 0;
  bool exact = false;

  void add(CLI::App& app);
  // check() throws UsageError for invalid values; apply() configures this thread's engine.
  void check() const;
  void apply() const;

 private:
  const CLI::App* app_ = nullptr;
};

}  // namespace sumi::cli
