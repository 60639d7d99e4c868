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
};

struct Row {
  std::shared_ptr<const Work> work;
  Precision precision;
  std::string variant;  // "auto": what the rules choose
  bool is_peer = false;
  std::function<void(const Exec&, const Views&)> run = {};  // on an Exec of make_exec()
  ConvPolicy policy = {};                                   // of the CPU's convolutions

  std::string name() const { return work->str() + "/" + precision.name + "/" + variant; }
  // Peers are looked up by it: the same for all rows of one work and precision.
  std::string group() const { return work->str() + "/" + precision.name; }
  // `exec` asked to run this row's variant.
  Exec prepared(Exec exec) const;
};

// Peers come before the rows that are compared with them. `notes` gets a line for each thing that was asked for and
// cannot be had here. Throws Error for names that are none, and when no row is left.
std::vector<Row> rows_of(const std::vector<Work>& works, const Asked& asked, const Target& target,
                         std::vector<std::string>& notes);

// A library for a product on the CPU: oneDNN's; empty in a build without it.
std::function<void(const Exec&, const Views&)> cpu_product_peer(const Work& work);

}  // namespace sumi::bench
