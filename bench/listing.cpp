#include "bench/listing.h"

#include <fmt/format.h>

#include <ostream>
#include <set>

#include "bench/emu_report.h"
#include "kernels/build.h"

namespace sumi::bench {

std::string build_text() {
  std::string text =
      kernels::cuda_is_emulated() ? "CUDA kernels emulated on the host" : "CUDA kernels for a GPU";
#ifdef SUMI_PEER
  text += " beside cuDNN and cuBLAS";
#endif
  return text + "; on the CPU " + kernels::cpu_library();
}

void print_operations(std::ostream& out) {
  const char* columns = "{:<16} {:<32} {:<26} {}\n";
  out << fmt::format(fmt::runtime(columns), "OPERATION", "--pass", "--problem, for example", "");
  for (const OpInfo& op : operations())
    out << fmt::format(fmt::runtime(columns), op.name, op.parts, op.problem, op.what);
}

void print_ladder(const Options& options, std::ostream& out) {
  bool any = false;
  std::set<std::string> seen;
  for (const BenchCase& bench_case : cases_of(options.filter)) {
    if (!bench_case.variants || !seen.insert(bench_case.op + "/" + bench_case.part).second) continue;
    any = true;
    for (const std::string& name : options.request.precisions)
      for (const Precision& p : precisions()) {
        if (name != p.name) continue;
        out << fmt::format("\n{} {}, for {} in {}\n", bench_case.op, bench_case.part, bench_case.problem,
                           p.name);
        for (const auto& v : bench_case.variants(p.dtype, p.multiply))
          out << fmt::format("  {} {:<16} {}\n", v.chosen ? "*" : v.fits ? " " : "-", v.name, v.change);
      }
  }
  if (!any)
    fail("--ladder",
         "these operations have one CUDA kernel each; conv, conv_transpose, dense, norms and activations "
         "have several");
  out << "\n* runs when nobody asks for another   - does not fit this problem\n";
}

void print_names(const Options& options, const std::vector<std::string>& targets, std::ostream& out) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    BenchDevice target(targets[i], options.threads);
    std::vector<std::string> notes;
    Options request = options;
    if (target.emulated()) request = emulated(options);
    try {
      for (const BenchRun& row : runs_of(cases_of(request.filter), request.request, target, notes))
        if (seen.insert(row.name()).second) out << row.name() << "\n";
    } catch (const NothingToMeasure&) {
      if (i + 1 == targets.size() && seen.empty()) throw;
    }
  }
}

}  // namespace sumi::bench
