#include "tools/launch_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tools/cli/table.h"

namespace sumi::cli {

std::string launch_table(const StepLaunches& step, int width) {
  struct Row {
    std::string kernel;
    std::uint64_t launches = 0, blocks = 0, fewest = ~std::uint64_t{0};
  };
  std::map<std::string, Row> by_kernel;
  for (const auto& launch : step.launches) {
    Row& row = by_kernel[launch.kernel];
    row.kernel = launch.kernel;
    ++row.launches;
    row.blocks += launch.blocks;
    row.fewest = std::min(row.fewest, launch.blocks);
  }
  std::vector<Row> rows;
  for (const auto& [name, row] : by_kernel) rows.push_back(row);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.launches > b.launches; });
  Table table({{"kernel", false, true}, {"launches", true}, {"blocks each", true}, {"fewest", true}});
  for (const Row& row : rows)
    table.add({row.kernel, fmt::format("{}", row.launches), fmt::format("{}", row.blocks / row.launches),
               fmt::format("{}", row.fewest)});
  return table.text(width) + fmt::format("{} launches a step, memory {:.1f} MiB at the peak\n",
                                         step.launches.size(),
                                         static_cast<double>(step.peak_bytes) / (1 << 20));
}

}  // namespace sumi::cli
