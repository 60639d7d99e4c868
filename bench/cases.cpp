// The table of operations, and the selected cases.
#include <algorithm>

#include "bench/bench_case.h"

namespace sumi::bench {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> names_of(const std::vector<OpInfo>& ops) {
  std::vector<std::string> names;
  for (const OpInfo& op : ops) names.emplace_back(op.name);
  return names;
}

// "all", "memory", or a name.
std::vector<const OpInfo*> ops_named(const std::string& name) {
  std::vector<const OpInfo*> found;
  for (const OpInfo& op : operations())
    if (name == "all" || name == op.name || (name == "memory" && op.cases == memory_bound_cases))
      found.push_back(&op);
  if (found.empty())
    fail("sumi-bench", "there is no operation '" + name + "'; there are: " + joined(names_of(operations())) +
                           ", memory (what only moves memory) and all");
  return found;
}

// Rejects parts that no selected operation has, which would silently measure nothing.
void check_parts(const Filter& filter, const std::vector<const OpInfo*>& ops) {
  for (const std::string& part : filter.parts) {
    bool known = false;
    std::string there_are;
    for (const OpInfo* op : ops) {
      const std::string parts = std::string(op->parts).empty() ? "fprop" : op->parts;
      known = known || ("," + parts + ",").find("," + part + ",") != std::string::npos;
      if (there_are.find(parts) == std::string::npos) there_are += (there_are.empty() ? "" : "; ") + parts;
    }
    if (!known) fail("--pass", "there is no '" + part + "' here; there are: " + there_are);
  }
}

}  // namespace

const std::vector<OpInfo>& operations() {
  static const std::vector<OpInfo> all = [] {
    const char* three = "fprop,dgrad,wgrad";
    const char* norms = "stats,apply,train,grad";
    std::vector<OpInfo> ops{
        {"conv", three, "n8h56w56c128k256r3s3u1p1", "convolution", conv_cases},
        {"conv_transpose", three, "n128h32w32c64k128r4s4u2p1", "transposed convolution", conv_cases},
        {"dense", three, "m128n8192k100", "dense layer or any matrix product", dense_cases},
        {"batch_norm", "stats,apply,train,grad,running", "128x32x32x64",
         "batch norm; train: stats, then apply; running: the averages", norm_cases},
        {"instance_norm", norms, "1x64x64x256", "instance norm", norm_cases},
        {"layer_norm", norms, "1x128x128x256", "layer norm", norm_cases},
        {"film", "apply,grad", "8x64x64x64", "a scale and a shift for each sample, leaky ReLU", film_cases}};
    for (const OpInfo& op : memory_operations()) ops.push_back(op);
    return ops;
  }();
  return all;
}

std::vector<BenchCase> cases_of(const Filter& filter) {
  std::vector<const OpInfo*> ops;
  for (const std::string& name : filter.ops)
    for (const OpInfo* op : ops_named(name))
      if (std::find(ops.begin(), ops.end(), op) == ops.end()) ops.push_back(op);
  for (const std::string& net : filter.nets)
    if (!contains(net_names(), net))
      fail("--net", "there is no '" + net + "'; there are: " + joined(net_names()));
  check_parts(filter, ops);
  std::vector<BenchCase> cases;
  for (const OpInfo* op : ops)
    for (BenchCase& bench_case : op->cases(filter, *op)) cases.push_back(std::move(bench_case));
  if (cases.empty())
    fail("sumi-bench",
         "nothing to measure: no layer of " + joined(filter.nets) + " is one of " + joined(filter.ops));
  return cases;
}

}  // namespace sumi::bench
