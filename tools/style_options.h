// Options of sumi convert that select a style.
#pragma once

#include <string>

#include "engine/image/stylize/style.h"
#include "tools/cli/cli.h"

namespace sumi::cli {

struct StyleArguments {
  std::string name;                     // "" with a model
  std::string set;                      // "line=0.8,levels=5"
  std::string strength, line_strength;  // as given; "" if absent
  std::string faces = "auto";
  std::string quality = "fast";
  std::string layer =
      "drawing";  // of a filter: or the flat color or the line alone, as a stylizer learns them
  bool sheet = false;
  bool of_model = false;  // `name` is one of the model's styles
  double blend = 1;       // opacity of the style over the photograph
  int side = 0;           // StyleOptions::side, of several images of one page; 0: of each its own
  stylize::StyleValues values;

  void add_options(CLI::App& command);
  // Converts the values to their final form. Without style and model, the style is ink. With a
  // model, name and lines are kept as given, because a stylizer has its own styles. Throws
  // UsageError for values that are unknown or out of range, and for values that do not apply to a
  // model.
  void check(const CLI::App* app, const std::string& model);
  // Throws UsageError if a style or its lines were given: for a model other than a stylizer.
  void refuse(const CLI::App* app) const;
  bool used() const { return sheet || (!name.empty() && !of_model); }

 private:
  void check_values(const CLI::App* app, const stylize::StyleInfo& style) const;
};

}  // namespace sumi::cli
