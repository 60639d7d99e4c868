// Every variant of every table (kernels/variants.h) against the reference: convolution exactly on
// small integers and within its precision on reals; with other orders of threads; from addresses
// that cannot be read as vectors.
#include <doctest/doctest.h>

#include "kernels/variants.h"
#include "tests/cases/ladder.h"
#include "tests/cases/norm.h"
#include "tests/kernels/harness.h"
#ifndef SUMI_CUDA
#include "kernels/emu/emu.h"
#endif

namespace sumi::test {
namespace {

using namespace sumi::kernels;
using Values1 = std::vector<double>;

// How f32 is multiplied; bf16 has one way.
struct Precision {
  DType dtype;
  MatmulPrecision multiply;
};
constexpr Precision precisions[] = {{DType::f32, MatmulPrecision::f32},
                                    {DType::f32, MatmulPrecision::tf32x3},
                                    {DType::f32, MatmulPrecision::tf32},
                                    {DType::bf16, MatmulPrecision::automatic}};

// One of the three computations, with what it reads.
struct Conv {
  ConvDirection direction;
  Job job;
};

std::vector<Conv> conv_jobs(const ConvGeom& g, const Values1& x, const Values1& w, const Values1& dy,
                            const Values1& bias_k, const Values1& bias_c) {
  const Operand of_x{g.x_shape(), x}, of_w{g.w_shape(), w}, of_dy{g.y_shape(), dy};
  return {{ConvDirection::fprop,
           {std::string(g.fprop_name()) + " " + g.str(),
            {of_x, of_w, {Shape::vector(g.k), bias_k}},
            {g.y_shape()},
            [g](const Exec& e, const Ins& in, Outs& out, Write) {
              conv_fprop(e, g, in[0], in[1], in[2], out[0]);
            }}},
          {ConvDirection::dgrad,
           {std::string(g.dgrad_name()) + " " + g.str(),
            {of_dy, of_w, {Shape::vector(g.c), bias_c}},
            {g.x_shape()},
            [g](const Exec& e, const Ins& in, Outs& out, Write) {
              conv_dgrad(e, g, in[0], in[1], in[2], out[0]);
            }}},
          {ConvDirection::wgrad,
           {std::string(g.wgrad_name()) + " " + g.str(),
            {of_x, of_dy},
            {g.w_shape()},
            [g](const Exec& e, const Ins& in, Outs& out, Write write) {
              conv_wgrad(e, g, in[0], in[1], out[0], write);
            },
            true}}};
}
std::vector<Conv> integer_jobs(const ConvGeom& g, DType t, bool bias) {
  const auto of = [&](std::int64_t count, std::uint64_t seed) { return integers(count, seed, t); };
  return conv_jobs(g, of(g.x_shape().count(), 1), of(g.w_shape().count(), 2), of(g.y_shape().count(), 3),
                   bias ? of(g.k, 4) : Values1(), bias ? of(g.c, 5) : Values1());
}
std::vector<Conv> real_jobs(const ConvGeom& g) {
  const auto of = [](std::int64_t count, std::uint64_t seed) { return reals(count, seed); };
  return conv_jobs(g, of(g.x_shape().count(), 1), of(g.w_shape().count(), 2), of(g.y_shape().count(), 3),
                   of(g.k, 4), of(g.c, 5));
}

// For a sum of products that are each wrong by `rounding`, on the scale of the largest sum.
Tol tolerance(const Precision& p, const char* variant) {
  if (p.dtype == DType::bf16) return rounding(p.dtype);
  const bool tensor_cores = std::string(variant) == "mma";
  if (tensor_cores && p.multiply == MatmulPrecision::tf32) return {1e-3, 1e-3};
  return rounding(p.dtype);  // 3xtf32 as well
}

// Every variant that fits, in one precision.
void check_variants(const Conv& conv, const ConvGeom& g, const Precision& p, bool exact) {
  for (Write write : {Write::overwrite, Write::accumulate}) {
    if (write == Write::accumulate && !conv.job.accumulates) continue;
    const Values want = expected(conv.job, p.dtype, write);
    for (const auto& v : cuda::conv_variants(conv.direction, g, p.dtype, p.multiply)) {
      if (!v.fits) continue;
      // Variants that do not depend on the precision were checked with the first.
      if (p.dtype == DType::f32 && p.multiply != MatmulPrecision::f32 && std::string(v.name) != "mma")
        continue;
      const Result got = run(by_variant(conv.job, v.name, p.multiply), test::cuda, p.dtype, write);
      CHECK(got.log.at(0).find(v.name) != std::string::npos);
      const std::string what = conv.job.name + " by " + v.name + " in " + name_of(p.dtype) + ", " +
                               name_of(p.multiply) + (write == Write::accumulate ? ", accumulating" : "");
      if (exact)
        expect_close(what, got.values[0], rounded(want[0], p.dtype), exactly);
      else
        expect_close(what, got.values[0], want[0], tolerance(p, v.name));
    }
  }
}

std::vector<ConvGeom> ladder_geoms() {
  std::vector<ConvGeom> geoms;
  for (const auto& c : cases::ladder_cases) geoms.push_back(c.geom());
  return geoms;
}
std::vector<ConvGeom> shared_geoms() {
  std::vector<ConvGeom> geoms;
  for (const auto& c : cases::conv_cases) geoms.push_back(c.geom());
  for (const auto& c : cases::conv_transpose_cases) geoms.push_back(c.geom());
  return geoms;
}

}  // namespace

TEST_CASE("ladder: every variant of convolution is exact on small integers") {
  if (!has_cuda()) return;
  bool bias = false;
  for (const ConvGeom& g : ladder_geoms())
    for (const Precision& p : precisions)
      for (const Conv& conv : integer_jobs(g, p.dtype, bias = !bias)) check_variants(conv, g, p, true);
}

TEST_CASE("ladder: every variant of convolution on the shared cases") {
  if (!has_cuda()) return;
  bool bias = false;
  for (const ConvGeom& g : shared_geoms())
    for (const Precision& p : {precisions[0], precisions[2], precisions[3]})
      for (const Conv& conv : integer_jobs(g, p.dtype, bias = !bias)) check_variants(conv, g, p, true);
}

TEST_CASE("ladder: every variant of convolution keeps its precision on reals") {
  if (!has_cuda()) return;
  for (const ConvGeom& g : ladder_geoms())
    for (const Precision& p : precisions)
      for (const Conv& conv : real_jobs(g)) check_variants(conv, g, p, false);
}

// tf32 must differ from f32, or the names would be wrong.
TEST_CASE("ladder: precisions are told apart") {
  if (!has_cuda()) return;
  const ConvGeom g = cases::ladder_cases[2].geom();
  for (const Conv& conv : real_jobs(g)) {
    CAPTURE(conv.job.name);
    CHECK(worst_error(conv.job, "mma", MatmulPrecision::tf32) > 2e-5);
    CHECK(worst_error(conv.job, "mma", MatmulPrecision::tf32x3) < 2e-6);
    CHECK(worst_error(conv.job, "implicit_gemm", MatmulPrecision::f32) < 2e-6);
    CHECK(error_of([&] {
            run(by_variant(conv.job, "mma", MatmulPrecision::f32), test::cuda, DType::f32);
          }).find("'mma' does not fit") != std::string::npos);
  }
}

// For positive values, where truncation errors do not cancel: in the tensor cores' own accumulator
// 3xtf32 would be off by 5e-5.
TEST_CASE("ladder: 3xtf32 does not drift with the depth") {
  if (!has_cuda()) return;
  const ConvGeom g = ConvGeom::make("t", {1, 2, 8, 2304}, {16, 1, 1, 2304}, {});
  const Job job = conv_jobs(g, reals(g.x_shape().count(), 1, 0, 1), reals(g.w_shape().count(), 2, 0, 1),
                            reals(g.y_shape().count(), 3), {}, {})[0]
                      .job;
  CHECK(worst_error(job, "mma", MatmulPrecision::tf32x3) < 2e-6);
  CHECK(worst_error(job, "implicit_gemm", MatmulPrecision::f32) < 5e-6);
}

#ifndef SUMI_CUDA
// Threads and blocks in several orders, shared memory filled in two ways: a race or a missing
// barrier shows.
TEST_CASE("ladder: convolution in every order of threads") {
  const ConvGeom geoms[] = {cases::ladder_cases[2].geom(), cases::ladder_cases[7].geom()};
  for (const ConvGeom& g : geoms)
    for (const Precision& p : precisions)
      for (const Conv& conv : integer_jobs(g, p.dtype, true)) {
        const emu::VerifyScope verify;
        check_variants(conv, g, p, true);
      }
}
#endif

// Parameters are contiguous in an arena: only the first starts at a multiple of 16 bytes.
TEST_CASE("ladder: convolution from addresses that are no multiples of a vector") {
  if (!has_cuda()) return;
  const ConvGeom g = ConvGeom::make("t", {1, 10, 9, 16}, {24, 3, 3, 16}, ConvOptions::same_pads(1, 1));
  for (DType t : {DType::f32, DType::bf16}) {
    const auto x = integers(g.x_shape().count(), 1, t), dy = integers(g.y_shape().count(), 3, t);
    auto w = integers(g.w_shape().count(), 2, t);
    for (const auto& v : cuda::conv_variants(ConvDirection::fprop, g, t, MatmulPrecision::tf32)) {
      if (!v.fits) continue;
      Bench b(test::cuda);
      b.exec.variant = v.name;
      b.exec.multiply = MatmulPrecision::tf32;
      Values1 padded = {100};
      padded.insert(padded.end(), w.begin(), w.end());
      Buffer shifted(Shape::vector(static_cast<std::int64_t>(padded.size())), t, test::cuda, padded);
      Buffer bx(g.x_shape(), t, test::cuda, x), bw(g.w_shape(), t, test::cuda, w);
      Buffer got(g.y_shape(), t, test::cuda), want(g.y_shape(), t, test::cuda);
      View moved = shifted.view();
      moved.data = static_cast<const std::uint8_t*>(moved.data) + size_of(t);
      moved.shape = g.w_shape();
      conv_fprop(b.exec, g, bx, moved, {}, got);
      conv_fprop(b.exec, g, bx, bw, {}, want);
      CAPTURE(v.name);
      CHECK(got.get() == want.get());
    }
  }
}

TEST_CASE("ladder: every variant of norm_stats") {
  if (!has_cuda()) return;
  const cases::NormCase more[] = {{"batch, 64 channels", {2, 9, 7, 64}, 0},
                                  {"batch, several chunks", {3, 40, 33, 8}, 0},
                                  {"batch, several blocks of channels", {1, 5, 7, 264}, 0},
                                  {"one row", {1, 1, 1, 16}, 0}};
  std::vector<cases::NormCase> all(std::begin(cases::norm_cases), std::end(cases::norm_cases));
  all.insert(all.end(), std::begin(more), std::end(more));
  for (const auto& c : all)
    for (DType t : {DType::f32, DType::bf16})
      for (double mean : {0.0, 300.0}) {  // a sum of squares would lose the variance
        if (mean != 0 && t == DType::bf16) continue;
        const NormGeom g = c.geom();
        const Job job{
            std::string("norm_stats, ") + c.name,
            {{g.x, reals(g.x.count(), 1, mean - 1, mean + 2)}},
            {g.stat_shape(), g.stat_shape()},
            [g](const Exec& e, const Ins& in, Outs& out, Write) { norm_stats(e, g, in[0], out[0], out[1]); },
            false,
            {},
            {0, 1}};
        const Values want = expected(job, t);
        for (const auto& v : cuda::norm_stats_variants(g, t)) {
          if (!v.fits) continue;
          const Job named = by_variant(job, v.name, MatmulPrecision::automatic);
          const Result got = run(named, test::cuda, t);
          Tol tol = rounding(t);
          if (mean != 0) tol = {3e-4, 3e-4};  // x itself is rounded to 2^-15 there
          for (std::size_t i = 0; i < 2; ++i)
            expect_close(job.name + " by " + v.name + (i ? ", var" : ", mean"), got.values[i], want[i], tol);
#ifndef SUMI_CUDA
          const emu::ScheduleScope order(emu::Schedule::shuffle(5));
          CHECK(run(named, test::cuda, t).bits == got.bits);
#endif
        }
      }
}

TEST_CASE("ladder: every variant of LeakyReLU and its gradient") {
  if (!has_cuda()) return;
  for (std::int64_t count : {1, 3, 4, 8, 257, 4099})
    for (DType t : {DType::f32, DType::bf16}) {
      const Shape s = Shape::vector(count);
      const auto x = rounded(reals(count, 1), t), dy = rounded(reals(count, 2), t);
      const Job forward{"leaky_relu", {{s, x}}, {s}, [](const Exec& e, const Ins& in, Outs& out, Write) {
                          leaky_relu(e, 0.2, in[0], out[0]);
                        }};
      const Job backward{"leaky_relu gradient",
                         {{s, x}, {s, dy}},
                         {s},
                         [](const Exec& e, const Ins& in, Outs& out, Write write) {
                           unary_grad(e, Unary::leaky_relu, 0.2, in[0], in[0], in[1], out[0], write);
                         }};
      const auto check = [&](const Job& job, const std::vector<cuda::VariantInfo>& list) {
        for (Write write : {Write::overwrite, Write::accumulate}) {
          if (write == Write::accumulate && job.in.size() == 1) continue;
          const Values want = expected(job, t, write);
          for (const auto& v : list)
            expect_close(
                job.name + " by " + v.name + " of " + std::to_string(count),
                run(by_variant(job, v.name, MatmulPrecision::automatic), test::cuda, t, write).values[0],
                want[0], rounding(t));
        }
      };
      check(forward, cuda::unary_variants(count, t));
      check(backward, cuda::unary_grad_variants(count, t));
    }
}

}  // namespace sumi::test
