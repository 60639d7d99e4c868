#include "bench/emu_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "bench/bench_run.h"
#include "bench/kernel_resources.h"
#include "bench/operands.h"
#include "bench/table.h"
#ifdef SUMI_COUNTS
#include "kernels/emu/access_scope.h"
#endif

namespace sumi::bench {
namespace {

#ifdef SUMI_COUNTS

// Below this number of multiply-adds every block runs, and the results are compared with the
// definition.
constexpr double kWhole = 2e6;

double megabytes(double sectors) {
  return 32e-6 * sectors;
}

// The percentage of the fetched bytes that lanes requested.
std::string share(const emu::AccessCounts& c) {
  return c.transactions == 0 ? ""
                             : fmt::format("{:.0f}", 100.0 * static_cast<double>(c.ideal) /
                                                         static_cast<double>(c.transactions));
}

// Wavefronts per shared-memory request, and in parentheses the ideal: without bank conflicts.
std::string wavefronts(const emu::AccessCounts& reads, const emu::AccessCounts& writes) {
  emu::AccessCounts both = reads;
  both.add(writes);
  if (both.requests == 0) return "";
  const auto requests = static_cast<double>(both.requests);
  return fmt::format("{:.2f} ({:.2f})", static_cast<double>(both.transactions) / requests,
                     static_cast<double>(both.ideal) / requests);
}

std::string dims(const dim3& d) {
  return d.z > 1   ? fmt::format("{}x{}x{}", d.x, d.y, d.z)
         : d.y > 1 ? fmt::format("{}x{}", d.x, d.y)
                   : fmt::format("{}", d.x);
}

constexpr const char* kColumns =
    "  {:<7} {:<16} {:<34} {:>10} {:>7} {:>9} {:>4} {:>4} {:>9} {:>9} {:>7} {:>11}  {}\n";

// `name`: of the precision and the variant, for a run's first launch.
void print_launch(const BenchRun& row, bool first, const emu::LaunchAccesses& l, const Gpu& gpu,
                  const std::string& remark, std::ostream& out) {
  const double scale = l.scale(), block_bytes = 32 * scale * static_cast<double>(l.block_sectors);
  emu::AccessCounts all = l.reads;
  all.add(l.writes);
  out << fmt::format(fmt::runtime(kColumns), first ? row.precision.name : "", first ? row.variant : "",
                     l.kernel, dims(l.grid), dims(l.block),
                     fmt::format("{:.4g}", megabytes(scale * static_cast<double>(all.transactions))),
                     share(l.reads), share(l.writes), fmt::format("{:.4g}", 1e-6 * block_bytes),
                     time_text(block_bytes / gpu.l2_bytes), l.shared_bytes,
                     wavefronts(l.shared_reads, l.shared_writes),
                     (l.counted == l.blocks ? "all" : fmt::format("{} of {}", l.counted, l.blocks)) + remark);
}

// Returns false if the results are wrong.
bool report_row(const BenchRun& row, BenchDevice& target, const Options& options, const Gpu& gpu,
                std::ostream& out) {
  const DType type = row.precision.dtype;
  const bool whole =
      options.emu_blocks == 0 || row.bench_case->flop / 2 + row.bench_case->bytes(DType::f32) * 2 < kWhole;
  const Values values = values_of(*row.bench_case, type);
  const Operands operands(target, *row.bench_case, type, values, 1);
  const Exec exec = row.prepared(target.exec());
  std::vector<emu::LaunchAccesses> launches;
  {
    const emu::AccessScope scope(whole ? 0 : static_cast<std::uint64_t>(options.emu_blocks));
    row.run(exec, operands.set(0));
    target.wait();
    launches = scope.launches();
  }
  bool right = true;
  std::string remark;
  if (whole) {
    const double worst =
        worst_error(target, *row.bench_case, type, expected_of(*row.bench_case, values), operands.set(0));
    right = worst <= row.precision.tolerance;
    remark = fmt::format(", error {:.1e}{}", worst, right ? "" : " WRONG");
  }
  for (std::size_t i = 0; i < launches.size(); ++i)
    print_launch(row, i == 0, launches[i], gpu, i + 1 == launches.size() ? remark : "", out);
  out.flush();
  return right;
}

// The heading above the runs of a case.
void head(const BenchCase& bench_case, const std::vector<BenchRun>& rows, const Gpu& gpu, std::ostream& out) {
  out << fmt::format("\n{}{} {}{}{}\n", bench_case.op, bench_case.part.empty() ? "" : " " + bench_case.part,
                     bench_case.problem, bench_case.layer.empty() ? "" : "  (" + bench_case.layer + ")",
                     bench_case.by_memory() ? "" : ": " + amount_text(bench_case.flop, "FLOP"));
  std::string floor, last;
  for (const BenchRun& row : rows) {
    if (row.bench_case.get() != &bench_case || row.precision.name == last) continue;
    last = row.precision.name;
    floor += fmt::format("{}{} in {} ({})", floor.empty() ? "" : ", ",
                         time_text(gpu.roof.seconds(bench_case, row.precision)), last,
                         amount_text(bench_case.bytes(row.precision.dtype), "B"));
  }
  out << "  " << gpu.name << " cannot stay below " << floor << "\n";
  out << fmt::format(fmt::runtime(kColumns), "type", "variant", "kernel", "blocks", "threads", "asked MB",
                     "rd%", "wr%", "block MB", "from L2", "shared", "wavefronts", "blocks counted");
}

#endif  // SUMI_COUNTS

}  // namespace

Options emulated(Options options) {
  options.filter.small = true;
  options.request.peer = false;
  return options;
}

bool can_report() {
#ifdef SUMI_COUNTS
  return true;
#else
  return false;
#endif
}

int report_emulated(const Options& options, std::ostream& out) {
#ifdef SUMI_COUNTS
  BenchDevice target("emu", 1);
  const Options small = emulated(options);
  std::vector<std::string> notes;
  const std::vector<BenchRun> rows = runs_of(cases_of(small.filter), small.request, target, notes);
  const Gpu& gpu = gpu_named(options.gpu);
  out << "\nCUDA kernels without a GPU, counted by the emulation. Nothing here is a time that was measured.\n"
         "  asked MB   32-byte sectors of all warp requests           rd%, wr%    share of their bytes that "
         "lanes "
         "use\n"
         "  block MB   distinct sectors of each block, summed         from L2     minimum time to fetch them "
         "from "
         "the L2 cache\n"
         "  shared     bytes per block                                wavefronts  per shared-memory request "
         "(ideal: no bank conflicts)\n"
         "Roofline of "
      << gpu.name << ": " << gpu.roof.str() << "\n";
  for (const std::string& note : notes) out << "note: " << note << "\n";
  const BenchCase* last = nullptr;
  int wrong = 0;
  for (const BenchRun& row : rows) {
    if (row.bench_case.get() != last) head(*row.bench_case, rows, gpu, out);
    last = row.bench_case.get();
    wrong += !report_row(row, target, options, gpu, out);
  }
  if (options.ptxas) print_resources(small.filter.ops, gpu, out);
  return wrong > 0 ? 1 : 0;
#else
  (void)options, (void)out;
  fail("--device",
       "this build counts nothing on an emulated device: it was made for a GPU or with sanitizers");
#endif
}

}  // namespace sumi::bench
