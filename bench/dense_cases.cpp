// Dense layers: y = x w, dx = dy w^T, dw = x^T dy, each one matrix product.
#include "bench/bench_case.h"
#include "kernels/gemm.h"
#ifdef SUMI_PEER
#include "kernels/peer/gemm.h"
#endif

namespace sumi::bench {
namespace {

using kernels::GemmGeom;

double expect_product(const GemmGeom& g, const Values& v, std::int64_t at) {
  const std::int64_t col = at % g.n, row = at / g.n % g.m, b = at / (g.n * g.m);
  const float* x = &v[0][static_cast<std::size_t>(b * g.m * g.k)];
  const float* y = &v[1][static_cast<std::size_t>(b * g.k * g.n)];
  double sum = 0;
  for (std::int64_t i = 0; i < g.k; ++i)
    sum += static_cast<double>(x[g.trans_a ? i * g.m + row : row * g.k + i]) *
           static_cast<double>(y[g.trans_b ? col * g.k + i : i * g.n + col]);
  return sum;
}

BenchCase dense_work(const GemmGeom& g, const char* part) {
  BenchCase bench_case{.op = "dense", .part = part, .problem = g.str()};
  bench_case.flop = 2.0 * static_cast<double>(g.batch) * static_cast<double>(g.m) * static_cast<double>(g.n) *
                    static_cast<double>(g.k);
  bench_case.args = {{{g.batch * g.m, 1, 1, g.k}},
                     {{g.batch * g.k, 1, 1, g.n}},
                     {{g.batch * g.m, 1, 1, g.n}, Arg::Role::out}};
  bench_case.variants = [g](DType t, MatmulPrecision m) { return kernels::cuda::gemm_variants(g, t, m); };
  bench_case.run = [g](const Exec& e, const Views& v) {
    kernels::gemm(e, g, v[0], v[1], {}, v[2], Write::overwrite);
  };
  bench_case.expect = [g](const Values& v, std::int64_t at) { return expect_product(g, v, at); };
#ifdef SUMI_PEER
  bench_case.peer_name = "cublas";
  bench_case.peer = [g](const Exec& e, const Views& v) {
    kernels::peer::gemm(e, g, v[0], v[1], {}, v[2], Write::overwrite);
  };
#endif
  return bench_case;
}

}  // namespace

std::vector<BenchCase> dense_cases(const Filter& filter, const OpInfo& op) {
  std::vector<BenchCase> cases;
  for (const Layer& layer : problems_of(op.name, filter)) {
    const GemmGeom g = GemmGeom::parse("--problem", layer.problem);
    const auto add = [&](const char* part, const GemmGeom& product) {
      if (!wants_part(filter, part)) return;
      cases.push_back(dense_work(product, part));
      cases.back().layer = layer.net.empty() ? "" : layer.net + " " + layer.name;
    };
    add("fprop", g);
    if (g.trans_a || g.trans_b) continue;  // a general product: it has no layer's gradients
    GemmGeom dx = g, dw = g;
    dx.n = g.k, dx.k = g.n, dx.trans_b = true;
    dw.m = g.k, dw.k = g.m, dw.trans_a = true;
    add("dgrad", dx);
    add("wgrad", dw);
  }
  return cases;
}

}  // namespace sumi::bench
