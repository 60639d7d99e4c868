// Settings of a run that do not affect its results, and its seed.
#pragma once

#include <cstdint>
#include <string>

namespace sumi {

class OptionTable;

// Every model: the run directory and what is written to it.
struct RunOptions {
  std::string outdir;
  std::int64_t log_every = 10, sample_every = 200, save_every = 1000;
  bool save_every_epoch = false;
  int keep = 3;
  bool rescue = false, tensorboard = false;
  std::string dump_batches;

  static void add_rows(OptionTable& table);
};

// Every model: device and arithmetic.
struct MachineOptions {
  std::uint64_t seed = 0;
  std::string device = "cpu", precision = "auto", conv_backend = "auto";
  bool no_winograd = false;
  int threads = 0;  // 0: all
  std::string conv_plan;
  bool no_cuda_graph = false, detect_anomaly = false;

  static void add_rows(OptionTable& table);
};

}  // namespace sumi
