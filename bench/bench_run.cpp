#include "bench/bench_run.h"

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

// Returns why a case does not run in a precision here, or null.
const char* refuses(const BenchCase& bench_case, const Precision& p, const BenchDevice& target) {
  const bool tensor = p.multiply == MatmulPrecision::tf32 || p.multiply == MatmulPrecision::tf32x3;
  if (tensor && target.on_host()) return "tf32 and 3xtf32 are precisions of GPUs: not on the CPU";
  if (tensor && bench_case.by_memory())
    return "what multiplies nothing has no tf32 or 3xtf32: f32 is the same";
  if (p.dtype != DType::f32 && bench_case.f32_only) return "optimizers and clipping are f32 only";
  return nullptr;
}

struct Choice {
  std::string name;
  ConvPolicy policy = {};
};

// On the CPU the available convolution algorithms, each forced by policy and a plan of one line;
// elsewhere the variant tables of the CUDA backend.
std::vector<Choice> choices_of(const BenchCase& bench_case, const Precision& p, const BenchDevice& target) {
  std::vector<Choice> all;
  if (!target.on_host()) {
    if (bench_case.variants)
      for (const auto& v : bench_case.variants(p.dtype, p.multiply))
        if (v.fits) all.push_back({v.name});
    return all;
  }
  if (!bench_case.is_conv()) return all;
  const ConvCall use{bench_case.direction, bench_case.geom};
  for (const ConvAlgorithm method : kConvMethods) {
    if (!kernels::cpu::conv_available(method, use, p.dtype)) continue;
    ConvPlan plan;
    plan.methods[use.str()] = method;
    // where the processor multiplies bf16 itself, it goes to oneDNN before any plan is consulted
    const auto backend = method == ConvAlgorithm::onednn ? ConvBackend::onednn : ConvBackend::native;
    all.push_back({name_of(method), {.backend = backend, .plan = std::make_shared<ConvPlan>(plan)}});
  }
  return all;
}

void note(std::vector<std::string>& notes, const std::string& line) {
  if (std::find(notes.begin(), notes.end(), line) == notes.end()) notes.push_back(line);
}

// The baseline's run; without `run` if there is no baseline.
BenchRun peer_row(const std::shared_ptr<const BenchCase>& bench_case, const Precision& p,
                  const BenchDevice& target) {
  BenchRun row{bench_case, p, "", true, {}};
  if (target.emulated()) return row;
  if (!target.on_host()) {
    row.variant = bench_case->peer_name;
    row.run = bench_case->peer;
    return row;
  }
  row.variant = "onednn";
  if (!bench_case->is_conv()) {
    if (p.dtype == DType::f32) row.run = cpu_product_peer(*bench_case);
    return row;
  }
  for (const Choice& c : choices_of(*bench_case, p, target))
    if (c.name == "onednn") row.run = bench_case->run, row.policy = c.policy;
  return row;
}

// The runs selected by the filter.
std::vector<BenchRun> selected(std::vector<BenchRun> rows, const std::string& pattern) {
  const NameFilter filter(pattern);
  const std::string first = rows.front().name();
  std::erase_if(rows, [&](const BenchRun& row) { return !filter.selects(row.name()); });
  if (rows.empty())
    throw NothingToMeasure("[--benchmark_filter] no row's name matches '" + pattern +
                           "'; names are such as: " + first + " (--benchmark_list_tests prints all)");
  return rows;
}

std::string why_no_peer(const BenchCase& bench_case, const BenchDevice& target) {
  if (target.on_host())
    return std::string(kernels::cpu_library()).find("oneDNN") == std::string::npos
               ? "this build has no oneDNN"
               : "oneDNN stands beside convolutions and f32 products only";
#ifdef SUMI_PEER
  return bench_case.no_peer;
#else
  (void)bench_case;
  return "this build has neither cuDNN nor cuBLAS";
#endif
}

}  // namespace

Exec BenchRun::prepared(Exec exec) const {
  exec.multiply = precision.multiply;
  exec.conv = policy;
  if (!is_peer && variant != "auto" && exec.device.kind == Device::Kind::cuda) exec.variant = variant.c_str();
  return exec;
}

std::vector<BenchRun> runs_of(const std::vector<BenchCase>& cases, const Request& request,
                              const BenchDevice& target, std::vector<std::string>& notes) {
  std::vector<BenchRun> rows;
  std::vector<std::string> known;  // variant names seen
  for (const BenchCase& w : cases) {
    const auto bench_case = std::make_shared<const BenchCase>(w);
    for (const std::string& name : request.precisions) {
      const Precision& p = precision_named(name);
      if (const char* why = refuses(w, p, target)) {
        note(notes, why);
        continue;
      }
      const std::vector<Choice> choices = choices_of(w, p, target);
      std::string measured;  // a variant that is its own baseline
      if (request.peer) {
        BenchRun peer = peer_row(bench_case, p, target);
        measured = peer.variant;
        if (peer.run)
          rows.push_back(std::move(peer));
        else
          note(notes, "no peer for " + w.op + (w.part.empty() ? "" : " " + w.part) + " in " + p.name + ": " +
                          why_no_peer(w, target));
      }
      if (contains(request.variants, "auto") || choices.empty())
        rows.push_back({bench_case, p, "auto", false, w.run});
      for (const Choice& c : choices) {
        if (!contains(known, c.name)) known.push_back(c.name);
        if (c.name == measured) continue;
        if (contains(request.variants, "all") || contains(request.variants, c.name))
          rows.push_back({bench_case, p, c.name, false, w.run, c.policy});
      }
    }
  }
  for (const std::string& name : request.variants)
    if (name != "auto" && name != "all" && !contains(known, name)) {
      std::string there_are = "auto all";
      for (const std::string& k : known) there_are += " " + k;
      throw NothingToMeasure("[--variant] no variant '" + name +
                             "' fits any of this work here; there are: " + there_are);
    }
  if (rows.empty())
    throw NothingToMeasure("[sumi-bench] nothing to measure: " +
                           (notes.empty() ? "no variant fits" : notes.front()));
  return selected(std::move(rows), request.filter);
}

}  // namespace sumi::bench
