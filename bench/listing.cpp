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
  for (const Work& work : works_of(options.wanted)) {
    if (!work.variants || !seen.insert(work.op + "/" + work.part).second) continue;
    any = true;
    for (const std::string& name : options.asked.precisions)
      for (const Precision& p : precisions()) {
        if (name != p.name) continue;
        out << fmt::format("\n{} {}, for {} in {}\n", work.op, work.part, work.problem, p.name);
        for (const auto& v : work.variants(p.dtype, p.multiply))
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
    Target target(targets[i], options.threads);
    std::vector<std::string> notes;
    Options asked = options;
    if (target.emulated()) asked = emulated(options);
    try {
      for (const Row& row : rows_of(works_of(asked.wanted), asked.asked, target, notes))
        if (seen.insert(row.name()).second) out << row.name() << "\n";
    } catch (const NothingToMeasure&) {
      if (i + 1 == targets.size() && seen.empty()) throw;
    }
  }
}

}  // namespace sumi::bench
