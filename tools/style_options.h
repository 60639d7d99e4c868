// The options of sumi convert that choose a style.
#pragma once

#include <string>

#include "engine/image/stylize/style.h"
#include "tools/cli/cli.h"

namespace sumi::cli {

struct StyleArguments {
  std::string name;                     // "" with a model
  std::string set;                      // "line=0.8,levels=5"
  std::string strength, line_strength;  // as given; "" where they were not
  std::string faces = "auto";
  std::string quality = "fast";
  std::string layer =
      "drawing";  // of a filter: or the flat color or the line alone, as a stylizer learns them
  bool sheet = false;
  bool of_model = false;  // `name` is of the model's styles
  double blend = 1;       // of the style; the rest is the photograph
  stylize::StyleValues values;

  void add_options(CLI::App& command);
  // Brings the values into their final form (with a model the name and the lines stay as given: a stylizer has styles of its
  // own): the style is ink where neither a style nor a model was given. UsageError for what is
  // unknown, out of range or about a model.
  void check(const CLI::App* app, const std::string& model);
  // UsageError where a style or its lines were chosen: for a model that is no stylizer.
  void refuse(const CLI::App* app) const;
  bool used() const { return sheet || (!name.empty() && !of_model); }

 private:
  void check_values(const CLI::App* app, const stylize::StyleInfo& style) const;
};

}  // namespace sumi::cli
