// The rows of the table: one case in one precision by one implementation.
#pragma once

#include <memory>

#include "bench/operands.h"
#include "bench/roofline.h"

namespace sumi::bench {

struct Request {
  std::vector<std::string> precisions = {};  // names
  std::vector<std::string> variants = {};    // "auto", "all", or names
  bool peer = false;
  std::string filter = {};  // NameFilter's pattern
};

// Nothing that was requested exists on this device.
struct NothingToMeasure : Error {
  using Error::Error;
};

struct BenchRun {
  std::shared_ptr<const BenchCase> bench_case;
  Precision precision;
  std::string variant;  // "auto": the default selection
  bool is_peer = false;
  std::function<void(const Exec&, const Views&)> run = {};  // on an Exec of make_exec()
  ConvPolicy policy = {};                                   // for CPU convolutions

  // "conv/fprop/n128h32w32c64k128r4s4u2p1/f32/own/dcgan64 d2"; without a layer for the user's own
  // problems.
  std::string name() const {
    return group() + "/" + variant + (bench_case->layer.empty() ? "" : "/" + bench_case->layer);
  }
  // The key for finding the baseline: equal for all runs of one case and precision.
  std::string group() const { return bench_case->str() + "/" + precision.name; }
  // Returns `exec` set to this run's variant.
  Exec prepared(Exec exec) const;
};

// Returns the runs, baselines before the runs that are compared with them. `notes` receives a line
// for each request that is unavailable here. Throws Error for unknown names, NothingToMeasure if no
// run is left.
std::vector<BenchRun> runs_of(const std::vector<BenchCase>& cases, const Request& request,
                              const BenchDevice& target, std::vector<std::string>& notes);

// A library baseline for matrix products on the CPU: oneDNN's; empty in builds without it.
std::function<void(const Exec&, const Views&)> cpu_product_peer(const BenchCase& bench_case);

}  // namespace sumi::bench
