// Every variant of the matrix product (kernels/variants.h) against the reference: exactly on small
// integers and within its precision on reals; with other orders of threads; from addresses that
// cannot be read as vectors.
#include <doctest/doctest.h>

#include "kernels/variants.h"
#include "tests/cases/gemm.h"
#include "tests/kernels/harness.h"
#ifndef SUMI_CUDA
#include "kernels/emu/emu.h"
#endif

namespace sumi::test {
namespace {

using namespace sumi::kernels;
using Values1 = std::vector<double>;

struct GemmPrecision {
  DType dtype;
  MatmulPrecision multiply;
  Tol tol;  // of reals, on the scale of the largest sum
};
const GemmPrecision gemm_precisions[] = {{DType::f32, MatmulPrecision::f32, rounding(DType::f32)},
                                         {DType::f32, MatmulPrecision::tf32x3, rounding(DType::f32)},
                                         {DType::f32, MatmulPrecision::tf32, {1e-3, 1e-3}},
                                         {DType::bf16, MatmulPrecision::automatic, rounding(DType::bf16)}};

Job variant_job(const GemmGeom& g, const Values1& a, const Values1& b, const Values1& bias) {
  return {
      "gemm " + g.str(),
      {{{g.a_batch, g.trans_a ? g.k : g.m, 1, g.trans_a ? g.m : g.k}, a},
       {{g.b_batch, g.trans_b ? g.n : g.k, 1, g.trans_b ? g.k : g.n}, b},
       {Shape::vector(g.n), bias}},
      {{g.batch, g.m, 1, g.n}},
      [g](const Exec& e, const Ins& in, Outs& out, Write w) { gemm(e, g, in[0], in[1], in[2], out[0], w); },
      true};
}
Job integer_job(const GemmGeom& g, DType t, bool bias) {
  return variant_job(g, integers(g.a_batch * g.m * g.k, 1, t), integers(g.b_batch * g.k * g.n, 2, t),
                     bias ? integers(g.n, 3, t) : Values1());
}
Job real_job(const GemmGeom& g) {
  return variant_job(g, reals(g.a_batch * g.m * g.k, 1), reals(g.b_batch * g.k * g.n, 2), reals(g.n, 3));
}

void check_gemm_variants(const Job& job, const GemmGeom& g, const GemmPrecision& p, bool exact) {
  for (Write write : {Write::overwrite, Write::accumulate}) {
    const Values want = expected(job, p.dtype, write);
    for (const auto& v : cuda::gemm_variants(g, p.dtype, p.multiply)) {
      if (!v.fits) continue;
      // Variants that do not depend on the precision were checked with the first.
      if (p.dtype == DType::f32 && p.multiply != MatmulPrecision::f32 && std::string(v.name) != "mma")
        continue;
      const Result got = run(by_variant(job, v.name, p.multiply), test::cuda, p.dtype, write);
      CHECK(got.log.at(0).find(v.name) != std::string::npos);
      const std::string what = job.name + " by " + v.name + " in " + name_of(p.dtype) + ", " +
                               name_of(p.multiply) + (write == Write::accumulate ? ", accumulating" : "");
      if (exact)
        expect_close(what, got.values[0], rounded(want[0], p.dtype), exactly);
      else
        expect_close(what, got.values[0], want[0], p.tol);
    }
  }
}

}  // namespace

TEST_CASE("gemm ladder: every variant is exact on small integers, transposed or not") {
  if (!has_cuda()) return;
  bool bias = false;
  for (const auto& c : cases::gemm_ladder_cases)
    for (bool ta : {false, true})
      for (bool tb : {false, true})
        for (const GemmPrecision& p : gemm_precisions) {
          const GemmGeom g = c.geom(ta, tb);
          check_gemm_variants(integer_job(g, p.dtype, bias = !bias), g, p, true);
        }
}

TEST_CASE("gemm ladder: every variant keeps its precision on reals") {
  if (!has_cuda()) return;
  for (const auto& c : cases::gemm_ladder_cases)
    for (const GemmPrecision& p : gemm_precisions) {
      const GemmGeom g = c.geom(false, c.k % 2 == 0);
      check_gemm_variants(real_job(g), g, p, false);
    }
}

// tf32 must differ from f32, or the names would be wrong.
TEST_CASE("gemm ladder: gemm_precisions are told apart") {
  if (!has_cuda()) return;
  const GemmGeom g = cases::gemm_ladder_cases[0].geom(false, false);
  const Job job = real_job(g);
  CHECK(worst_error(job, "mma", MatmulPrecision::tf32) > 2e-5);
  CHECK(worst_error(job, "mma", MatmulPrecision::tf32x3) < 2e-6);
  CHECK(worst_error(job, "register_blocked", MatmulPrecision::f32) < 2e-6);
  CHECK(error_of([&] {
          run(by_variant(job, "mma", MatmulPrecision::f32), test::cuda, DType::f32);
        }).find("'mma' does not fit") != std::string::npos);
}

TEST_CASE("gemm ladder: the rule takes tensor cores where they were asked for and pay") {
  const auto chosen = [](const char* problem, DType t, MatmulPrecision m) {
    for (const auto& v : cuda::gemm_variants(GemmGeom::parse("t", problem), t, m))
      if (v.chosen) return std::string(v.name);
    return std::string();
  };
  CHECK(chosen("m128n8192k100", DType::f32, MatmulPrecision::automatic) == "mma");
  CHECK(chosen("m128n8192k100", DType::bf16, MatmulPrecision::f32) == "mma");
  CHECK(chosen("m128n8192k100", DType::f32, MatmulPrecision::f32) == "register_blocked");
  // one column of 64
  CHECK(chosen("m128n1k8192", DType::f32, MatmulPrecision::automatic) == "tiled");
  // a launch takes longer
  CHECK(chosen("m8n8k8", DType::f32, MatmulPrecision::automatic) == "tiled");
}

#ifndef SUMI_CUDA
// Threads and blocks in several orders, shared memory filled in two ways: a race or a missing
// barrier shows.
TEST_CASE("gemm ladder: in every order of threads") {
  const GemmGeom g = cases::gemm_ladder_cases[2].geom(false, false),
                 t = cases::gemm_ladder_cases[3].geom(true, true);
  for (const GemmGeom& geom : {g, t})
    for (const GemmPrecision& p : gemm_precisions) {
      const emu::VerifyScope verify;
      check_gemm_variants(integer_job(geom, p.dtype, true), geom, p, true);
    }
}
#endif

// Parameters are contiguous in an arena: only the first starts at a multiple of 16 bytes.
TEST_CASE("gemm ladder: operands and results at addresses that are no multiples of a vector") {
  if (!has_cuda()) return;
  const GemmGeom g{1, 20, 24, 40, false, false, 1, 1};
  for (DType t : {DType::f32, DType::bf16}) {
    const auto a = integers(g.m * g.k, 1, t), b = integers(g.k * g.n, 2, t), bias = integers(g.n, 3, t);
    for (const auto& v : cuda::gemm_variants(g, t, MatmulPrecision::tf32)) {
      if (!v.fits) continue;
      Bench bench(test::cuda);
      bench.exec.variant = v.name;
      bench.exec.multiply = MatmulPrecision::tf32;
      const auto shifted = [&](const Values1& values) {
        Values1 padded = {100};
        padded.insert(padded.end(), values.begin(), values.end());
        return Buffer(Shape::vector(static_cast<std::int64_t>(padded.size())), t, test::cuda, padded);
      };
      const auto behind_first = [&](auto view) {
        view.data =
            reinterpret_cast<decltype(view.data)>(reinterpret_cast<std::uintptr_t>(view.data) + size_of(t));
        view.shape = Shape::vector(view.shape.c - 1);
        return view;
      };
      Buffer moved_a = shifted(a), moved_b = shifted(b),
             moved_y = shifted(Values1(static_cast<std::size_t>(g.m * g.n), 7));
      Buffer aligned_a(Shape::vector(g.m * g.k), t, test::cuda, a),
          aligned_b(Shape::vector(g.k * g.n), t, test::cuda, b);
      Buffer with_bias(Shape::vector(g.n), t, test::cuda, bias),
          want(Shape::vector(g.m * g.n), t, test::cuda);
      gemm(bench.exec, g, behind_first(moved_a.view()), behind_first(moved_b.view()), with_bias,
           behind_first(moved_y.mutable_view()), Write::overwrite);
      gemm(bench.exec, g, aligned_a, aligned_b, with_bias, want, Write::overwrite);
      CAPTURE(v.name);
      const Values1 got = moved_y.get();
      CHECK(got.front() == 100);
      CHECK(Values1(got.begin() + 1, got.end()) == want.get());
    }
  }
}

}  // namespace sumi::test
