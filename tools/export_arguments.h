// Options of sumi export.
#pragma once

#include <memory>
#include <string>

#include "models/export/export_format.h"
#include "tools/cli/cli.h"

namespace sumi::cli {

struct ExportArguments {
  CLI::App* app = nullptr;
  std::string model, net, format, layout = "torch", precision = "f32", output, license, examples;
  std::int64_t opset = 0;
  bool ema = false, simplify = false, quiet = false;
};

// Adds the options to the subcommand.
void add_export_options(CLI::App& app, const std::shared_ptr<ExportArguments>& args);

// Throw UsageError for unknown values, for a name of another format, and for options that the
// format does not have.
const ExportFormat& checked_format(const ExportArguments& args);
ExportPrecision checked_precision(const ExportArguments& args, const ExportFormat& format);
void refuse_idle_options(const ExportArguments& args, const ExportFormat& format);

}  // namespace sumi::cli
