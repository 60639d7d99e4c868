// sumi report: a page about one or several runs.
#include "models/report/report.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "tools/cli/cli.h"

namespace sumi::cli {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostRuns = 8;  // colors of the curves

struct ReportArguments {
  CLI::App* app = nullptr;
  std::vector<std::string> runs;
  std::string output;
};

int run_report(const ReportArguments& args) {
  const std::string name = command_name(args.app);
  if (args.runs.empty())
    throw UsageError(name, "RUN is missing: name the directories of one or several runs");
  if (args.runs.size() > kMostRuns)
    throw UsageError(name, fmt::format("takes at most {} runs, not {}", kMostRuns, args.runs.size()));
  fs::path output = args.output;
  if (output.empty()) output = args.runs.size() == 1 ? fs::path(args.runs[0]) / "report.html" : "report.html";
  if (output.extension() != ".html" && output.extension() != ".htm")
    throw UsageError(name, "-o takes the name of a page: report.html");
  write_report({args.runs.begin(), args.runs.end()}, output);
  fmt::print("{}\n", output.string());
  return 0;
}

}  // namespace

Command add_report(CLI::App& parent) {
  auto args = std::make_shared<ReportArguments>();
  CLI::App& app = *parent.add_subcommand("report", "Make a page with the curves and samples of runs.");
  args->app = &app;
  set_help(app, "report RUN... [-o FILE]",
           "  sumi report run                     run/report.html, which training writes too\n"
           "  sumi report slow fast -o rates.html runs side by side\n",
           "The page is one file that loads nothing: curves that zoom, a slider over the samples, options "
           "that differ from the defaults, warnings and checkpoints.");
  app.add_option("runs", args->runs, "run directories of sumi train")->type_name("RUN");
  add_text(app, "-o,--output", args->output, "FILE", "page to write")
      ->default_str("RUN/report.html; for several runs report.html");
  return {&app, [args]() { return run_report(*args); }};
}

}  // namespace sumi::cli
