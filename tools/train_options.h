// Training options (models/options/option_table.h) on the command line.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/options/option_table.h"
#include "tools/cli/cli.h"

namespace sumi::cli {

// A subcommand's options of the table. The command line is kept as text until apply(), so that it
// can override defaults, a --config file or the options of a stored run.
class OptionSet {
 public:
  enum class Visibility { shown, hidden, absent };
  // Adds the rows of `table`; `visibility` decides for each. --help shows the defaults of
  // `defaults`, unless its model is "".
  void add(CLI::App& app, const OptionTable& table, const TrainOptions& defaults,
           const std::function<Visibility(const Option&)>& visibility);

  // Returns true if the option is on the command line. False for options that were not added.
  bool given(const std::string& name) const {
    return options_.contains(name) && options_.at(name)->count() > 0;
  }
  // Overwrites the options that were given. --epochs alone also sets `steps` to 0, because the last
  // length given counts. Throws UsageError for invalid numbers and for two lengths. `resumable`:
  // only options that may be given again with --resume.
  void apply(TrainOptions& options, bool resumable = false) const;
  // Throws UsageError for values that are invalid whatever the model is.
  void check_values_given() const;
  // Throws the Errors of validate() and check_used() for the result of apply(). A file's options
  // count as given if they differ from the model's defaults, because the file may be another run's
  // options.json, which holds all options.
  void check(const TrainOptions& options, bool from_file) const;

 private:
  CLI::App* app_ = nullptr;
  const OptionTable* table_ = nullptr;
  std::map<std::string, CLI::Option*> options_;
};

}  // namespace sumi::cli
