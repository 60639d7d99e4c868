#include "bench/emu_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "bench/lists.h"
#include "bench/operands.h"
#include "bench/resources.h"
#include "bench/rows.h"
#include "bench/table.h"
#ifdef SUMI_COUNTS
#include "kernels/emu/accesses.h"
#endif

namespace sumi::bench {
namespace {

#ifdef SUMI_COUNTS

// Below this many multiply-adds every block runs, and the results are compared with the definition as well.
constexpr double kWhole = 2e6;

double megabytes(double sectors) {
  return 32e-6 * sectors;
}

// How much of what is fetched was asked for, in percent.
std::string share(const emu::AccessCounts& c) {
  return c.parts == 0
             ? ""
             : fmt::format("{:.0f}", 100.0 * static_cast<double>(c.least) / static_cast<double>(c.parts));
}

// Turns of shared memory a request, and what they would be without bank conflicts.
std::string turns(const emu::AccessCounts& reads, const emu::AccessCounts& writes) {
  emu::AccessCounts both = reads;
  both.add(writes);
  if (both.requests == 0) return "";
  const auto requests = static_cast<double>(both.requests);
  return fmt::format("{:.2f} ({:.2f})", static_cast<double>(both.parts) / requests,
                     static_cast<double>(both.least) / requests);
}

std::string dims(const dim3& d) {
  return d.z > 1   ? fmt::format("{}x{}x{}", d.x, d.y, d.z)
         : d.y > 1 ? fmt::format("{}x{}", d.x, d.y)
                   : fmt::format("{}", d.x);
}

void print_launch(const Row& row, const emu::LaunchAccesses& l, std::ostream& out) {
  const double scale = l.scale();
  emu::AccessCounts all = l.reads;
  all.add(l.writes);
  out << fmt::format(
      "  {:<7} {:<14} {:<32} {:>10} {:>7} {:>9.4g} {:>5} {:>5} {:>9.4g} {:>7} {:>11}  {}\n",
      row.precision.name, row.variant, l.kernel, dims(l.grid), dims(l.block),
      megabytes(scale * static_cast<double>(all.parts)), share(l.reads), share(l.writes),
      megabytes(scale * static_cast<double>(l.block_sectors)), l.shared_bytes,
      turns(l.shared_reads, l.shared_writes),
      l.counted == l.blocks ? "all blocks" : fmt::format("{} of {} blocks", l.counted, l.blocks));
}

// What a GPU cannot go below: the roofline, and what its second-level cache needs to hand each block what it touches.
std::string floor_text(const Row& row, const Gpu& gpu, const std::vector<emu::LaunchAccesses>& launches) {
  double l2 = 0;
  for (const auto& l : launches) l2 += l.scale() * 32 * static_cast<double>(l.block_sectors) / gpu.l2_bytes;
  const double roof = gpu.roof.seconds(*row.work, row.precision);
  return fmt::format("{} launch{}; {} cannot stay below {} (roofline) nor {} (blocks' bytes from its L2)",
                     launches.size(), launches.size() == 1 ? "" : "es", gpu.name, time_text(roof),
                     time_text(l2));
}

// Returns false where the results are wrong.
bool report_row(const Row& row, Target& target, const Options& options, const Gpu& gpu, std::ostream& out) {
  const bool whole = options.emu_blocks == 0 || row.work->flop / 2 + row.work->bytes(DType::f32) * 2 < kWhole;
  const Values values = values_of(*row.work, row.precision.dtype);
  const Operands operands(target, *row.work, row.precision.dtype, values, 1);
  const Exec exec = row.prepared(target.exec());
  std::vector<emu::LaunchAccesses> launches;
  {
    const emu::AccessScope scope(whole ? 0 : static_cast<std::uint64_t>(options.emu_blocks));
    row.run(exec, operands.set(0));
    target.wait();
    launches = scope.launches();
  }
  for (const auto& l : launches) print_launch(row, l, out);
  out << "  " << fmt::format("{:<7} {:<14} ", row.precision.name, row.variant)
      << floor_text(row, gpu, launches);
  bool right = true;
  if (whole) {
    const double worst =
        worst_error(target, *row.work, row.precision.dtype, expected_of(*row.work, values), operands.set(0));
    right = worst <= row.precision.tolerance;
    out << fmt::format("; error {:.1e}{}", worst, right ? "" : " WRONG");
  }
  out << "\n";
  out.flush();
  return right;
}

void head(const Row& row, std::ostream& out) {
  const Work& work = *row.work;
  out << fmt::format("\n{} {} {}{}: {:.4g} GFLOP, operands {:.4g} MB in {}\n", work.op, work.part,
                     work.problem, work.layer.empty() ? "" : "  (" + work.layer + ")", 1e-9 * work.flop,
                     1e-6 * work.bytes(row.precision.dtype), row.precision.name);
  out << fmt::format("  {:<7} {:<14} {:<32} {:>10} {:>7} {:>9} {:>5} {:>5} {:>9} {:>7} {:>11}  {}\n", "type",
                     "variant", "kernel", "blocks", "threads", "asked MB", "rd%", "wr%", "block MB", "shared",
                     "turns", "counted");
}

#endif  // SUMI_COUNTS

}  // namespace

bool can_report() {
#ifdef SUMI_COUNTS
  return true;
#else
  return false;
#endif
}

int report_emulated(const Options& options, std::ostream& out) {
#ifdef SUMI_COUNTS
  Target target("emu", 1);
  Options small = options;
  small.wanted.small = true;
  small.asked.peer = false;
  std::vector<std::string> notes;
  const std::vector<Row> rows = rows_of(works_of(small.wanted), small.asked, target, notes);
  const Gpu& gpu = gpu_named(options.gpu);
  out << "\nCUDA kernels without a GPU, counted by the emulation: 'asked MB' are 32-byte sectors of all "
         "requests of warps,\n"
         "rd% and wr% how much of them the lanes wanted, 'block MB' what each block touches, added up; "
         "'turns' of shared\n"
         "memory a request, in brackets without bank conflicts. Roofline of "
      << gpu.name << ": " << gpu.roof.str() << ". Nothing here is a time that was measured.\n";
  for (const std::string& note : notes) out << "note: " << note << "\n";
  const Work* last = nullptr;
  int wrong = 0;
  for (const Row& row : rows) {
    if (row.work.get() != last) head(row, out);
    last = row.work.get();
    wrong += !report_row(row, target, options, gpu, out);
  }
  if (options.ptxas) print_resources(small.wanted.ops, gpu, out);
  return wrong > 0 ? 1 : 0;
#else
  (void)options, (void)out;
  fail("--device",
       "this build counts nothing on an emulated device: it was made for a GPU or with sanitizers");
#endif
}

}  // namespace sumi::bench
