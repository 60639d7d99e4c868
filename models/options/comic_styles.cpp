#include "models/options/comic_styles.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <numeric>

#include "engine/error.h"
#include "models/training/trainable_networks.h"

namespace sumi {
namespace {

bool is_style_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
}

}  // namespace

ComicInk comic_ink(const std::string& style) {
  static const std::map<std::string, ComicInk> known{
      {"ink", {{.06, .05, .08}, .96}},    {"manga", {{.03, .03, .03}, 1}},
      {"wash", {{.25, .18, .16}, .45}},   {"pencil", {{.20, .20, .20}, .85}},
      {"halftone", {{.07, .05, .09}, 1}}, {"ukiyo", {{.13, .15, .25}, .9}}};
  const auto found = known.find(style);
  return found == known.end() ? ComicInk{{.05, .05, .05}, 1} : found->second;
}

std::vector<StyleSource> style_sources(const std::string& list, const std::string& option) {
  std::vector<StyleSource> sources;
  for (const std::string& one : split_names(list)) {
    const auto equals = one.find('=');
    StyleSource style{one.substr(0, equals), equals == std::string::npos ? one : one.substr(equals + 1)};
    if (!is_style_name(style.name))
      fail(option,
           fmt::format("'{}' is not of the form NAME=FOLDER; a name has letters, digits, - and _", one));
    if (style.source.empty())
      fail(option, fmt::format("{}= names no teacher; give a folder of flat and line planes, or a filter",
                               style.name));
    if (std::any_of(sources.begin(), sources.end(),
                    [&](const StyleSource& s) { return s.name == style.name; }))
      fail(option, fmt::format("gives {} twice; leave one out", style.name));
    sources.push_back(std::move(style));
  }
  return sources;
}

std::vector<double> style_mixture(const std::string& text, const std::vector<std::string>& known) {
  std::vector<double> weights(known.size(), 0.0);
  for (const std::string& one : split_names(text)) {
    const auto colon = one.find(':');
    const std::string name = one.substr(0, colon);
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end())
      fail("--style", fmt::format("the model has no style '{}'; it has {}", name, fmt::join(known, ", ")));
    double weight = 1;
    if (colon != std::string::npos) {
      std::size_t read = 0;
      const std::string number = one.substr(colon + 1);
      try {
        weight = std::stod(number, &read);
      } catch (const std::exception&) {
        read = 0;
      }
      if (read == 0 || read != number.size() || !std::isfinite(weight) || weight < 0)
        fail("--style", fmt::format("'{}' gives no weight of 0 or more, as in {}:0.5", one, name));
    }
    weights[static_cast<std::size_t>(found - known.begin())] += weight;
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!(sum > 0))
    fail("--style", fmt::format("'{}' chooses no style; give one or more of {}, as in {}:0.6", text,
                                fmt::join(known, ", "), known.empty() ? "NAME" : known.front()));
  for (double& weight : weights) weight /= sum;
  return weights;
}

}  // namespace sumi
