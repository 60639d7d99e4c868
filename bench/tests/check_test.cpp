// The checks of sumi-bench: the sampled definitions against kernels::ref, and wrong kernels that
// must be detected.
#include <doctest/doctest.h>

#include <cmath>

#include "bench/measure.h"
#include "bench/operands.h"
#include "tests/cases/conv.h"
#include "tests/support.h"

namespace sumi::bench {
namespace {

using test::has;

std::vector<BenchCase> works_for(const std::string& op, const std::string& problem) {
  return cases_of({.ops = {op}, .problems = {problem}, .small = true});
}

// The sampled definition against the reference's whole result.
void compare_with_reference(const BenchCase& bench_case) {
  CAPTURE(bench_case.str());
  const Values values = values_of(bench_case, DType::f32);
  BenchCase whole = bench_case;
  whole.expect = {};
  const Expected sampled = expected_of(bench_case, values, 100000),
                 reference = expected_of(whole, values, 100000);
  REQUIRE(sampled.samples.size() == reference.samples.size());
  double worst = 0;
  for (std::size_t i = 0; i < sampled.samples.size(); ++i) {
    CHECK(sampled.samples[i].at == reference.samples[i].at);
    worst = std::max(worst, std::abs(sampled.samples[i].value - reference.samples[i].value));
  }
  CHECK(worst < 1e-12);
}

// check_run's verdict on a case whose kernel is replaced.
Checked checked(BenchCase bench_case, const Precision& precision,
                std::function<void(const Exec&, const Views&)> run) {
  BenchDevice target("cpu", 1);
  const Values values = values_of(bench_case, precision.dtype);
  const Operands operands(target, bench_case, precision.dtype, values, 1);
  const Expected expected = expected_of(bench_case, values);
  if (!run) run = bench_case.run;
  const BenchRun row{std::make_shared<const BenchCase>(std::move(bench_case)), precision, "auto", false,
                     std::move(run)};
  return check_run(row, target, operands.set(0), expected);
}

}  // namespace

TEST_CASE("bench: sampled definitions are the reference's") {
  for (const auto& c : cases::conv_cases)
    if (c.geom().macs() < 200000)
      for (const BenchCase& bench_case : works_for("conv", c.geom().str()))
        compare_with_reference(bench_case);
  for (const auto& c : cases::conv_transpose_cases)
    if (c.geom().macs() < 200000)
      for (const BenchCase& bench_case : works_for("conv_transpose", c.geom().str()))
        compare_with_reference(bench_case);
  for (const char* problem : {"m3n5k7", "b2m4n3k6tn", "b2m4n3k6nt", "m1n9k4tt"})
    for (const BenchCase& bench_case : works_for("dense", problem)) compare_with_reference(bench_case);
}

// A run that forces an algorithm and gets another one is not timed under the wrong name.
TEST_CASE("bench: a row's method is the one that ran") {
  BenchDevice target("cpu", 1);
  std::vector<std::string> notes;
  const std::vector<BenchCase> cases =
      cases_of({.ops = {"conv"}, .problems = {"n1h8w8c16k16r3s3p1"}, .parts = {"fprop"}});
  for (BenchRun row : runs_of(cases, {{"f32", "bf16"}, {"all"}}, target, notes)) {
    CAPTURE(row.name());
    const Values values = values_of(*row.bench_case, row.precision.dtype);
    const Operands operands(target, *row.bench_case, row.precision.dtype, values, 1);
    const Expected expected = expected_of(*row.bench_case, values);
    CHECK(check_run(row, target, operands.set(0), expected).error.empty());
    row.variant = row.variant == "own" ? "winograd" : "own";
    CHECK(has(check_run(row, target, operands.set(0), expected).error, "NOT THERE"));
  }
  // Winograd has no 6x6 filter.
  const std::vector<BenchCase> wide =
      cases_of({.ops = {"conv"}, .problems = {"n1h8w8c4k4r6s6p2"}, .parts = {"fprop"}});
  CHECK(has(test::error_of([&] {
              (void)runs_of(wide, {{"bf16"}, {"winograd"}}, target, notes);
            }),
            "no variant 'winograd' fits any of this work here"));
}

TEST_CASE("bench: every operation is right on the CPU, in every precision that it has there") {
  for (const OpInfo& op : operations()) {
    const std::string name = op.name;
    if (name.find("conv") == 0 || name == "dense") continue;
    for (const BenchCase& bench_case : works_for(name, "2x6x8x12"))
      for (const Precision& p : precisions()) {
        if (p.multiply == MatmulPrecision::tf32 || p.multiply == MatmulPrecision::tf32x3) continue;
        if (p.dtype == DType::bf16 && bench_case.f32_only) continue;
        const Checked result = checked(bench_case, p, {});
        CHECK_MESSAGE(result.error.empty(), result.error);
      }
  }
}

TEST_CASE("bench: a wrong kernel is found") {
  const Precision& f32 = precisions()[0];
  const auto g = kernels::ConvGeom::parse("test", "n2h9w9c16k24r3s3p1");
  const BenchCase bench_case = works_for("conv", g.str()).front();
  CHECK(checked(bench_case, f32, {}).error.empty());
  SUBCASE("one that leaves the last filter tap out") {
    const Checked result = checked(bench_case, f32, [&](const Exec& e, const Views& v) {
      std::vector<float> w(v[1].as<float>(), v[1].as<float>() + v[1].count());
      for (std::int64_t k = 0; k < g.k; ++k)
        for (std::int64_t c = 0; c < g.c; ++c) w[static_cast<std::size_t>((k * 9 + 8) * g.c + c)] = 0;
      const View cut{w.data(), DType::f32, v[1].shape, v[1].device};
      kernels::conv_fprop(e, g, v[0], cut, {}, v[2]);
    });
    CHECK(has(result.error, "WRONG"));
    CHECK(result.worst > 0.01);
  }
  SUBCASE("one that writes nothing") {
    const Checked result = checked(bench_case, f32, [](const Exec&, const Views&) {});
    CHECK(has(result.error, "WRONG"));
    CHECK(std::isinf(result.worst));
  }
  SUBCASE("one that rounds to bf16 where f32 was asked for") {
    const Checked result = checked(bench_case, f32, [&](const Exec& e, const Views& v) {
      bench_case.run(e, v);
      for (std::int64_t i = 0; i < v[2].count(); ++i) v[2].as<float>()[i] = bf16(v[2].as<float>()[i]);
    });
    CHECK(has(result.error, "WRONG"));
  }
}

TEST_CASE("bench: rows, and what is said of what cannot be had") {
  BenchDevice target("cpu", 1);
  const std::vector<BenchCase> cases = works_for("conv", "n2h9w9c16k24r3s3p1");
  std::vector<std::string> notes;
  const auto rows = runs_of(cases, {{"f32", "bf16", "tf32"}, {"all"}, false}, target, notes);
  CHECK(notes.size() == 1);
  CHECK(has(notes.front(), "tf32"));
  CHECK(rows.size() >= 3 * 2);  // passes, precisions; native kernels at least
  CHECK(rows.front().name() == "conv/fprop/n2h9w9c16k24r3s3u1p1/f32/own");
  const auto error = [&](const Request& request) {
    return test::error_of([&] { (void)runs_of(cases, request, target, notes); });
  };
  CHECK(has(error({{"f16"}, {"auto"}, false}), "there is no 'f16'; there are: f32 3xtf32 tf32 bf16"));
  CHECK(has(error({{"f32"}, {"fastest"}, false}), "no variant 'fastest'"));
  CHECK(has(error({{"tf32"}, {"auto"}, false}), "nothing to measure"));
}

}  // namespace sumi::bench
