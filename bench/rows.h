// The rows of the table: a work in one precision by one implementation.
#pragma once

#include <memory>

#include "bench/operands.h"
#include "bench/roofline.h"

namespace sumi::bench {

struct Asked {
  std::vector<std::string> precisions = {};  // names
  std::vector<std::string> variants = {};    // "auto", "all", or names
  bool peer = false;
  std::string filter = {};  // NameFilter's pattern
};

// Nothing of what was asked for exists on this target.
struct NothingToMeasure : Error {
  using Error::Error;
};

struct Row {
  std::shared_ptr<const Work> work;
  Precision precision;
  std::string variant;  // "auto": what the rules choose
  bool is_peer = false;
  std::function<void(const Exec&, const Views&)> run = {};  // on an Exec of make_exec()
  ConvPolicy policy = {};                                   // of the CPU's convolutions

  // "conv/fprop/n128h32w32c64k128r4s4u2p1/f32/own/dcgan64 d2"; without a layer for the user's own problems.
  std::string name() const {
    return group() + "/" + variant + (work->layer.empty() ? "" : "/" + work->layer);
  }
  // Peers are looked up by it: the same for all rows of one work and precision.
  std::string group() const { return work->str() + "/" + precision.name; }
  // `exec` asked to run this row's variant.
  Exec prepared(Exec exec) const;
};

// Peers come before the rows that are compared with them. `notes` gets a line for each thing that was asked for and
// cannot be had here. Throws Error for names that are none, NothingToMeasure when no row is left.
std::vector<Row> rows_of(const std::vector<Work>& works, const Asked& asked, const Target& target,
                         std::vector<std::string>& notes);

// A library for a product on the CPU: oneDNN's; empty in a build without it.
std::function<void(const Exec&, const Views&)> cpu_product_peer(const Work& work);

}  // namespace sumi::bench
