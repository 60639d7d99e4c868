#include "tools/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tools/cli/table.h"

namespace sumi::cli {
namespace {

// An op with dozens of inputs (Adam) would take too much of the screen.
constexpr std::size_t kMostInputs = 3;

std::string inputs_text(const OpRecord& record) {
  std::string text;
  const std::size_t shown = std::min(record.inputs.size(), kMostInputs);
  for (std::size_t i = 0; i < shown; ++i) text += (i ? ", " : "") + record.inputs[i].str();
  if (record.inputs.size() > shown) text += fmt::format(", +{}", record.inputs.size() - shown);
  return text;
}

// "sgemm, sgemm, bias" -> "sgemm x2, bias".
std::string kernels_text(const std::vector<std::string>& kernels) {
  std::string text;
  for (std::size_t i = 0; i < kernels.size();) {
    std::size_t end = i;
    while (end < kernels.size() && kernels[end] == kernels[i]) ++end;
    text += (i ? ", " : "") + kernels[i];
    if (end - i > 1) text += fmt::format(" x{}", end - i);
    i = end;
  }
  return text;
}

struct Total {
  std::string phase;
  std::size_t ops = 0;
  double seconds = 0;
};

}  // namespace

std::string explain_table(const std::vector<OpRecord>& records, int width) {
  std::vector<Total> totals;
  double all = 0;
  for (const OpRecord& r : records) {
    auto found =
        std::find_if(totals.begin(), totals.end(), [&](const Total& t) { return t.phase == r.phase; });
    if (found == totals.end()) found = totals.insert(totals.end(), {r.phase, 0, 0});
    ++found->ops;
    found->seconds += r.seconds;
    all += r.seconds;
  }
  const auto percent = [&](double seconds) {
    return fmt::format("{:.1f}", all > 0 ? seconds / all * 100 : 0);
  };
  const auto ms = [](double seconds) { return fmt::format("{:.3f}", seconds * 1e3); };

  Table table({{"op", false, true},
               {"module", false, true},
               {"phase"},
               {"inputs", false, true},
               {"-> output"},
               {"kernel", false, true},
               {"ms", true},
               {"%", true}});
  for (const OpRecord& r : records)
    table.add({r.op, r.module, r.phase, inputs_text(r), "-> " + r.output.str(), kernels_text(r.kernels),
               ms(r.seconds), percent(r.seconds)});
  table.rule();
  for (const Total& t : totals)
    table.add(
        {"total", "", t.phase, fmt::format("{} ops", t.ops), "", "", ms(t.seconds), percent(t.seconds)});
  table.add({"total", "", "", fmt::format("{} ops", records.size()), "", "", ms(all), percent(all)});
  return table.text(width);
}

}  // namespace sumi::cli
