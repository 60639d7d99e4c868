// Which tensor of a weight file belongs to which parameter of a network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/nn.h"
#include "engine/serialize/weight_file.h"

namespace sumi {

struct NamedModule {
  std::string name;  // "g"
  const Module* module;
};

// How names are compared. by_name: exactly, but for wrappers that all names share ("module.",
// "_orig_mod.", and for one network any other prefix). by_order: tensor by tensor in the order of
// the file, where the last parts of the names (weight, bias ...) and the shapes agree: for networks
// of the same layers under other names.
enum class NameRule : std::uint8_t { by_name, by_order };

struct WeightMatch {
  struct Pair {
    Parameter parameter;  // shares the network's memory
    std::string name;     // "g.main.0.weight"
    std::string source;   // in the file; "": the parameter is a bias that the file lacks, so zero
  };
  std::vector<Pair> pairs;
  std::int64_t counters = 0;  // tensors left out: num_batches_tracked, and profilers' counts
  std::int64_t stale = 0;     // running statistics of old instance norms, which were never used
  std::int64_t zero_biases = 0;
  NameRule rule = NameRule::by_name;

  // "; left out: 3 counters of batches" ...; "" for an ordinary match.
  std::string notes() const;
};

// Collects all mismatches, so that one error can name them all.
class WeightProblems {
 public:
  void add(const std::string& text);
  bool any() const { return count_ > 0; }
  // Throws Error "[where] ..." with `advice` at its end, if there are any.
  void raise(const std::string& where, const std::string& advice) const;

 private:
  std::vector<std::string> list_;
  std::size_t count_ = 0;
};

// The entries of the chosen dictionary in the order in which modules define them: that of the file;
// of safetensors, which sort names as text, by the numbers in the names.
std::vector<WeightFile::Entry> in_order(const WeightFile& file);

// Matches the chosen dictionary with the network `net`, or with all networks if it is empty and
// names begin with a network's. `path` is the file in errors. Throws std::invalid_argument if `net`
// is empty and the names do not say which network they belong to.
WeightMatch match_weights(const WeightFile& file, const std::string& path, const std::string& net,
                          const std::vector<NamedModule>& networks, NameRule rule, WeightProblems& problems);

}  // namespace sumi
