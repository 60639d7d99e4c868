// Training options (models/options/option_table.h) on the command line.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/options/option_table.h"
#include "tools/cli/cli.h"

namespace sumi::cli {

// Options of the table that belong to one subcommand. The command line is kept as text until apply(), so that
// it can be laid over defaults, a --config file or the options of a stored run.
class OptionSet {
 public:
  enum class Visibility { shown, hidden, absent };
  // Adds the rows of `table`; `visibility` decides for each. The defaults in the help are those of `defaults`, and none are shown
  // for a model of no name.
  void add(CLI::App& app, const OptionTable& table, const TrainOptions& defaults,
           const std::function<Visibility(const Option&)>& visibility);

  // On the command line. False for options that were not added.
  bool given(const std::string& name) const {
    return options_.contains(name) && options_.at(name)->count() > 0;
  }
  // Overwrites what was given. --epochs alone also sets `steps` to 0: the length that was named last counts. UsageError
  // for numbers that are none, and for two lengths. `resumable`: only of those that may be given again with --resume.
  void apply(TrainOptions& options, bool resumable = false) const;
  // Throws the Errors of validate() and check_used() for what apply() made of `options`. A file's options count as given where they
  // differ from the model's defaults: the file may be another run's options.json, which holds all of them.
  void check(const TrainOptions& options, bool from_file) const;

 private:
  CLI::App* app_ = nullptr;
  const OptionTable* table_ = nullptr;
  std::map<std::string, CLI::Option*> options_;
};

}  // namespace sumi::cli
