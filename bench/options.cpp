#include "bench/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace sumi::bench {
namespace {

constexpr const char* kAbout =
    "sumi-bench checks and times sumi's kernels, on the layers of well-known nets or on your own shapes.\n"
    "Every row is first compared with the reference at 1024 places of its results; 'error' is the worst of "
    "them, relative\n"
    "to the results' root mean square. 'roof%' is how near a row comes to what this device could do at best, "
    "measured at\n"
    "the start, a CPU's memory after each repetition (above 100 where fewer products do than the definition "
    "has, as\n"
    "Winograd's); 'peer%' is the peer's time in percent of the row's: above 100, sumi is faster. 'spread%' "
    "is from the\n"
    "fastest to the slowest repetition.";

constexpr const char* kMore = R"(
Problems:
  conv, conv_transpose   n8h56w56c128k256r3s3u1p1: batch, height, width, channels, filters, filter size r x s, stride u,
                         padding p (p1:2:1:2 is top:bottom:left:right), dilation d, groups g. u p d g may be left out. Of a
                         transposed convolution h, w, c are the output's and k is the input's.
  dense                  m128n8192k100: a batch of m, n outputs, k inputs; or any product: b4m64n64k64nt
  the others             8x64x64x128: batch x height x width x channels

Examples:
  sumi-bench conv --problem n8h56w56c128k256r3s3u1p1 --pass fprop,dgrad,wgrad --dtype bf16,tf32,f32 --variant all --peer
  sumi-bench conv --net dcgan64 --batch 16 --threads 2
  sumi-bench --ladder conv dense                     what there is to compare, rung by rung
  sumi-bench memory --benchmark_out=now.json         every kernel that moves memory; JSON for Google's compare.py
  sumi-bench conv --net cyclegan256 --device emu     without a GPU: what can be known of the CUDA kernels

Google Benchmark's flags:
  --benchmark_format=console|json|csv      standard output; json and csv hold what was timed, not the emulation's counts
  --benchmark_out=FILE                     also a file, in --benchmark_out_format=json|csv|console (default json)
  --benchmark_filter=REGEX                 rows by name, in every table: conv/fprop/PROBLEM/f32/own/dcgan64 d2; -REGEX: all others
  --benchmark_list_tests                   the names of the rows, nothing is run
  --benchmark_repetitions=N --benchmark_min_time=SECONDS --benchmark_min_warmup_time=SECONDS --benchmark_time_unit=ns|us|ms|s
  --benchmark_report_aggregates_only --benchmark_display_aggregates_only --benchmark_context=KEY=VALUE
In JSON 'library_build_type' is that of Google's library, "debug" for Debian's package; it does not take part in what is
timed: sumi-bench reads the clock around calls of a kernel, in code of its own.
Exit codes: 0 all rows right, 1 a row was wrong or could not run, 2 wrong usage.)";

std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

// Removes Google Benchmark's flags from `words` and returns them.
std::vector<std::string> take_google_flags(std::vector<std::string>& words) {
  std::vector<std::string> rest, google;
  for (const std::string& word : words) (word.starts_with("--benchmark_") ? google : rest).push_back(word);
  words = rest;
  return google;
}

}  // namespace

Parsed parse_options(int argc, const char* const* argv) {
  Parsed parsed;
  Options& o = parsed.options;
  o.request.precisions = {"f32"};
  o.request.variants = {"auto"};
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (argc > 0) o.program = argv[0];
  const std::vector<std::string> google = take_google_flags(words);
  CLI::App app(kAbout, "sumi-bench");
  app.footer(kMore);
  app.add_option("OPERATION", o.filter.ops, "what to measure: see --list; 'memory' and 'all' are groups");
  app.add_option("--problem", o.filter.problems, "your own problems, in place of the nets' layers")
      ->delimiter(',')
      ->type_name("TEXT");
  app.add_option("--net", o.filter.nets, "layers of: dcgan64 cyclegan256 cyclegan256b4 animegan512 square")
      ->delimiter(',')
      ->type_name("NAME");
  app.add_option("--batch", o.filter.batch, "the nets' batch, in place of their own")
      ->check(CLI::Range(1, 65536))
      ->type_name("N");
  app.add_option("--pass", o.filter.parts,
                 "fprop dgrad wgrad; stats apply train grad running of norms; fprop grad of the others")
      ->delimiter(',')
      ->type_name("NAME");
  app.add_option("--dtype", o.request.precisions, "f32 3xtf32 tf32 bf16 (default f32)")
      ->delimiter(',')
      ->type_name("NAME");
  app.add_option("--variant", o.request.variants,
                 "auto (what the rules choose), all, or names (default auto)")
      ->delimiter(',')
      ->type_name("NAME");
  app.add_flag("--peer", o.request.peer, "also cuDNN and cuBLAS on a GPU, oneDNN on the CPU");
  app.add_option("--device", o.device, "auto, cpu, cuda or emu; auto without a GPU: cpu, then emu")
      ->check(CLI::IsMember({"auto", "cpu", "cuda", "emu"}))
      ->type_name("NAME");
  app.add_option("--threads", o.threads, "of the CPU (default 1, which counts processor time)")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  app.add_option("--gpu", o.gpu,
                 "whose roofline the emulation's report uses: h100 h200 a100 rtx3090 rtx4090 rtx5090")
      ->type_name("NAME");
  app.add_option("--emu-blocks", o.emu_blocks,
                 "blocks of each launch that the emulation counts (default 4; 0: all)")
      ->check(CLI::Range(0, 1 << 20))
      ->type_name("N");
  app.add_flag("--ptxas", o.ptxas,
               "with --device emu: registers, spills and occupancy, by nvcc from sumi's sources");
  app.add_flag("--ladder", o.ladder, "list the variants of OPERATION and stop");
  app.add_flag("--list", o.list, "list the operations and stop");
  try {
    std::reverse(words.begin(), words.end());
    app.parse(words);
    o.google = parse_google_flags(google);
    o.request.filter = o.google.filter;
    (void)gpu_named(o.gpu);
    if (o.filter.ops.empty() && !o.list)
      throw CLI::ValidationError("no operation was named; --list names them all");
  } catch (const CLI::CallForHelp&) {
    parsed.done = true;
    parsed.text = app.help();
  } catch (const std::exception& error) {
    parsed.done = true;
    parsed.exit_code = 2;
    parsed.text = printable(one_line(error.what()));
  }
  return parsed;
}

}  // namespace sumi::bench
