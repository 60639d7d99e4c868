// The program's interface: options, the table, JSON for Google Benchmark's compare.py, and nvcc's
// output.
#include <benchmark/benchmark.h>
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "bench/kernel_resources.h"
#include "bench/listing.h"
#include "bench/measure.h"
#include "bench/options.h"
#include "bench/table.h"
#include "tests/support.h"

namespace sumi::bench {
namespace {

using test::has;

Parsed parse(std::vector<const char*> words) {
  words.insert(words.begin(), "sumi-bench");
  return parse_options(static_cast<int>(words.size()), words.data());
}

std::string works_error(const Filter& filter) {
  return test::error_of([&] { (void)cases_of(filter); });
}

}  // namespace

TEST_CASE("bench: options") {
  const Parsed p =
      parse({"conv", "--problem", "n1h8w8c4k8r3s3,n2h8w8c4k8r3s3", "--pass", "fprop,dgrad,wgrad", "--dtype",
             "bf16,tf32,f32", "--variant", "all", "--peer", "--benchmark_out=x.json"});
  CHECK_FALSE(p.done);
  CHECK(p.options.filter.problems.size() == 2);
  CHECK(p.options.filter.parts.size() == 3);
  CHECK(p.options.request.precisions == std::vector<std::string>{"bf16", "tf32", "f32"});
  CHECK(p.options.request.peer);
  CHECK(p.options.google.out == "x.json");
  CHECK(p.options.google.passed_on == std::vector<std::string>{"--benchmark_out=x.json"});
  CHECK(p.options.google.format == GoogleFlags::Format::table);
  CHECK(p.options.program == "sumi-bench");
  const Parsed help = parse({"--help"});
  CHECK(help.done);
  CHECK(help.exit_code == 0);
  for (const char* option :
       {"--problem", "--net", "--pass", "--dtype", "--variant", "--peer", "--ladder", "--gpu", "--emu-blocks",
        "--ptxas", "--threads", "--benchmark_out", "Exit codes"})
    CHECK_MESSAGE(has(help.text, option), option);
}

TEST_CASE("bench: absurd options are one line and exit code 2") {
  const std::vector<std::vector<const char*>> absurd = {
      {},
      {"conv", "--batch", "-3"},
      {"conv", "--batch", "0"},
      {"conv", "--threads", "0"},
      {"conv", "--threads", "99999999999999999999"},
      {"conv", "--threads", "many"},
      {"conv", "--device", "toaster"},
      {"conv", "--gpu", "h9000"},
      {"conv", "--emu-blocks", "-1"},
      {"conv", "--nonsense"},
      {"conv", "--problem"},
      {"conv", "--benchmark_min_time=soon"},
      {"conv", "--benchmark_min_time=-1"},
      {"conv", "--benchmark_repetitions=0"},
      {"conv", "--benchmark_out=/no/such/folder/x.json"},
      {"conv", "--benchmark_format=xml"},
      {"conv", "--benchmark_filter=["},
      {"conv", "--benchmark_nonsense"},
  };
  for (const auto& words : absurd) {
    const Parsed p = parse(words);
    CAPTURE(p.text);
    CHECK(p.done);
    CHECK(p.exit_code == 2);
    CHECK(!p.text.empty());
    CHECK(p.text.find('\n') == std::string::npos);
  }
}

TEST_CASE("bench: what is asked for and is not there") {
  CHECK(has(works_error({.ops = {"convolve"}}), "there is no operation 'convolve'; there are: conv"));
  CHECK(has(works_error({.ops = {"conv"}, .nets = {"resnet50"}}),
            "there is no 'resnet50'; there are: dcgan64"));
  CHECK(has(works_error({.ops = {"conv"}, .parts = {"backwards"}}),
            "there is no 'backwards' here; there are: fprop"));
  CHECK(has(works_error({.ops = {"conv"}, .problems = {"n1h8w8c4k8r3"}}),
            "[--problem] 'n1h8w8c4k8r3' lacks 's'"));
  CHECK(has(works_error({.ops = {"dense"}, .problems = {"m1n2"}}), "lacks 'k'"));
  for (const char* shape :
       {"", "8", "8x8x8", "8x8x8x8x8", "8x0x8x8", "8x-1x8x8", "8xax8x8", "8x8x8x", "999999999x1x1x1"}) {
    CAPTURE(shape);
    CHECK(has(works_error({.ops = {"relu"}, .problems = {shape}}), "is no shape NxHxWxC"));
  }
  CHECK(has(works_error({.ops = {"relu"}, .problems = {"99999999x99999999x9x9"}}), "more than 2^40"));
}

TEST_CASE("bench: every net's layer is a problem that reads, with any batch") {
  for (const char* op : {"conv", "conv_transpose", "dense", "batch_norm", "leaky_relu"}) {
    CHECK(cases_of({.ops = {op}}).size() > 5);
    for (const BenchCase& bench_case : cases_of({.ops = {op}, .nets = {"dcgan64"}, .batch = 7}))
      CHECK(bench_case.problem.find("128h") == std::string::npos);
  }
  // CycleGAN at batch 1 and 4.
  CHECK(cases_of({.ops = {"conv"}, .nets = {"cyclegan256b4"}}).front().problem == "n4h262w262c3k64r7s7u1p0");
  CHECK(cases_of({.ops = {"conv"}, .nets = {"cyclegan256"}, .batch = 2}).front().problem ==
        "n2h262w262c3k64r7s7u1p0");
}

TEST_CASE("bench: a run, its table and its JSON") {
  BenchDevice target("cpu", 1);
  const test::TempDir folder;
  std::vector<std::string> notes;
  const std::vector<BenchRun> rows = runs_of(
      cases_of(
          {.ops = {"conv", "relu"}, .problems = {}, .nets = {"dcgan64"}, .parts = {"fprop"}, .batch = 1}),
      {{"f32"}, {"auto", "own"}, true, "dcgan64 d3|16x16x128"}, target, notes);
  const std::string file = (folder.path / "run.json").string();
  std::vector<std::string> words{"test", "--benchmark_min_time=0.001", "--benchmark_repetitions=3",
                                 "--benchmark_out=" + file};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  int argc = static_cast<int>(argv.size());
  benchmark::Initialize(&argc, argv.data());
  CHECK(argc == 1);
  const Roofline roof{1e10, 5e10, 5e10, 5e10};
  register_runs(rows, target, roof);
  std::ostringstream text;
  Table table(rows, roof, "the preamble\n");
  table.SetOutputStream(&text);
  benchmark::RunSpecifiedBenchmarks(&table);
  benchmark::ClearRegisteredBenchmarks();
  CAPTURE(text.str());
  CHECK(failed_runs() == 0);
  CHECK(text.str().starts_with("the preamble\n"));
  CHECK(has(text.str(), "conv fprop n1h16w16c128k256r4s4u2p1  (dcgan64 d3)"));
  CHECK(has(text.str(), "type    variant"));
  CHECK(has(text.str(), "GFLOP/s"));
  CHECK(has(text.str(), "relu fprop 1x16x16x128"));
  CHECK(has(text.str(), "GB/s"));

  // compare.py needs these fields of each entry, and a median for each name.
  const auto json = nlohmann::json::parse(std::ifstream(file));
  CHECK(json["context"].contains("date"));
  int medians = 0, peers = 0;
  for (const auto& b : json["benchmarks"]) {
    for (const char* field :
         {"name", "run_name", "run_type", "iterations", "real_time", "cpu_time", "time_unit"})
      CHECK_MESSAGE(b.contains(field), field);
    CHECK(b["time_unit"] == "us");
    medians += b["run_type"] == "aggregate" && b["aggregate_name"] == "median";
    if (b["run_type"] != "iteration") continue;
    CHECK(b["real_time"].get<double>() > 0);
    CHECK(b.value("worst_error", 0.0) < 1e-3);
    CHECK(b["roofline_percent"].get<double>() > 0);
    peers += b.contains("peer_percent");
  }
  CHECK(medians >= 3);
#ifdef SUMI_ONEDNN
  CHECK(peers > 0);
#endif
}

TEST_CASE("bench: lists") {
  std::ostringstream ops, ladder;
  print_operations(ops);
  for (const char* op :
       {"conv ", "conv_transpose", "dense", "batch_norm", "leaky_relu", "adam", "spectral_norm"})
    CHECK_MESSAGE(has(ops.str(), op), op);
  Options options = parse({"conv", "--ladder", "--net", "dcgan64"}).options;
  print_ladder(options, ladder);
  CHECK(has(ladder.str(), "conv fprop"));
  CHECK(has(ladder.str(), "naive"));
  options.filter.ops = {"adam"};
  CHECK(has(test::error_of([&] { print_ladder(options, ladder); }), "have one CUDA kernel each"));
}

// A kernel function that no case calls cannot be measured. Functions that only rename another are
// measured by it.
TEST_CASE("bench: every function of kernels/*.h is called by some work") {
  namespace fs = std::filesystem;
  const fs::path root = SUMI_SOURCE_ROOT;
  const auto text_of = [](const fs::path& file) {
    std::ifstream in(file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  std::string cases;
  for (const auto& file : fs::directory_iterator(root / "bench"))
    if (file.path().string().ends_with("cases.cpp")) cases += text_of(file.path());
  const std::set<std::string> renamed{"conv_transpose_fprop", "conv_transpose_dgrad", "conv_transpose_wgrad",
                                      "leaky_relu", "leaky_relu_grad"};
  const std::regex function("\ninline (?:void|std::int64_t) (\\w+)\\(const Exec& e\\b");
  int found = 0;
  for (const auto& file : fs::directory_iterator(root / "kernels")) {
    if (file.path().extension() != ".h") continue;
    const std::string text = text_of(file.path());
    for (std::sregex_iterator at(text.begin(), text.end(), function), end; at != end; ++at) {
      const std::string name = (*at)[1];
      if (name.starts_with("check_") || renamed.contains(name)) continue;
      ++found;
      CHECK_MESSAGE(has(cases, "kernels::" + name + "("), name, " of ", file.path().filename().string(),
                    " is measured by nothing in bench/*cases.cpp");
    }
  }
  CHECK(found > 35);
}

TEST_CASE("bench: what ptxas says") {
  const auto found = parse_resources(
      "ptxas info    : Compiling entry function '_ZN4sumi7kernels4cuda10fma_kernelIfEEvPT_' for 'sm_90a'\n"
      "ptxas info    : Function properties for _ZN4sumi7kernels4cuda10fma_kernelIfEEvPT_\n"
      "    0 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads\n"
      "ptxas info    : Used 40 registers, used 1 barriers, 2176 bytes smem, 372 bytes cmem[0]\n"
      "ptxas info    : Function properties for plain\n"
      "ptxas info    : Used 128 registers, 372 bytes cmem[0]\n");
  REQUIRE(found.size() == 2);
  CHECK(found[0].name == "fma_kernel<float>");
  CHECK(found[0].registers == 40);
  CHECK(found[0].shared == 2176);
  CHECK(found[0].spilled == 20);
  CHECK(found[1].shared == 0);
  CHECK(occupancy({"", 32, 0, 0}, 256, 90) == doctest::Approx(1.0));
  // registers of 16 warps out of 64
  CHECK(occupancy({"", 128, 0, 0}, 256, 90) == doctest::Approx(0.25));
  // two blocks' shared memory
  CHECK(occupancy({"", 32, 100 << 10, 0}, 256, 90) == doctest::Approx(0.25));
}

}  // namespace sumi::bench
