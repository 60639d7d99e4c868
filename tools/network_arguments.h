// Options of sumi convert for networks of other programs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/graph/network.h"
#include "tools/cli/cli.h"

namespace sumi::cli {

struct NetworkArguments {
  std::string range, layout;
  bool bgr = false, rgb = false;
  std::int64_t multiple = 0;
  std::vector<std::string> values;  // NAME=VALUES

  void add_options(CLI::App& command);
  // Moves entries NAME=VALUES out of `inputs` if `model` is a network of another program; throws
  // UsageError for values that are unknown, and for these options with another model.
  void check(const CLI::App* app, const std::string& model, std::vector<std::string>& inputs);
  graph::ImageFormat format() const;
  // The values of the graph's further inputs. Throws Error for names that it lacks and for values
  // that do not fit.
  std::map<std::string, graph::ConstantPtr> given(const graph::Graph& graph) const;
};

}  // namespace sumi::cli
