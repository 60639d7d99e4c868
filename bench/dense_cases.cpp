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

Work dense_work(const GemmGeom& g, const char* part) {
  Work work{.op = "dense", .part = part, .problem = g.str()};
  work.flop = 2.0 * static_cast<double>(g.batch) * static_cast<double>(g.m) * static_cast<double>(g.n) *
              static_cast<double>(g.k);
  work.args = {{{g.batch * g.m, 1, 1, g.k}},
               {{g.batch * g.k, 1, 1, g.n}},
               {{g.batch * g.m, 1, 1, g.n}, Arg::Role::out}};
  work.variants = [g](DType t, MatmulPrecision m) { return kernels::cuda::gemm_variants(g, t, m); };
  work.run = [g](const Exec& e, const Views& v) {
    kernels::gemm(e, g, v[0], v[1], {}, v[2], Write::overwrite);
  };
  work.expect = [g](const Values& v, std::int64_t at) { return expect_product(g, v, at); };
#ifdef SUMI_PEER
  work.peer_name = "cublas";
  work.peer = [g](const Exec& e, const Views& v) {
    kernels::peer::gemm(e, g, v[0], v[1], {}, v[2], Write::overwrite);
  };
#endif
  return work;
}

}  // namespace

std::vector<Work> dense_cases(const Wanted& wanted, const OpInfo& op) {
  std::vector<Work> works;
  for (const Layer& layer : problems_of(op.name, wanted)) {
    const GemmGeom g = GemmGeom::parse("--problem", layer.problem);
    const auto add = [&](const char* part, const GemmGeom& product) {
      if (!wants_part(wanted, part)) return;
      works.push_back(dense_work(product, part));
      works.back().layer = layer.net.empty() ? "" : layer.net + " " + layer.name;
    };
    add("fprop", g);
    if (g.trans_a || g.trans_b) continue;  // any product: it has no layer's gradients
    GemmGeom dx = g, dw = g;
    dx.n = g.k, dx.k = g.n, dx.trans_b = true;
    dw.m = g.k, dw.k = g.m, dw.trans_a = true;
    add("dgrad", dx);
    add("wgrad", dw);
  }
  return works;
}

}  // namespace sumi::bench
