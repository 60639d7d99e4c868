#include "tools/tune_report.h"

#include <fmt/format.h>

#include "tools/cli/table.h"

namespace sumi::cli {

std::string tune_report(const std::vector<TunedConv>& tuned, int width) {
  Table table({{"convolution", false, true},
               {"times", true},
               {"own", true},
               {"onednn", true},
               {"winograd", true},
               {"by rule"},
               {"fastest"}});
  double by_rule = 0, by_plan = 0;
  for (const TunedConv& conv : tuned) {
    std::vector<std::string> cells{conv.use.str(), fmt::format("{}", conv.count)};
    for (const ConvAlgorithm m : kConvMethods) {
      const auto found = conv.milliseconds.find(m);
      cells.push_back(found == conv.milliseconds.end() ? "-" : fmt::format("{:.3f}", found->second));
    }
    cells.emplace_back(name_of(conv.rule));
    cells.emplace_back(conv.best == conv.rule ? "" : name_of(conv.best));
    table.add(std::move(cells));
    const auto time = [&](ConvAlgorithm m) {
      const auto found = conv.milliseconds.find(m);
      return found == conv.milliseconds.end() ? 0 : found->second * conv.count;
    };
    by_rule += time(conv.rule);
    by_plan += time(conv.best);
  }
  return table.text(width) +
         fmt::format("milliseconds, medians. All together: {:.1f} by the rules, {:.1f} by the plan\n",
                     by_rule, by_plan);
}

}  // namespace sumi::cli
