#include "bench/rows.h"

#include <algorithm>

#include "bench/google_flags.h"
#include "kernels/conv_plan.h"

namespace sumi::bench {
namespace {

const Precision& precision_named(const std::string& name) {
  std::string there_are;
  for (const Precision& p : precisions()) {
    if (name == p.name) return p;
    there_are += (there_are.empty() ? "" : " ") + std::string(p.name);
  }
  fail("--dtype", "there is no '" + name + "'; there are: " + there_are);
}

// Why a work does not run in a precision here, or null.
const char* refuses(const Work& work, const Precision& p, const Target& target) {
  const bool tensor = p.multiply == MatmulPrecision::tf32 || p.multiply == MatmulPrecision::tf32x3;
  if (tensor && target.on_host()) return "tf32 and 3xtf32 are precisions of GPUs: not on the CPU";
  if (tensor && work.by_memory()) return "what multiplies nothing has no tf32 or 3xtf32: f32 is the same";
  if (p.dtype != DType::f32 && work.f32_only) return "optimizers and clipping are f32 only";
  return nullptr;
}

struct Choice {
  std::string name;
  ConvPolicy policy = {};
};

// On the CPU a convolution's methods that exist for it, each forced by policy and a plan of one line; elsewhere the tables
// of the CUDA backend.
std::vector<Choice> choices_of(const Work& work, const Precision& p, const Target& target) {
  std::vector<Choice> all;
  if (!target.on_host()) {
    if (work.variants)
      for (const auto& v : work.variants(p.dtype, p.multiply))
        if (v.fits) all.push_back({v.name});
    return all;
  }
  if (!work.is_conv()) return all;
  const ConvCall use{work.direction, work.geom};
  for (const ConvAlgorithm method : kConvMethods) {
    if (!kernels::cpu::conv_available(method, use, p.dtype)) continue;
    ConvPlan plan;
    plan.methods[use.str()] = method;
    // bf16 goes to oneDNN before any plan is asked, where the processor multiplies it itself.
    const auto by = method == ConvAlgorithm::onednn ? ConvPolicy::By::onednn : ConvPolicy::By::own;
    all.push_back({name_of(method), {.by = by, .plan = std::make_shared<ConvPlan>(plan)}});
  }
  return all;
}

void note(std::vector<std::string>& notes, const std::string& line) {
  if (std::find(notes.begin(), notes.end(), line) == notes.end()) notes.push_back(line);
}

// The peer's row; without `run` where there is none.
Row peer_row(const std::shared_ptr<const Work>& work, const Precision& p, const Target& target) {
  Row row{work, p, "", true, {}};
  if (target.emulated()) return row;
  if (!target.on_host()) {
    row.variant = work->peer_name;
    row.run = work->peer;
    return row;
  }
  row.variant = "onednn";
  if (!work->is_conv()) {
    if (p.dtype == DType::f32) row.run = cpu_product_peer(*work);
    return row;
  }
  for (const Choice& c : choices_of(*work, p, target))
    if (c.name == "onednn") row.run = work->run, row.policy = c.policy;
  return row;
}

// The rows whose names the filter selects.
std::vector<Row> selected(std::vector<Row> rows, const std::string& pattern) {
  const NameFilter filter(pattern);
  const std::string first = rows.front().name();
  std::erase_if(rows, [&](const Row& row) { return !filter.selects(row.name()); });
  if (rows.empty())
    throw NothingToMeasure("[--benchmark_filter] no row's name matches '" + pattern +
                           "'; names are such as: " + first + " (--benchmark_list_tests prints all)");
  return rows;
}

std::string why_no_peer(const Work& work, const Target& target) {
  if (target.on_host())
    return std::string(kernels::cpu_library()).find("oneDNN") == std::string::npos
               ? "this build has no oneDNN"
               : "oneDNN stands beside convolutions and f32 products only";
#ifdef SUMI_PEER
  return work.no_peer;
#else
  (void)work;
  return "this build has neither cuDNN nor cuBLAS";
#endif
}

}  // namespace

Exec Row::prepared(Exec exec) const {
  exec.multiply = precision.multiply;
  exec.conv = policy;
  if (!is_peer && variant != "auto" && exec.device.kind == Device::Kind::cuda) exec.variant = variant.c_str();
  return exec;
}

std::vector<Row> rows_of(const std::vector<Work>& works, const Asked& asked, const Target& target,
                         std::vector<std::string>& notes) {
  std::vector<Row> rows;
  std::vector<std::string> known;  // names of variants that were seen
  for (const Work& w : works) {
    const auto work = std::make_shared<const Work>(w);
    for (const std::string& name : asked.precisions) {
      const Precision& p = precision_named(name);
      if (const char* why = refuses(w, p, target)) {
        note(notes, why);
        continue;
      }
      const std::vector<Choice> choices = choices_of(w, p, target);
      std::string measured;  // a variant that is its own peer
      if (asked.peer) {
        Row peer = peer_row(work, p, target);
        measured = peer.variant;
        if (peer.run)
          rows.push_back(std::move(peer));
        else
          note(notes, "no peer for " + w.op + (w.part.empty() ? "" : " " + w.part) + " in " + p.name + ": " +
                          why_no_peer(w, target));
      }
      if (contains(asked.variants, "auto") || choices.empty())
        rows.push_back({work, p, "auto", false, w.run});
      for (const Choice& c : choices) {
        if (!contains(known, c.name)) known.push_back(c.name);
        if (c.name == measured) continue;
        if (contains(asked.variants, "all") || contains(asked.variants, c.name))
          rows.push_back({work, p, c.name, false, w.run, c.policy});
      }
    }
  }
  for (const std::string& name : asked.variants)
    if (name != "auto" && name != "all" && !contains(known, name)) {
      std::string there_are = "auto all";
      for (const std::string& k : known) there_are += " " + k;
      throw NothingToMeasure("[--variant] no variant '" + name +
                             "' fits any of this work here; there are: " + there_are);
    }
  if (rows.empty())
    throw NothingToMeasure("[sumi-bench] nothing to measure: " +
                           (notes.empty() ? "no variant fits" : notes.front()));
  return selected(std::move(rows), asked.filter);
}

}  // namespace sumi::bench
