#include "tools/style_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <vector>

namespace sumi::cli {
namespace {

std::vector<std::string> style_names() {
  std::vector<std::string> names;
  for (const stylize::StyleInfo& style : stylize::styles()) names.push_back(style.name);
  return names;
}

// "line=0.8,levels=5"
stylize::StyleValues parse_set(const CLI::App* app, const std::string& text) {
  stylize::StyleValues values;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      throw UsageError(command_name(app),
                       fmt::format("--style-set {} has no value; give --style-set line=0.8,levels=5", word));
    values[word.substr(0, equals)] = parse_number(app, "--style-set", word.substr(equals + 1));
  }
  return values;
}

const stylize::StyleParameter* find(const stylize::StyleInfo& style, const std::string& name) {
  for (const stylize::StyleParameter& parameter : style.parameters)
    if (parameter.name == name) return &parameter;
  return nullptr;
}

[[noreturn]] void refuse_with_model(const CLI::App* app, const std::string& given) {
  throw UsageError(command_name(app),
                   fmt::format("{} and --model exclude each other: an image is translated by a "
                               "style or by a model; leave one out",
                               given));
}

std::string parameters_of(const stylize::StyleInfo& style) {
  std::vector<std::string> names;
  for (const stylize::StyleParameter& parameter : style.parameters) names.push_back(parameter.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

void StyleArguments::refuse(const CLI::App* app) const {
  if (!name.empty()) refuse_with_model(app, "--style " + name);
  if (!line_strength.empty()) refuse_with_model(app, "--line-strength");
}

void StyleArguments::add_options(CLI::App& command) {
  const std::string names = fmt::format("{}", fmt::join(style_names(), "|"));
  add_text(command, "-n,--style", name, "NAME", names + " (default without a model: ink)")->group("Style");
  add_text(command, "-s,--strength", strength, "S",
           "strength of the style, from 0 (the photograph) to 1 (default 1)")
      ->group("Style");
  add_text(command, "--line-strength", line_strength, "S",
           "strength of the lines: 0: none, above 1: more lines, up to 4 (default 1)")
      ->group("Style");
  add_text(command, "--style-set", set, "K=V,...",
           "parameters of the style: levels=5,color=1.1 (docs/cli.md lists them)")
      ->group("Style");
  add_text(command, "--faces", faces, "auto|off", "detect faces and preserve their features (auto)")
      ->group("Style");
  add_text(command, "--filter-quality", quality, "fast|best",
           "for a filter: best paints texture in patches and lays more brushes, in about three times the "
           "time (fast)")
      ->group("Style");
  command.add_flag("--sheet", sheet, "all styles of a photograph on one labeled sheet")->group("Style");
}

void StyleArguments::check(const CLI::App* app, const std::string& model) {
  const std::string command = command_name(app);
  if (!model.empty()) {
    of_model = true;
    const std::string given = sheet               ? "--sheet"
                              : !set.empty()      ? "--style-set"
                              : faces != "auto"   ? "--faces"
                              : quality != "fast" ? "--filter-quality"
                                                  : "";
    if (!given.empty()) refuse_with_model(app, given);
  } else if (name.empty()) {
    name = "ink";
  }
  if (faces != "auto" && faces != "off")
    throw UsageError(command, fmt::format("--faces {} is unknown; use auto or off", faces));
  if (quality != "fast" && quality != "best")
    throw UsageError(command, fmt::format("--filter-quality {} is unknown; use fast or best", quality));
  if (!strength.empty()) blend = parse_number(app, "--strength", strength, 0, 1);
  if (!model.empty()) return;
  const std::vector<std::string> names = style_names();
  if (std::count(names.begin(), names.end(), name) == 0)
    throw UsageError(command, fmt::format("--style {} is unknown; use {}", name, fmt::join(names, ", ")));
  values = parse_set(app, set);
  if (!line_strength.empty()) values["line"] = parse_number(app, "--line-strength", line_strength);
  if (!sheet) {
    check_values(app, stylize::style_info(name));
  } else if (!set.empty()) {
    throw UsageError(command, "--style-set is for one style, but --sheet shows all; leave one out");
  }
}

void StyleArguments::check_values(const CLI::App* app, const stylize::StyleInfo& style) const {
  for (const auto& [key, value] : values) {
    const stylize::StyleParameter* known = find(style, key);
    if (!known)
      throw UsageError(command_name(app),
                       fmt::format("--style-set {}: the style {} does not have this parameter; use {}", key,
                                   style.name, parameters_of(style)));
    if (!(value >= known->low && value <= known->high))
      throw UsageError(command_name(app),
                       fmt::format("--style-set {}={} is out of range; give a number from {} to {}", key,
                                   value, known->low, known->high));
  }
}

}  // namespace sumi::cli
