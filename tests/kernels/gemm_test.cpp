// The batched matrix product: values by hand, transposition, and every backend against the
// reference.
#include "kernels/gemm.h"

#include <doctest/doctest.h>

#include "tests/cases/gemm.h"
#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

Job gemm_job(const GemmGeom& g, const std::vector<double>& a, const std::vector<double>& b,
             const std::vector<double>& bias) {
  return {
      "gemm " + g.str(),
      {{{g.a_batch, g.trans_a ? g.k : g.m, 1, g.trans_a ? g.m : g.k}, a},
       {{g.b_batch, g.trans_b ? g.n : g.k, 1, g.trans_b ? g.k : g.n}, b},
       {Shape::vector(g.n), bias}},
      {{g.batch, g.m, 1, g.n}},
      [g](const Exec& e, const Ins& in, Outs& out, Write w) { gemm(e, g, in[0], in[1], in[2], out[0], w); },
      true};
}

std::vector<double> transposed(const std::vector<double>& x, std::int64_t batch, std::int64_t rows,
                               std::int64_t cols) {
  std::vector<double> y(x.size());
  for (std::int64_t i = 0; i < batch; ++i)
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < cols; ++c) y[(i * cols + c) * rows + r] = x[(i * rows + r) * cols + c];
  return y;
}

}  // namespace

TEST_CASE("gemm: values known by hand, in all four forms") {
  const std::vector<double> a = {1, 2, 3, 4, 5, 6}, b = {7, 8, 9, 10, 11, 12}, bias = {100, 200};
  const auto at = transposed(a, 1, 2, 3), bt = transposed(b, 1, 3, 2);
  for (bool ta : {false, true})
    for (bool tb : {false, true}) {
      const GemmGeom g{1, 2, 2, 3, ta, tb, 1, 1};
      CHECK(expected(gemm_job(g, ta ? at : a, tb ? bt : b, bias), DType::f64)[0] ==
            std::vector<double>{158, 264, 239, 354});
    }
}

TEST_CASE("gemm: a transposed operand gives what its transpose gives") {
  for (const auto& c : cases::gemm_cases) {
    const GemmGeom nn = c.geom(false, false), tt = c.geom(true, true);
    const auto a = integers(nn.a_batch * nn.m * nn.k, 1, 3), b = integers(nn.b_batch * nn.k * nn.n, 2, 3);
    const auto at = transposed(a, nn.a_batch, nn.m, nn.k), bt = transposed(b, nn.b_batch, nn.k, nn.n);
    const auto want = expected(gemm_job(nn, a, b, {}), DType::f64)[0];
    expect_close(tt.str(), expected(gemm_job(tt, at, bt, {}), DType::f64)[0], want, exactly);
  }
}

TEST_CASE("gemm: backends against the reference") {
  bool with_bias = false;
  for (const auto& c : cases::gemm_cases)
    for (bool ta : {false, true})
      for (bool tb : {false, true}) {
        with_bias = !with_bias;
        const GemmGeom g = c.geom(ta, tb);
        const std::int64_t a = g.a_batch * g.m * g.k, b = g.b_batch * g.k * g.n, n = with_bias ? g.n : 0;
        for (DType t : {DType::f32, DType::bf16})
          check_job(gemm_job(g, integers(a, 1, t), integers(b, 2, t), integers(n, 3, t)), t, exactly);
        for (DType t : {DType::f32, DType::bf16})
          check_job(gemm_job(g, reals(a, 1), reals(b, 2), reals(n, 3)), t, rounding(t));
      }
}

}  // namespace sumi::test
