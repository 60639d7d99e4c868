#include "bench/emu_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "bench/kernel_resources.h"
#include "bench/listing.h"
#include "bench/operands.h"
#include "bench/rows.h"
#include "bench/table.h"
#ifdef SUMI_COUNTS
#include "kernels/emu/access_stats.h"
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

constexpr const char* kColumns =
    "  {:<7} {:<16} {:<34} {:>10} {:>7} {:>9} {:>4} {:>4} {:>9} {:>9} {:>7} {:>11}  {}\n";

// `name`: of the precision and the variant, for the first launch of a row.
void print_launch(const Row& row, bool first, const emu::LaunchAccesses& l, const Gpu& gpu,
                  const std::string& remark, std::ostream& out) {
  const double scale = l.scale(), block_bytes = 32 * scale * static_cast<double>(l.block_sectors);
  emu::AccessCounts all = l.reads;
  all.add(l.writes);
  out << fmt::format(
      fmt::runtime(kColumns), first ? row.precision.name : "", first ? row.variant : "", l.kernel,
      dims(l.grid), dims(l.block), fmt::format("{:.4g}", megabytes(scale * static_cast<double>(all.parts))),
      share(l.reads), share(l.writes), fmt::format("{:.4g}", 1e-6 * block_bytes),
      time_text(block_bytes / gpu.l2_bytes), l.shared_bytes, turns(l.shared_reads, l.shared_writes),
      (l.counted == l.blocks ? "all" : fmt::format("{} of {}", l.counted, l.blocks)) + remark);
}

// Returns false where the results are wrong.
bool report_row(const Row& row, Target& target, const Options& options, const Gpu& gpu, std::ostream& out) {
  const DType type = row.precision.dtype;
  const bool whole = options.emu_blocks == 0 || row.work->flop / 2 + row.work->bytes(DType::f32) * 2 < kWhole;
  const Values values = values_of(*row.work, type);
  const Operands operands(target, *row.work, type, values, 1);
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
        worst_error(target, *row.work, type, expected_of(*row.work, values), operands.set(0));
    right = worst <= row.precision.tolerance;
    remark = fmt::format(", error {:.1e}{}", worst, right ? "" : " WRONG");
  }
  for (std::size_t i = 0; i < launches.size(); ++i)
    print_launch(row, i == 0, launches[i], gpu, i + 1 == launches.size() ? remark : "", out);
  out.flush();
  return right;
}

// Above the rows of a work.
void head(const Work& work, const std::vector<Row>& rows, const Gpu& gpu, std::ostream& out) {
  out << fmt::format("\n{}{} {}{}{}\n", work.op, work.part.empty() ? "" : " " + work.part, work.problem,
                     work.layer.empty() ? "" : "  (" + work.layer + ")",
                     work.by_memory() ? "" : ": " + amount_text(work.flop, "FLOP"));
  std::string floor, last;
  for (const Row& row : rows) {
    if (row.work.get() != &work || row.precision.name == last) continue;
    last = row.precision.name;
    floor += fmt::format("{}{} in {} ({})", floor.empty() ? "" : ", ",
                         time_text(gpu.roof.seconds(work, row.precision)), last,
                         amount_text(work.bytes(row.precision.dtype), "B"));
  }
  out << "  " << gpu.name << " cannot stay below " << floor << "\n";
  out << fmt::format(fmt::runtime(kColumns), "type", "variant", "kernel", "blocks", "threads", "asked MB",
                     "rd%", "wr%", "block MB", "from L2", "shared", "turns", "blocks counted");
}

#endif  // SUMI_COUNTS

}  // namespace

Options emulated(Options options) {
  options.wanted.small = true;
  options.asked.peer = false;
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
  Target target("emu", 1);
  const Options small = emulated(options);
  std::vector<std::string> notes;
  const std::vector<Row> rows = rows_of(works_of(small.wanted), small.asked, target, notes);
  const Gpu& gpu = gpu_named(options.gpu);
  out << "\nCUDA kernels without a GPU, counted by the emulation. Nothing here is a time that was measured.\n"
         "  asked MB   32-byte sectors of all requests of warps      rd%, wr%  how much of them the lanes "
         "wanted\n"
         "  block MB   distinct sectors of each block, added up      from L2   the least time to fetch them "
         "from the L2 cache\n"
         "  shared     bytes of a block                              turns     of shared memory a request "
         "(without bank "
         "conflicts)\n"
         "Roofline of "
      << gpu.name << ": " << gpu.roof.str() << "\n";
  for (const std::string& note : notes) out << "note: " << note << "\n";
  const Work* last = nullptr;
  int wrong = 0;
  for (const Row& row : rows) {
    if (row.work.get() != last) head(*row.work, rows, gpu, out);
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
