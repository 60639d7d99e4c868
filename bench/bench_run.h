// The rows of the table: a work in one precision by one implementation.
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

// Nothing of what was asked for exists on this target.
struct NothingToMeasure : Error {
  using Error::Error;
};

struct BenchRun {
  std::shared_ptr<const BenchCase> bench_case;
  Precision precision;
  std::string variant;  // "auto": what the rules choose
  bool is_peer = false;
  std::function<void(const Exec&, const Views&)> run = {};  // on an Exec of make_exec()
  ConvPolicy policy = {};                                   // of the CPU's convolutions

  // "conv/fprop/n128h32w32c64k128r4s4u2p1/f32/own/dcgan64 d2"; without a layer for the user's own
  // problems.
  std::string name() const {
    return group() + "/" + variant + (bench_case->layer.empty() ? "" : "/" + bench_case->layer);
  }
  // Peers are looked up by it: the same for all rows of one work and precision.
  std::string group() const { return bench_case->str() + "/" + precision.name; }
  // `exec` asked to run this row's variant.
  Exec prepared(Exec exec) const;
};

// Peers come before the rows that are compared with them. `notes` gets a line for each thing that
// was asked for and cannot be had here. Throws Error for names that are none, NothingToMeasure when
// no row is left.
std::vector<BenchRun> runs_of(const std::vector<BenchCase>& cases, const Request& request,
                              const BenchDevice& target, std::vector<std::string>& notes);

// A library for a product on the CPU: oneDNN's; empty in a build without it.
std::function<void(const Exec&, const Views&)> cpu_product_peer(const BenchCase& bench_case);

}  // namespace sumi::bench
