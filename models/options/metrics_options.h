// Settings of the scores that a run computes while it trains.
#pragma once

#include <cstdint>
#include <string>

namespace sumi {

class OptionTable;

// Models that generate or translate images.
struct MetricsOptions {
  std::string metrics;  // keys of models/judges/set_judge.h with commas; the first one chooses
  std::int64_t metrics_every = 500;
  std::int64_t metrics_images = 500;
  std::string metrics_features = "builtin";
  int early_stop = 0;  // 0: never

  static void add_rows(OptionTable& table);
};

}  // namespace sumi
